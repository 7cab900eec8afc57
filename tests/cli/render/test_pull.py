"""Progress of a pull: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import sys

import pytest
from rich.console import Console

from vidlabel.cli.render import pull
from vidlabel.cli.render.pull import PullBars, PullLines, pull_progress, shown_bytes


def test_lines_come_every_five_seconds_with_rate_and_time_left(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 14.0, 20.0, 21.0])
    monkeypatch.setattr("vidlabel.cli.render.pull.time.monotonic", lambda: next(clock))
    with PullLines() as progress:
        progress.update("model.bin", 1_000_000, 5_000_000)
        progress.update("model.bin", 2_000_000, 5_000_000)
        progress.update("model.bin", 3_000_000, 5_000_000)  # 2 MB in 10 s
        progress.update("config.json", 0, None)
    assert capfd.readouterr().err.splitlines() == [
        "model.bin: 5.0 MB, 1.0 MB are there",
        "model.bin: 3.0 MB of 5.0 MB, 200.0 kB/s, 10 s left",
        "config.json: size not known",
    ]


def test_bars_show_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(force_terminal=True, width=100, record=True)
    monkeypatch.setattr(pull, "error_console", lambda: console)
    with PullBars() as progress:
        progress.update("model.bin", 1_000_000, 5_000_000)
        progress.update("model.bin", 2_500_000, 5_000_000)
        progress._rich.refresh()
    shown = console.export_text()
    assert "model.bin" in shown
    assert "2.5/5.0 MB" in shown


def test_nothing_is_shown_where_nothing_is_wanted(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pull_progress(quiet=True) as progress:
        progress.update("model.bin", 1, 2)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(pull_progress(quiet=False), PullBars)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (88_240_510, "88.2 MB"), (3.1e9, "3.1 GB")]
)
def test_sizes(size: int, text: str) -> None:
    assert shown_bytes(size) == text
