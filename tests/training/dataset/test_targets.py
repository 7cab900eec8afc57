"""What is to be said about each sample, checked against rows read by eye."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.sets import example, training_set
from vidlabel.training.dataset.examples import Example, Span, TrainingSet, Unlabelled
from vidlabel.training.dataset.targets import clip_targets, frame_targets

TIMES = np.arange(10) / 2


def rows(training: TrainingSet, number: int, times: np.ndarray = TIMES) -> tuple[str, ...]:
    """For each class a line of what holds, and one of what is known: `..##`."""
    found = frame_targets(training, training.examples[number], times)
    assert found.values.dtype == found.mask.dtype == np.float32
    lines = [*found.values.T, found.mask]
    assert {value for line in lines for value in line.tolist()} <= {0.0, 1.0}
    return tuple("".join(".#"[int(value)] for value in line) for line in lines)


def test_time_without_a_row_is_background_or_unknown() -> None:
    spans = Span(1.0, 2.0, "run"), Span(2.0, 3.2, "walk")
    one = example("a", *spans, seconds=5.0)
    single = training_set(one, labels=("run", "walk", "background"), background=2, unlabelled="background")
    assert rows(single, 0) == ("..##......", "....###...", "##.....###", "##########")
    ignored = training_set(one, labels=("run", "walk"), unlabelled="ignore")
    assert rows(ignored, 0) == ("..##......", "....###...", "..#####...")
    multi = training_set(one, labels=("run", "walk"), task="multi", unlabelled="background")
    assert rows(multi, 0) == ("..##......", "....###...", "##########")
    looked_at = training_set(one, labels=("run", "walk"), task="multi", unlabelled="ignore")
    assert rows(looked_at, 0) == ("..##......", "....###...", "..#####...")


def test_rounding_gaps_without_a_background_class_are_unknown() -> None:
    one = example("a", Span(0.0, 2.0, "run"), Span(2.6, 5.0, "walk"), seconds=5.0)
    tiled = training_set(one, labels=("run", "walk"), unlabelled="background")
    assert rows(tiled, 0) == ("####......", "......####", "####..####")


def test_labels_that_overlap() -> None:
    one = example("a", Span(0.0, 2.0, "run"), Span(1.0, 3.0, "shout"), seconds=5.0)
    multi = training_set(one, labels=("run", "shout"), task="multi", unlabelled="background")
    assert rows(multi, 0) == ("####......", "..####....", "##########")
    single = training_set(one, labels=("run", "shout", "background"), background=2, unlabelled="background")
    assert rows(single, 0) == ("##........", "..####....", "......####", "##########")


def test_a_whole_clip_is_known_throughout() -> None:
    meanings: tuple[Unlabelled | None, ...] = (None, "ignore", "background")
    for meant in meanings:
        single = training_set(example("a", clip=("run",), seconds=5.0), labels=("run", "walk"), unlabelled=meant)
        assert rows(single, 0) == ("##########", "..........", "##########")


def test_whole_and_timed_labels_of_one_clip() -> None:
    one = example("a", Span(1.0, 2.0, "shout"), clip=("run",), seconds=5.0)
    multi = training_set(one, labels=("run", "shout"), task="multi", unlabelled="ignore")
    assert rows(multi, 0) == ("##########", "..##......", "##########")


def test_background_that_is_named() -> None:
    timed = example("a", Span(1.0, 2.0, "background"), Span(2.0, 3.0, "run"), seconds=5.0)
    whole = example("b", clip=("background",), seconds=5.0)
    binary = training_set(timed, whole, labels=("run",), task="binary", unlabelled="ignore")
    assert rows(binary, 0) == ("....##....", "..####....")
    assert rows(binary, 1) == ("..........", "##########")
    single = training_set(timed, whole, labels=("run", "background"), background=1, unlabelled="ignore")
    assert rows(single, 0) == ("....##....", "..##......", "..####....")
    assert rows(single, 1) == ("..........", "##########", "##########")


def test_samples_outside_the_clip_are_unknown() -> None:
    one = example("a", Span(1.0, 3.0, "run"), seconds=3.0)
    binary = training_set(one, labels=("run",), task="binary", unlabelled="background")
    assert rows(binary, 0, np.array([-0.5, 0.5, 1.0, 2.9, 3.0, 3.1])) == ("..##..", ".####.")


def test_a_row_between_two_samples_takes_the_nearest() -> None:
    one = example("a", Span(1.1, 1.3, "run"), Span(4.9, 5.0, "run"), seconds=5.0)
    binary = training_set(one, labels=("run",), task="binary", unlabelled="background")
    assert rows(binary, 0) == ("..#......#", "##########")


def test_a_clip_as_a_whole() -> None:
    whole = example("a", Span(1.0, 2.0, "shout"), clip=("run",))
    timed = example("b", Span(1.0, 2.0, "shout"), Span(1.0, 3.0, "run"), Span(4.0, 5.0, "background"))
    nothing = example("c", clip=("background",))
    multi = training_set(whole, timed, nothing, labels=("run", "shout"), task="multi")
    assert [clip_targets(multi, one).tolist() for one in multi.examples] == [[1, 0], [1, 1], [0, 0]]
    single = training_set(nothing, labels=("run", "background"), background=1)
    assert clip_targets(single, nothing).tolist() == [0, 1]


@st.composite
def clips(draw: st.DrawFn) -> Example:
    seconds = draw(st.floats(0.5, 20))
    cuts = sorted(draw(st.lists(st.floats(0, seconds), max_size=8, unique=True)))
    labels = st.sampled_from(["run", "walk", "background"])
    spans = [Span(a, b, draw(labels)) for a, b in pairwise(cuts) if draw(st.booleans())]
    clip = draw(st.sampled_from([(), ("run",)])) if not spans else ()
    return example("a", *spans, clip=clip, seconds=seconds)


@given(clips(), st.sampled_from(["background", "ignore"]), st.floats(0.2, 10))
def test_single_label_targets_are_one_class_a_known_sample(one: Example, unlabelled: Unlabelled, rate: float) -> None:
    single = training_set(one, labels=("run", "walk", "background"), background=2, unlabelled=unlabelled)
    times = np.arange(0, one.duration_s, 1 / rate)
    found = frame_targets(single, one, times)
    assert found.values.shape == (len(times), 3)
    np.testing.assert_array_equal(found.values.sum(axis=1), found.mask)
    if unlabelled == "background":
        assert found.mask.all()
    for number, time_s in enumerate(times):
        held = {span.label for span in one.spans if span.start <= time_s < span.end}
        for label in held:
            within = sum(span.end - span.start < 1 / rate for span in one.spans)
            assert within or found.values[number, single.labels.index(label)] == 1


@pytest.mark.parametrize("samples", [0, 1])
def test_few_samples(samples: int) -> None:
    one = example("a", Span(1.0, 2.0, "run"))
    binary = training_set(one, labels=("run",), task="binary", unlabelled="background")
    assert frame_targets(binary, one, TIMES[:samples]).values.shape == (samples, 1)
