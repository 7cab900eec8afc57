"""The plots of an evaluation: how it learnt, what it took for what, how sure it was, what it found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.labels.metrics.calculator import top_probabilities
from vidlabel.labels.metrics.evaluation import Confusion, Curve, Evaluation
from vidlabel.labels.metrics.samples import BINS, calibration_bins
from vidlabel.report.plotting import BLUE, GREY, VERMILION, Draw, light_grid, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 24
"""Labels that have a panel of their own in the precision-recall plot: those with the most clips or samples."""
MOST_COLUMNS = 4
MOST_NUMBERED = 24
"""Labels of a confusion matrix up to which counts stand in it."""

_FORM_NAMES = {
    "recurrent": "recurrent heads",
    "gated": "gated heads",
    "linear": "head without recurrence",
    "baseline": "mean baseline",
}
"""The names of heads of one stream alone end with that of the stream: `linear pose`."""


def plots(evaluation: Evaluation) -> Iterator[tuple[str, Draw]]:
    """The plots that this evaluation has data for, by the names of their files."""
    if evaluation.curves:
        yield "loss", partial(_draw_losses, evaluation.curves)
    if evaluation.confusion is not None:
        yield "confusion", partial(_draw_confusion, evaluation.confusion, f"{evaluation.data.unit}s")
    yield "reliability", partial(_draw_reliability, evaluation)
    if evaluation.tested.targets[evaluation.tested.known].any():
        yield "precision_recall", partial(_draw_precision_recall, evaluation)


def _draw_losses(curves: Sequence[Curve], figure: Figure) -> None:
    forms = sorted({curve.form for curve in curves}, key=_panel_order)
    figure.set_size_inches(1.2 + 3.0 * len(forms), 3.5)
    panels = figure.subplots(1, len(forms), squeeze=False, sharey=True)[0]
    for axes, form in zip(panels, forms, strict=True):
        own = [curve for curve in curves if curve.form == form]
        light_grid(axes)
        _draw_runs(axes, [curve.loss for curve in own], BLUE, "-", "while learning")
        _draw_runs(axes, [curve.validation_loss for curve in own], VERMILION, "--", "groups held out")
        axes.set_title(_panel_title(form))
        axes.set_xlabel("epoch")
        axes.set_ylim(bottom=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
    panels[0].set_ylabel("loss")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    folds = len({curve.fold for curve in curves})
    figure.suptitle(f"Loss in the inner cross-validation, {_folds(folds)}", x=0.01, ha="left", fontsize=11)


def _panel_order(form: str) -> tuple[int, str]:
    order, (base, _, stream) = list(_FORM_NAMES), form.partition(" ")
    return order.index(base) if base in order else len(order), stream


def _panel_title(form: str) -> str:
    base, _, stream = form.partition(" ")
    return f"{_FORM_NAMES.get(base, base)}\n{stream}".rstrip()


def _folds(folds: int) -> str:
    return "one model" if folds == 1 else f"{folds} folds (thin) and their mean"


def _draw_runs(axes: Axes, runs: Sequence[Sequence[float]], colour: str, style: str, name: str) -> None:
    if len(runs) > 1:
        for run in runs:
            axes.plot(range(1, len(run) + 1), run, color=colour, alpha=0.22, linewidth=0.7)
    shortest = min(len(run) for run in runs)
    mean = np.mean([run[:shortest] for run in runs], axis=0)
    axes.plot(range(1, shortest + 1), mean, color=colour, linestyle=style, linewidth=2, label=name)


def _draw_confusion(confusion: Confusion, unit: str, figure: Figure) -> None:
    counts, names = confusion.counts, [shortened(label) for label in confusion.labels]
    size = min(14.0, 1.4 + (0.55 if len(names) <= MOST_NUMBERED else 0.2) * len(names))
    figure.set_size_inches(max(4.2, size + 1.4), max(3.4, size + 0.4))
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"What was taken for what ({int(counts.sum())} {unit})")
    axes.spines[:].set_visible(False)
    if len(names) <= MOST_NUMBERED:
        for row, column in np.argwhere(counts > 0).tolist():
            colour = "white" if shares[row, column] > 0.5 else "#222222"
            text = _short_count(int(counts[row, column]))
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    bar.set_label("share of the true label")
    bar.outline.set_visible(False)


def _short_count(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def _draw_reliability(evaluation: Evaluation, figure: Figure) -> None:
    sure, right, _ = top_probabilities(evaluation.tested, evaluation.predictions)
    bins = calibration_bins(sure)
    counts = np.bincount(bins, minlength=BINS)
    held = counts > 0
    shares = np.bincount(bins, weights=right, minlength=BINS)[held] / counts[held]
    means = np.bincount(bins, weights=sure, minlength=BINS)[held] / counts[held]
    figure.set_size_inches(4.4, 5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    light_grid(upper)
    upper.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2, label="as sure as right")
    upper.vlines(means, np.minimum(means, shares), np.maximum(means, shares), color=VERMILION, alpha=0.5, linewidth=1.5)
    upper.plot(means, shares, color=BLUE, marker="o", markersize=5, linewidth=1.4, label="the model")
    upper.set_ylim(-0.02, 1.02)
    upper.set_ylabel("share right")
    upper.legend(loc="upper left")
    error = evaluation.metrics["ece"]
    upper.set_title("How sure, and how often right" + ("" if error is None else f" (ECE {error.value:.3f})"))
    light_grid(lower)
    lower.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.9 / BINS, color=BLUE)
    lower.set_xlim(0, 1)
    lower.set_xlabel("predicted probability")
    lower.set_ylabel(f"{evaluation.data.unit}s" if evaluation.tested.single else "predictions")


def _draw_precision_recall(evaluation: Evaluation, figure: Figure) -> None:
    tested = evaluation.tested
    targets, scores = tested.targets[tested.known], evaluation.predictions.scores[tested.known].astype(np.float64)
    support = targets.sum(axis=0)
    most = np.argsort(-support, kind="stable")[:MOST_PANELS]
    shown = sorted(int(label) for label in most if support[label] and label != tested.background)
    curves = {label: _curve(targets[:, label], scores[:, label]) for label in shown}
    rows = max(1, -(-len(shown) // MOST_COLUMNS))
    columns = max(1, -(-len(shown) // rows))
    figure.set_size_inches(max(3.4, 0.6 + 2.1 * columns), 0.9 + 2.0 * rows)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    averages = {own.label: own.average_precision for own in evaluation.per_label}
    for axes, label in zip(panels, shown, strict=False):
        light_grid(axes)
        for other in shown:
            axes.step(*curves[other], where="pre", color="#dddddd", linewidth=0.8)
        axes.axhline(support[label] / len(targets), color=GREY, linestyle=":", linewidth=1.2)
        axes.step(*curves[label], where="pre", color=BLUE, linewidth=1.8)
        average = averages.get(tested.labels[label])
        axes.set_title(shortened(tested.labels[label]))
        if average is not None:
            axes.text(0.04, 0.06, f"AP {100 * average.value:.1f} %", color="#222222", transform=axes.transAxes)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.04), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    figure.supxlabel("recall", fontsize=9)
    figure.supylabel("precision", fontsize=9)
    title = "Precision and recall (grey: other labels; dotted: by chance)"
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)


def _curve(
    truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Recall and precision over falling thresholds; equal scores are one threshold."""
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(truth[order])[last_of_equals]
    taken = np.flatnonzero(last_of_equals) + 1
    until = int(np.argmax(found == found[-1])) + 1  # beyond, precision only falls
    recall, precision = found[:until] / truth.sum(), found[:until] / taken[:until]
    return np.append(0.0, recall), np.append(precision[0], precision)
