"""Agreement with the truth, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.results.made import spans, video
from vidlabel.labels.metrics.segments import Counts
from vidlabel.report.results.agreement import agreements, overall_agreements
from vidlabel.report.results.content import LabelTrack, ReportVideo

LABELS = frozenset({"dog", "cat"})


def with_truth(found: ReportVideo, *truth: tuple[float, float, str]) -> ReportVideo:
    return replace(found, truth=LabelTrack("truth", spans(*truth)))


FIRST = with_truth(video("a.mp4", [("m", spans((0, 4, "dog"), (7, 8, "tree")))], 10.0), (0, 5, "dog"))
SECOND = with_truth(video("b.mp4", [("m", spans((2, 3, "cat")))], 10.0), (6, 9, "cat"))


def test_one_video() -> None:
    (found,) = agreements(FIRST, LABELS)
    assert found.counts == dict.fromkeys((10, 25, 50), Counts(1, 0, 0))
    assert found.left_out == 1  # nobody looked for trees
    # agreed 9 of 10 s; by chance 0.5 * 0.4 + 0.5 * 0.6
    assert found.kappa == pytest.approx((0.9 - 0.5) / 0.5)


def test_videos_are_pooled() -> None:
    (found,) = overall_agreements([FIRST, SECOND, video("c.mp4", [("m", spans((0, 9, "dog")))], 10.0)], LABELS)
    assert (found.videos, found.counts[50]) == (2, Counts(1, 1, 1))
    assert found.f1[50] == 50.0


def test_a_model_answers_for_the_labels_that_it_knows() -> None:
    known = replace(
        FIRST, tracks=(LabelTrack("m", spans((0, 4, "dog")), frozenset({"dog"})), LabelTrack("n", (), frozenset("x")))
    )
    mixed = with_truth(known, (0, 5, "dog"), (6, 9, "cat"))
    (found,) = overall_agreements([mixed], LABELS)
    assert (found.track, found.labels, found.left_out) == ("m", {"dog"}, 1)
    assert found.counts[50] == Counts(1, 0, 0)
