"""The journal: nothing that was written is lost, wherever it is cut off, and damage is an error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidlabel.errors import InputError, OutputError
from vidlabel.review.journal import Journal, JournalContent, SavedTable, begin_journal
from vidlabel.review.segments import ReviewSegment
from vidlabel.review.session import Change
from vidlabel.review.source import SourceVideo

SHA = "0" * 64
SEGMENT = ReviewSegment(0, 0.1, 1 / 3, "ein Ä\u2028<b>", "unreviewed", None, 0.93, "objects", "g0")
VIDEO = SourceVideo("bytes \udcff.mp4", ".", (SEGMENT,))
CHANGES = (
    Change("do", 0, SEGMENT, None),
    Change("undo", 0, None, SEGMENT),
    Change("do", 0, None, ReviewSegment(1, None, None, "background", "added", "Änn")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    begin_journal(tmp_path / "a.csv.journal", SHA, [VIDEO])
    return tmp_path / "a.csv.journal"


def content(path: Path) -> JournalContent:
    journal = Journal(path)
    try:
        return journal.read()
    finally:
        journal.close()


def write(path: Path, *lines: Change | SavedTable) -> None:
    journal = Journal(path)
    journal.read()
    for line in lines:
        journal.write(line)
    journal.close()


def test_all_that_was_written_is_read(path: Path) -> None:
    write(path, *CHANGES, SavedTable("1" * 64))
    found = content(path)
    assert found == JournalContent(SHA, (VIDEO,), CHANGES, frozenset({"1" * 64}))


def test_a_journal_that_is_cut_off_anywhere_keeps_all_whole_lines(path: Path) -> None:
    begun = path.stat().st_size
    write(path, *CHANGES)
    data = path.read_bytes()
    ends = [begun + place + 1 for place, byte in enumerate(data[begun:]) if byte == ord("\n")]
    assert len(ends) == 3
    for length in range(begun, len(data) + 1):
        path.write_bytes(data[:length])
        assert content(path).changes == CHANGES[: sum(end <= length for end in ends)]
    path.write_bytes(data[:-5])
    write(path, CHANGES[2])  # goes on behind the last whole line
    assert content(path).changes == CHANGES


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda data: data.replace(b'"line": "video"', b'"line": "vldeo"'), "line 2 is damaged"),
        (lambda data: data.replace(b"0.93", b'"x"'), "line 2 is damaged"),
        (lambda data: data.replace(b"vidlabel.review/1", b"vidlabel.review/2"), "line 1 is damaged, or of another"),
        (lambda data: b"\0" * len(data) + b"\n", "line 1 is damaged"),
        (lambda data: b"[]\n" + data, "line 1 is damaged"),
        (lambda data: b"", "is not a journal"),
    ],
)
def test_damage_is_an_error(path: Path, damage: object, problem: str) -> None:
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=problem):
        content(path)


def test_one_review_writes_at_a_time(path: Path) -> None:
    first = Journal(path)
    with pytest.raises(OutputError, match="is being written by another review"):
        Journal(path)
    first.close()
    Journal(path).close()


def test_a_line_that_did_not_reach_the_disk_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.read()

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        journal.write(CHANGES[0])
    monkeypatch.undo()
    journal.write(CHANGES[0])
    journal.close()
    assert content(path).changes == CHANGES[:1]
