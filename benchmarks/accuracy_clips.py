"""Accuracy on labelled clips, in cross-validation by group: what `vidlabel evaluate` prints, beside its aims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import vidlabel
from speed_measure import print_table
from vidlabel.labels.evaluation import Evaluation, Figure, Figures

SHOWN = {"accuracy": "accuracy %", "macro_f1": "macro F1 %", "map": "mAP %", "ece": "calibration error"}


def measure_interactions(data: Path, cache: Path | None, seed: int) -> None:
    """Six interactions of two people, each sequence held out once."""
    folder = data / "ut-interaction"
    found = vidlabel.evaluate(
        folder / "labels.csv", groups=folder / "groups.csv", leave_one_group_out=True, cache_dir=cache, seed=seed
    )
    print_evaluation("ut-interaction", found, {"accuracy": "at least 92, aim 95", "ece": "at most 0.050"})


def measure_fights(data: Path, cache: Path | None, seed: int) -> None:
    """Fights before surveillance cameras; whole sources are held out."""
    folder = data / "fight-surv"
    found = vidlabel.evaluate(folder / "labels.csv", groups=folder / "groups.csv", folds=10, cache_dir=cache, seed=seed)
    print_evaluation("fight-surv", found, {"accuracy": "at least 80, aim 85", "ece": "at most 0.050"})


def print_evaluation(name: str, found: Evaluation, wanted: Mapping[str, str]) -> None:
    """Print the figures, and those of matched groups alone where there are others."""
    data, model = found.data, found.model
    head = f"{model.head} on {', '.join(model.streams)}"
    title = f"{name}: {data.videos} clips in {data.groups} groups, {found.split}"
    print_figures(title, head, found.metrics, found.baselines, wanted)
    if found.matched is not None:
        matched = found.matched
        title = f"{name}: the {matched.videos} clips of the {matched.groups} groups that hold more than one label"
        print_figures(title, head, matched.metrics, matched.baselines, wanted)


def print_figures(
    title: str, head: str, own: Figures, baselines: Mapping[str, Figures | None], wanted: Mapping[str, str]
) -> None:
    """Print one table."""
    rows = []
    for metric, shown in SHOWN.items():
        scale = 1 if metric == "ece" else 100
        others = [figures and figures[metric] for figures in baselines.values()]
        cells = [_cell(figure or None, scale) for figure in (own[metric], *others)]
        rows.append([shown, *cells, wanted.get(metric, "")])
    print_table(title, ["", head, *baselines, "wanted"], rows)


def _cell(figure: Figure | None, scale: int) -> str:
    if figure is None:
        return ""
    digits = 3 if scale == 1 else 1
    text = f"{figure.value * scale:.{digits}f}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({figure.low * scale:.{digits}f} to {figure.high * scale:.{digits}f})"
