"""What is said while features are gathered, in a log."""

from __future__ import annotations

import pytest

from vidlabel.cli.render.gathering_progress import GatheringProgress


def test_encoded_and_failed_videos_have_a_line_and_known_ones_none(capfd: pytest.CaptureFixture[str]) -> None:
    with GatheringProgress(3, quiet=False) as progress:
        progress.ended("known.mp4", None)
        progress.progress(1.0, 2.5, "new.mp4")
        progress.ended("new.mp4", None)
        progress.ended("bad.mp4", "bad.mp4: is empty; copy it again")
    assert capfd.readouterr().err.splitlines() == [
        "[1/3] done new.mp4: 2.5 s of video",
        "warning: left out: bad.mp4: is empty; copy it again",
    ]


def test_failures_are_told_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    with GatheringProgress(2, quiet=True) as progress:
        progress.progress(1.0, 2.5, "new.mp4")
        progress.ended("new.mp4", None)
        progress.ended("bad.mp4", "bad.mp4: is empty; copy it again")
    assert capfd.readouterr().err == "warning: left out: bad.mp4: is empty; copy it again\n"
