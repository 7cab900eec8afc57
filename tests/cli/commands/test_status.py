"""`vidlabel status` tells what the records say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from command_line import call
from vidlabel.batch.records import Record, Records


@pytest.fixture
def out(tmp_path: Path) -> Path:
    records = Records(tmp_path)
    done = Record("a.mp4", "f00", "done")
    for name, record in {
        "a.json": done,
        "b.json": replace(done, video="b.mp4", partial=True, reason="b.mp4: is damaged"),
        "c.json": replace(done, video="c.mp4", state="failed", reason="c.mp4: is empty"),
        "d.json": replace(done, video="d.mp4", state="started"),
        "e.json": replace(done, video="e.mp4"),
    }.items():
        records.write(tmp_path / name, record)
        if name in ("a.json", "b.json"):
            (tmp_path / name).touch()
    return tmp_path


def test_counts_and_reasons(capfd: pytest.CaptureFixture[str], out: Path) -> None:
    assert call(capfd, "status", out).output.splitlines() == [
        "1 done, 1 partial, 1 failed, 2 unfinished",
        "partial: b.mp4: is damaged",
        "failed: c.mp4: is empty",
        "unfinished: d.mp4",
        "unfinished: e.mp4",
    ]


def test_for_programs(capfd: pytest.CaptureFixture[str], out: Path) -> None:
    rows = json.loads(call(capfd, "status", out, "--json").output)
    assert [(Path(row["output"]).name, row["state"]) for row in rows][:2] == [("a.json", "done"), ("b.json", "done")]


def test_a_folder_without_records(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ended = call(capfd, "status", tmp_path)
    assert (ended.status, ended.output) == (1, "")
    assert "holds no records of a run" in ended.errors


def test_of_one_file(capfd: pytest.CaptureFixture[str], out: Path) -> None:
    assert call(capfd, "status", out / "b.json").output.splitlines() == [
        "0 done, 1 partial, 0 failed, 0 unfinished",
        "partial: b.mp4: is damaged",
    ]
    assert call(capfd, "status", out / "d.json").output.splitlines()[1:] == ["unfinished: d.mp4"]
