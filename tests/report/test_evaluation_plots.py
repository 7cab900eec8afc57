"""What the plots of an evaluation show, read back from their axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix, precision_recall_curve

from labels.metrics.evaluations import best, clips, evaluation_of
from vidlabel.labels.metrics.evaluation import Curve, Evaluation
from vidlabel.report.evaluation_plots import plots

NAMES = ("a", "b", "c")
TRUTH = np.random.default_rng(0).integers(0, 3, 60)
SCORES = np.random.default_rng(1).dirichlet([1, 1, 1], 60).astype(np.float32).round(1)


def evaluation() -> Evaluation:
    return evaluation_of(clips(TRUTH.tolist(), NAMES), best(SCORES))


def drawn(name: str) -> Figure:
    figure = Figure()
    dict(plots(evaluation()))[name](figure)
    return figure


def test_there_is_a_plot_for_what_there_is_data_for() -> None:
    assert [name for name, _ in plots(evaluation())] == ["loss", "confusion", "reliability", "precision_recall"]
    bare = replace(evaluation(), curves=(), confusion=None)
    assert [name for name, _ in plots(bare)] == ["reliability", "precision_recall"]


def test_confusion_shows_counts_and_shares() -> None:
    expected = confusion_matrix(TRUTH, SCORES.argmax(axis=1))
    axes = drawn("confusion").axes[0]
    numbers = {text.get_position(): int(text.get_text()) for text in axes.texts}
    assert numbers == {(c, r): expected[r, c] for r in range(3) for c in range(3) if expected[r, c]}
    shares = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shares, expected / expected.sum(axis=1, keepdims=True))


def test_precision_and_recall_are_those_of_scikit_learn() -> None:
    figure = drawn("precision_recall")
    for label, axes in enumerate(figure.axes[:3]):
        assert axes.get_title() == NAMES[label]
        recall, precision = (np.asarray(part, float) for part in axes.lines[-1].get_data())
        known_precision, known_recall, _ = precision_recall_curve(label == TRUTH, SCORES[:, label])
        known = set(zip(known_recall.round(9), known_precision.round(9), strict=True))
        assert set(zip(recall[1:].round(9), precision[1:].round(9), strict=True)) <= known
        assert recall[-1] == 1


def test_losses_have_a_line_for_each_kind() -> None:
    axes = drawn("loss").axes[0]
    assert [np.asarray(line.get_ydata(), float).tolist() for line in axes.lines] == [[2.0, 1.0], [2.1, 1.5]]


def test_heads_of_single_streams_and_gated_ones_have_panels_too() -> None:
    kinds = ("linear pose", "baseline", "gated", "recurrent pose", "recurrent", "recurrent audio")
    curves = tuple(Curve(0, kind, (1.0, 0.5), (1.0, 0.7)) for kind in kinds)
    figure = Figure(layout="constrained")
    dict(plots(replace(evaluation(), curves=curves)))["loss"](figure)
    assert [axes.get_title().replace("\n", ", ") for axes in figure.axes] == [
        "recurrent heads",
        "recurrent heads, audio",
        "recurrent heads, pose",
        "gated heads",
        "head without recurrence, pose",
        "mean baseline",
    ]
