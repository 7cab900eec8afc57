"""Labels and times as a person reads them."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from labels.results import result_of, result_of_two
from vidlabel.cli.render.table import format_time, print_result
from vidlabel.labels.result import Segment


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.00"), (7.504, "0:07.50"), (59.999, "1:00.00"), (723.25, "12:03.25"), (3723.25, "1:02:03.25")],
)
def test_times(seconds: float, text: str) -> None:
    assert format_time(seconds) == text


@pytest.mark.parametrize(("encoding", "full", "other"), [("utf-8", "█", "#"), ("cp437", "█", "#"), ("ascii", "#", "█")])
def test_bars_of_time_are_drawn_with_what_the_terminal_has(
    monkeypatch: pytest.MonkeyPatch, encoding: str, full: str, other: str
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding, "backslashreplace", write_through=True))
    print_result(result_of([Segment(0.0, 360001.5, "lying", 0.9)], path="a.mp4"))
    text = shown.getvalue().decode(encoding)
    assert "lying" in text
    assert full * 20 in text
    assert other not in text


def test_several_models_have_a_table_each(capsys: pytest.CaptureFixture[str]) -> None:
    result = result_of_two()
    third = replace(result.models[0], name="third")
    print_result(replace(result, models=(*result.models, third)))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    first, second, last = (lines.index([name]) for name in ("made-up", "<other>", "third"))
    cells = ["0:00.00", "0:04.50"]
    assert [*cells, "fall", "0.93"] in lines[first:second]
    assert [*cells, "a", "&", "b", "0.93"] in lines[second:last]
    assert lines[last + 1 :] == [["no", "label", "holds"]]
