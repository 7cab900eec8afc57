"""Outcomes of all inputs of a run: counts, exit status, and the table that `--summary` asks for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidlabel.batch.plan import Outcome
from vidlabel.errors import NOTHING_DONE, SOME_FAILED, InputError, UsageError
from vidlabel.files import atomic_write

COLUMNS = ("video", "status", "reason", "seconds", "samples", "decode_errors", "output")


@dataclass(slots=True)
class RunSummary:
    """Outcomes of one run, by input."""

    refused: tuple[InputError, ...] = ()
    """Inputs that never became work: lists, entries of lists and folders that cannot be used."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By the path of the video as given."""

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.outcomes[outcome.task.shown] = outcome

    def count(self, status: str) -> int:
        """How many ended as `done`, `skipped` or `failed`; refused inputs have failed."""
        ended = sum(outcome.status == status for outcome in self.outcomes.values())
        return ended + len(self.refused) if status == "failed" else ended

    @property
    def partial(self) -> int:
        """How many are labelled although some of them could not be decoded."""
        return sum(outcome.partial for outcome in self.outcomes.values())

    @property
    def labelled_s(self) -> float:
        """Seconds of video labelled in this run."""
        return sum(outcome.duration for outcome in self.outcomes.values() if outcome.status == "done")

    def exit_status(self, *, incomplete: bool = False) -> int:
        """0: all done; 1: nothing done; 3: some failed.

        Args:
            incomplete: whether there was more to do than these outcomes.
        """
        if not self.count("failed") and not incomplete:
            return 0
        return SOME_FAILED if self.count("done") or self.count("skipped") else NOTHING_DONE


def check_summary(path: Path) -> None:
    """Refuse a summary file that is neither CSV nor JSON or that would replace something else, before any work is done.

    Raises:
        UsageError: for any other ending, or where there is a file that is no summary.
    """
    if path.suffix.lower() not in (".csv", ".json"):
        raise UsageError(path, "is not a name that a summary can have", "end it with .csv or .json")
    if not _may_replace(path):
        raise UsageError(path, "exists, and is no summary", "give another name for --summary")


def _may_replace(path: Path) -> bool:
    """Whether there is no file, an empty one, or one that begins as a summary does."""
    text = _as_json([_row("", None)]) if path.suffix.lower() == ".json" else _as_csv([])
    start = text.partition('""')[0].encode("ascii")
    try:
        if not path.is_file():
            return True
        with path.open("rb") as file:
            return file.read(len(start)) in (start, b"")
    except OSError:
        return True  # Writing it gives the error.


def write_summary(path: Path, videos: Sequence[str], left_out: Sequence[str], tally: RunSummary) -> None:
    """Write one row an input, in the order given, those without an outcome as `pending`.

    Refused inputs follow as `failed`, then the files that a folder search left out, as `left out`.

    Args:
        path: a file ending with .csv or .json.
        videos: paths as given.
        left_out: paths of other files.
        tally: what became of the videos.

    Raises:
        OutputError: the file cannot be written.
    """
    rows = [_row(video, tally.outcomes.get(video)) for video in videos]
    rows += [(error.subject, "failed", str(error), 0.0, 0, 0, "") for error in tally.refused]
    rows += [(other, "left out", "not called like a video", 0.0, 0, 0, "") for other in left_out]
    with atomic_write(path) as file:
        file.write(
            (_as_json(rows) if path.suffix.lower() == ".json" else _as_csv(rows)).encode("utf-8", "backslashreplace")
        )


def _row(video: str, outcome: Outcome | None) -> tuple[str | int | float, ...]:
    if outcome is None:
        return (video, "pending", "", 0.0, 0, 0, "")
    status = "partial" if outcome.partial and outcome.status == "done" else outcome.status
    seconds = round(outcome.duration, 3)
    output = "" if outcome.status == "failed" else str(outcome.task.output)
    return (video, status, outcome.reason, seconds, outcome.samples, outcome.decode_errors, output)


def _as_json(rows: Sequence[tuple[str | int | float, ...]]) -> str:
    return json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], indent=2, ensure_ascii=False) + "\n"


def _as_csv(rows: Sequence[tuple[str | int | float, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()
