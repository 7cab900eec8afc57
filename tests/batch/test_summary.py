"""Counting, exit status and the summary file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome
from vidlabel.batch.summary import RunSummary, check_summary, write_summary
from vidlabel.errors import InputError, UsageError

DONE = Outcome(Task("a.mp4", Path("out/a.json")), "done", duration=3.5, samples=7)
PARTIAL = Outcome(
    Task("b,\n.mp4", Path("out/b.json")), "done", "is damaged", partial=True, duration=1.0, decode_errors=2
)
SKIPPED = Outcome(Task("c.mp4", Path("out/c.json")), "skipped", "done", duration=9.0)
FAILED = Outcome(Task("caf\udce9.mp4", Path("out/d.json")), "failed", "is empty")


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [([], 0), ([DONE, SKIPPED], 0), ([PARTIAL], 0), ([DONE, FAILED], 3), ([SKIPPED, FAILED], 3), ([FAILED], 1)],
)
def test_exit_status(outcomes: list[Outcome], status: int) -> None:
    tally = RunSummary()
    for outcome in outcomes:
        tally.add(outcome)
    assert tally.exit_status() == status


def test_a_run_that_broke_off_is_not_all_done() -> None:
    assert RunSummary().exit_status(incomplete=True) == 1
    assert RunSummary(outcomes={"a.mp4": DONE}).exit_status(incomplete=True) == 3


@pytest.fixture
def tally() -> RunSummary:
    tally = RunSummary()
    for outcome in (FAILED, DONE, SKIPPED, PARTIAL):
        tally.add(outcome)
    return tally


VIDEOS = ["a.mp4", "b,\n.mp4", "c.mp4", "caf\udce9.mp4", "e.mp4"]


def test_only_what_was_labelled_now_counts_as_labelled(tally: RunSummary) -> None:
    assert (tally.labelled_s, tally.partial, tally.count("skipped")) == (4.5, 1, 1)


def test_summary_as_csv(tally: RunSummary, tmp_path: Path) -> None:
    write_summary(tmp_path / "s.csv", VIDEOS, [], tally)
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["done", "partial", "skipped", "failed", "pending"]
    assert [row["video"] for row in rows] == ["a.mp4", "b,\n.mp4", "c.mp4", "caf\\udce9.mp4", "e.mp4"]
    assert rows[0]["seconds"] == "3.5"
    assert rows[0]["output"] == str(Path("out/a.json"))
    assert rows[3]["reason"] == "is empty"


def test_summary_as_json(tally: RunSummary, tmp_path: Path) -> None:
    write_summary(tmp_path / "s.json", VIDEOS, [], tally)
    rows = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in rows] == ["done", "partial", "skipped", "failed", "pending"]
    assert rows[1]["decode_errors"] == 2


def test_refused_inputs_and_files_left_out_follow(tmp_path: Path) -> None:
    refused = InputError("@x", "is a file, and there is a list x", "write ./@x for the file")
    tally = RunSummary((refused,), {"a.mp4": DONE})
    assert (tally.count("failed"), tally.exit_status()) == (1, 3)
    write_summary(tmp_path / "s.json", ["a.mp4"], ["notes.txt"], tally)
    rows = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert [(row["video"], row["status"], row["output"]) for row in rows[1:]] == [
        ("@x", "failed", ""),
        ("notes.txt", "left out", ""),
    ]
    assert rows[1]["reason"] == "@x: is a file, and there is a list x; write ./@x for the file"


def test_another_ending_is_refused(tmp_path: Path) -> None:
    check_summary(tmp_path / "s.CSV")
    with pytest.raises(UsageError, match=r"end it with \.csv or \.json"):
        check_summary(tmp_path / "s.txt")


@pytest.mark.parametrize("name", ["s.csv", "s.json"])
def test_a_summary_is_replaced_and_nothing_else(tally: RunSummary, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    check_summary(path)
    write_summary(path, VIDEOS, [], tally)
    check_summary(path)
    for content in ("video,start,end,label\n", "[]"):
        path.write_text(content)
        with pytest.raises(UsageError, match="exists, and is no summary"):
            check_summary(path)
    path.write_text("")
    check_summary(path)
