"""Figures against scikit-learn, figures worked out by hand, and the plain bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_fscore_support

from labels.metrics.evaluations import best, clips, timed
from vidlabel.labels.metrics.calculator import MetricCalculator, confusion
from vidlabel.labels.metrics.evaluation import Figure, Figures
from vidlabel.labels.metrics.samples import expected_calibration_error
from vidlabel.labels.result import Segment

LABELS = ("a", "b", "c", "d")
GENERATOR = np.random.default_rng(5)
TRUTH = GENERATOR.integers(0, 4, 60)
LOGITS = GENERATOR.normal(size=(60, 4)) + 1.5 * (np.arange(4) == TRUTH[:, None])
SCORES = (np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)).astype(np.float32)
GROUPS = [f"g{number}" for number in GENERATOR.integers(0, 9, 60)]
TESTED = clips(TRUTH.tolist(), LABELS, GROUPS)
ANSWERS = best(SCORES)
MAKER = MetricCalculator(TESTED, 1.0)


def value(figures: Figures, name: str) -> float:
    figure = figures[name]
    assert figure is not None
    return figure.value


def percent(figure: Figure | None) -> float | None:
    return None if figure is None else round(100 * figure.value, 1)


def mean_average_precision(truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float32]) -> float:
    """Of the labels that hold anywhere, by scikit-learn."""
    held = truth.any(axis=0)
    return float(average_precision_score(truth[:, held], scores[:, held], average="macro"))


def plain_bootstrap(statistic: Callable[[npt.NDArray[np.intp]], float], groups: Sequence[str]) -> tuple[float, float]:
    """2.5 and 97.5 % of 1000 figures, each of as many groups as there are, drawn one by one."""
    generator, names = np.random.default_rng(0), sorted(set(groups))
    members = [np.flatnonzero(np.array(groups) == name) for name in names]
    draws = generator.integers(len(names), size=(1000, len(names)))
    figures = [statistic(np.concatenate([members[number] for number in draw])) for draw in draws.tolist()]
    return float(np.quantile(figures, 0.025)), float(np.quantile(figures, 0.975))


def test_labels_as_in_scikit_learn() -> None:
    own = MAKER.per_label(ANSWERS)
    predicted = SCORES.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(TRUTH, predicted, labels=range(4))
    for place, figures in enumerate(own):
        assert figures.support == support[place]
        for figure, expected in (
            (figures.precision, precision[place]),
            (figures.recall, recall[place]),
            (figures.f1, f1[place]),
            (figures.average_precision, average_precision_score(place == TRUTH, SCORES[:, place])),
        ):
            assert figure is not None
            assert figure.value == pytest.approx(expected)


def test_overall_as_in_scikit_learn() -> None:
    figures = MAKER.metrics(ANSWERS)
    predicted = SCORES.argmax(axis=1)
    assert value(figures, "accuracy") == pytest.approx((predicted == TRUTH).mean())
    macro = precision_recall_fscore_support(TRUTH, predicted, average="macro")[2]
    assert value(figures, "macro_f1") == pytest.approx(macro)
    one_hot = TRUTH[:, None] == np.arange(4)
    assert value(figures, "map") == pytest.approx(average_precision_score(one_hot, SCORES, average="macro"))
    assert value(figures, "ece") == pytest.approx(expected_calibration_error(TRUTH, SCORES))
    matrix = confusion(TESTED, ANSWERS)
    assert matrix is not None
    np.testing.assert_array_equal(matrix.counts, confusion_matrix(TRUTH, predicted))


def test_intervals_are_those_of_the_plain_bootstrap() -> None:
    figures = MAKER.metrics(ANSWERS)
    right = SCORES.argmax(axis=1) == TRUTH
    one_hot = TRUTH[:, None] == np.arange(4)
    statistics = {
        "accuracy": lambda items: float(right[items].mean()),
        "ece": lambda items: expected_calibration_error(TRUTH[items], SCORES[items]),
        "map": lambda items: mean_average_precision(one_hot[items], SCORES[items]),
    }
    for name, statistic in statistics.items():
        figure = figures[name]
        assert figure is not None
        assert (figure.low, figure.high) == pytest.approx(plain_bootstrap(statistic, GROUPS)), name


def test_clips_have_no_figures_of_segments() -> None:
    figures = MAKER.metrics(ANSWERS)
    missing = {name for name, figure in figures.items() if figure is None}
    assert missing == {"step_accuracy", "edit", "f1@10", "f1@25", "f1@50", "event_recall"}


def test_some_videos_alone() -> None:
    chosen = [place for place, group in enumerate(GROUPS) if group in ("g1", "g4", "g6")]
    figures = MetricCalculator(TESTED, 1.0, chosen).metrics(ANSWERS)
    predicted = SCORES.argmax(axis=1)
    assert value(figures, "accuracy") == pytest.approx((predicted == TRUTH)[chosen].mean())
    own = [name for name in GROUPS if name in ("g1", "g4", "g6")]
    low, high = plain_bootstrap(lambda items: float((predicted == TRUTH)[chosen][items].mean()), own)
    figure = figures["accuracy"]
    assert figure is not None
    assert (figure.low, figure.high) == pytest.approx((low, high))


def test_one_group_has_no_interval() -> None:
    figures = MetricCalculator(clips([0, 1], ("a", "b"), ["g", "g"]), 1.0).metrics(best(np.eye(2, dtype=np.float32)))
    assert figures["accuracy"] == Figure(1.0, None, None)


def test_segments_by_hand() -> None:
    truth = [Segment(0, 4, "a", 1), Segment(6, 8, "b", 1)]
    predicted = [Segment(2, 4, "a", 0.9), Segment(6, 7, "b", 0.9), Segment(8, 10, "a", 0.9)]
    tested, answers = timed(truth, predicted, 10)
    figures = MetricCalculator(tested, 1.5).metrics(answers)
    # Wrong are the samples 0, 1 (a missed), 7 (b missed), 8 and 9 (a invented).
    assert percent(figures["accuracy"]) == 50.0
    assert percent(figures["step_accuracy"]) == 50.0
    # a b a for a b: one insertion in three.
    assert percent(figures["edit"]) == 66.7
    # Overlaps: a 2 of 4, b 1 of 2, the second a none: two found, one invented.
    assert [percent(figures[f"f1@{overlap}"]) for overlap in (10, 25, 50)] == [80.0, 80.0, 80.0]
    # a starts 2 s off, b on time.
    assert percent(figures["event_recall"]) == 50.0
    assert percent(MetricCalculator(tested, 2.0).metrics(answers)["event_recall"]) == 100.0
    # a: 2 of 4 predicted are right, 2 of 4 true are predicted; b: 1 of 1, 1 of 2. Background takes no part.
    assert percent(figures["macro_f1"]) == pytest.approx(100 * (0.5 + 2 / 3) / 2, abs=0.05)
    matrix = confusion(tested, answers)
    assert matrix is not None
    assert matrix.counts.tolist() == [[2, 0, 2], [0, 1, 1], [2, 0, 2]]


def test_unknown_time_does_not_count() -> None:
    tested, answers = timed([Segment(0, 4, "a", 1)], [Segment(0, 8, "a", 0.9)], 8)
    known = np.arange(8) < 5
    figures = MetricCalculator(replace(tested, known=known, segments_known=False), 1.0).metrics(answers)
    assert percent(figures["accuracy"]) == 80.0
    assert figures["edit"] is None


def test_short_segments_count_in_accuracy_only_where_they_are_left() -> None:
    tested, answers = timed([Segment(0, 4, "a", 1)], [Segment(0, 4, "a", 1), Segment(6, 7, "b", 1)], 8)
    figures = MetricCalculator(tested, 1.0).metrics(replace(answers, segments=((Segment(0, 4, "a", 1),),)))
    assert (percent(figures["accuracy"]), percent(figures["step_accuracy"])) == (100.0, 87.5)
