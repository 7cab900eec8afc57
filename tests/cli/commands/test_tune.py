"""`vidlabel tune`: what it prints and writes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from command_line import call
from evaluation.evaluated import telling_table
from vidlabel.report import trials

pytestmark = pytest.mark.usefixtures("few_epochs")


def test_the_search_is_shown_and_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table, output = telling_table(tmp_path), tmp_path / "best.safetensors"
    options = ("--trials", "3", "--inner-folds", "2", "--nested", "--folds", "2")
    ended = call(capfd, "tune", table, "-o", output, *options)
    assert ended.status == 0, ended.errors
    assert "3 trials: 3 complete; accuracy with one standard error over groups" in ended.output
    assert "the defaults of train, 2/s" in ended.output
    assert "nested: searched anew in 2 outer folds" in ended.output
    assert "trial 2: mean; features" in ended.errors
    with (tmp_path / "best.trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert sum(row["chosen"] == "yes" for row in rows) == 1
    assert all(0 <= float(row["quality"]) <= 1 and int(row["parameters"]) > 0 for row in rows)
    assert (tmp_path / "best.trials.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "best.trials.png").read_bytes().startswith(b"\x89PNG")


def test_problems_are_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = telling_table(tmp_path, clips=4)
    ended = call(capfd, "tune", table, "-o", tmp_path / "b.safetensors", "--minutes", "0.001")
    assert ended.status == 1
    assert ended.errors.splitlines()[-1].startswith("error: --minutes: there is no time for a single trial")
    assert call(capfd, "tune", tmp_path / "none.csv").status == 1
    assert call(capfd, "tune", table, "--minutes", "-1").status == 2
    monkeypatch.setattr(trials, "find_spec", lambda name: None)
    ended = call(capfd, "tune", table)
    assert (ended.status, ended.errors.count("\n")) == (1, 1)
    assert "vidlabel[tune]" in ended.errors
