"""Videos of several sources, and labels of whole videos."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from report.results.made import spans, video
from vidlabel.report.results.content import joined, with_duration, without_truth_names


def test_tracks_of_one_name_are_told_apart() -> None:
    first = video("a.mp4", [("m", spans((0, 1, "x")))], 5.0)
    second = replace(first, source=Path("new/run2.csv"))
    third = replace(first, source=Path("old/run2.csv"))
    both = joined(joined(first, second), third)
    assert [track.name for track in both.tracks] == ["m", "m (run2)", "m (2)"]


def test_the_worse_status_is_kept() -> None:
    bad = replace(video("a.mp4", [], None), status="failed", reason="is broken")
    good = video("a.mp4", [("m", ())], 5.0)
    for both in (joined(good, bad), joined(bad, good)):
        assert (both.status, both.reason, both.duration) == ("failed", "is broken", 5.0)


def test_a_label_of_the_whole_video_ends_with_it() -> None:
    whole = video("a.mp4", [("m", spans((0, math.inf, "day"), (1, 3, "dog")))], None)
    assert with_duration(whole, 8.0).tracks[0].spans == spans((0, 8.0, "day"), (1, 3, "dog"))
    assert with_duration(whole, None).tracks[0].spans == spans((0, 3, "day"), (1, 3, "dog"))


def test_a_model_called_truth_gets_another_name() -> None:
    found = without_truth_names(video("a.mp4", [("truth", ()), ("m", ())], 5.0))
    assert [track.name for track in found.tracks] == ["truth (labels)", "m"]
