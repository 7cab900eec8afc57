"""From predictions to an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.metrics.calculator import MetricCalculator, confusion
from vidlabel.labels.metrics.evaluation import (
    Curve,
    EvaluatedData,
    EvaluatedModel,
    Evaluation,
    GroundTruth,
    MultiLabelGroups,
    Predictions,
    metric_rules,
)


def summarise_evaluation(
    tested: GroundTruth,
    predictions: Predictions,
    baselines: Mapping[str, Predictions | None],
    *,
    tolerance_s: float,
    model: EvaluatedModel,
    split: str,
    warnings: tuple[str, ...],
    curves: tuple[Curve, ...],
) -> Evaluation:
    """Compute the metrics of predictions.

    Args:
        tested: the videos and the truth.
        predictions: of the model.
        baselines: the same of the baselines by name; None for one that cannot be had.
        tolerance_s: how far the start of an event may be off.
        model: what was measured.
        split: how it was kept from what it learnt from, in words.
        warnings: one line each.
        curves: how it learnt.
    """
    maker = MetricCalculator(tested, tolerance_s)
    return Evaluation(
        model=model,
        data=_data(tested),
        split=split,
        metrics=maker.metrics(predictions),
        per_label=maker.per_label(predictions),
        baselines={name: None if own is None else maker.metrics(own) for name, own in baselines.items()},
        matched=_matched(tested, tolerance_s, predictions, baselines),
        confusion=confusion(tested, predictions),
        rules=metric_rules(tested, tolerance_s, with_mean=baselines["mean"] is not None),
        warnings=warnings,
        tested=tested,
        predictions=predictions,
        curves=curves,
    )


def _matched(
    tested: GroundTruth, tolerance_s: float, predictions: Predictions, baselines: Mapping[str, Predictions | None]
) -> MultiLabelGroups | None:
    """None where all groups are alike in this."""
    chosen = [place for place, video in enumerate(tested.videos) if video.matched]
    if not 0 < len(chosen) < len(tested.videos):
        return None
    maker = MetricCalculator(tested, tolerance_s, chosen)
    return MultiLabelGroups(
        videos=len(chosen),
        groups=len({tested.videos[place].group for place in chosen}),
        metrics=maker.metrics(predictions),
        baselines={name: None if own is None else maker.metrics(own) for name, own in baselines.items()},
    )


def _data(tested: GroundTruth) -> EvaluatedData:
    holds = np.zeros((len(tested.videos), len(tested.labels)), np.bool_)
    np.logical_or.at(holds, tested.video_of_row, tested.targets & tested.known[:, None])
    return EvaluatedData(
        videos=len(tested.videos),
        groups=len({video.group for video in tested.videos}),
        seconds=sum(video.duration_s for video in tested.videos),
        unit=tested.unit,
        items=int(tested.known.sum()),
        per_label={label: int(holds[:, n].sum()) for n, label in enumerate(tested.labels) if holds[:, n].any()},
    )


def learning_curves(specs: Sequence[ModelSpec], first: int) -> tuple[Curve, ...]:
    """Losses and scores of each epoch, from the model files.

    Args:
        specs: of the models, one for each fold.
        first: number of the first fold.
    """
    return tuple(
        Curve(fold, form, losses, held_out)
        for fold, spec in enumerate(specs, first)
        for form, (losses, held_out) in sorted(validation_curves(spec).items())
    )


def validation_curves(spec: ModelSpec) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    """Losses by epoch in the inner cross-validation, by the kind of member: while learning, and on groups left out."""
    histories = spec.training.get("history")
    if not isinstance(histories, dict):
        return {}
    curves = {}
    for name, history in histories.items():
        if not str(name).startswith("validation ") or not isinstance(history, dict):
            continue
        losses, held_out = (_numbers(history.get(field)) for field in ("loss", "validation_loss"))
        if losses and len(losses) == len(held_out):
            curves[str(name).removeprefix("validation ")] = (losses, held_out)
    return curves


def _numbers(values: object) -> tuple[float, ...]:
    """A list of numbers from a model file; nothing if it is anything else."""
    if not isinstance(values, list) or not all(isinstance(value, float | int) for value in values):
        return ()
    return tuple(map(float, values))
