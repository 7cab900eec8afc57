"""What is said of each input of a batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome
from vidlabel.batch.summary import RunSummary
from vidlabel.cli.render.batch import BatchReporter
from vidlabel.cli.render.profile import Profiler
from vidlabel.cli.render.progress import NoProgress


def test_a_partial_video_is_warned_of_when_it_is_labelled_and_not_when_it_is_skipped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = RunSummary()
    reporter = BatchReporter(summary, NoProgress(), Profiler(False), debug=False)
    labelled = Outcome(Task("a.mp4", Path("a.json")), "done", "a.mp4: is damaged", partial=True)
    reporter.show(labelled)
    assert capsys.readouterr().err == "warning: a.mp4: is damaged\n"
    reporter.show(replace(labelled, status="skipped", reason="done"))
    assert capsys.readouterr().err == ""
    assert summary.partial == 1
