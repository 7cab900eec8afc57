"""An evaluation as JSON; `evaluation.schema.json` beside this file describes it. Figures are rounded to 4 decimals."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast

from vidlabel.labels.metrics.evaluation import SCHEMA, Evaluation, Figure, Figures, LabelFigures, MultiLabelGroups

DECIMALS = 4


def evaluation_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an evaluation, as a fresh object."""
    text = files("vidlabel.labels.metrics").joinpath("evaluation.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def evaluation_text(evaluation: Evaluation) -> str:
    """The text of a JSON file, with a line break at its end."""
    return json.dumps(evaluation_object(evaluation), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def evaluation_object(evaluation: Evaluation) -> dict[str, Any]:
    """What stands for an evaluation, keys in the order of the file; predictions of single videos are not in it."""
    model, data, confusion = evaluation.model, evaluation.data, evaluation.confusion
    return {
        "schema": SCHEMA,
        "model": {
            "name": model.name,
            "head": model.head,
            "streams": list(model.streams),
            "encoder": model.encoder,
            "runtime": model.runtime,
            "sha256": model.sha256,
            "options": None if model.options is None else dict(model.options),
        },
        "data": {
            "videos": data.videos,
            "groups": data.groups,
            "seconds": round(data.seconds, 3),
            "unit": data.unit,
            "items": data.items,
            "per_label": dict(data.per_label),
        },
        "split": evaluation.split,
        "metrics": _figures(evaluation.metrics),
        "per_label": {own.label: _label(own) for own in evaluation.per_label},
        "baselines": {name: None if own is None else _figures(own) for name, own in evaluation.baselines.items()},
        "matched_groups": _matched(evaluation.matched),
        "confusion_labels": None if confusion is None else list(confusion.labels),
        "confusion": None if confusion is None else confusion.counts.tolist(),
        "rules": dict(evaluation.rules),
        "warnings": list(evaluation.warnings),
    }


def _matched(matched: MultiLabelGroups | None) -> dict[str, Any] | None:
    if matched is None:
        return None
    return {
        "videos": matched.videos,
        "groups": matched.groups,
        "metrics": _figures(matched.metrics),
        "baselines": {name: None if own is None else _figures(own) for name, own in matched.baselines.items()},
    }


def _label(own: LabelFigures) -> dict[str, Any]:
    return {
        "support": own.support,
        "precision": _figure(own.precision),
        "recall": _figure(own.recall),
        "f1": _figure(own.f1),
        "average_precision": _figure(own.average_precision),
        "event_recall": _figure(own.event_recall),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {name: _figure(figure) for name, figure in figures.items()}


def _figure(figure: Figure | None) -> dict[str, float | None] | None:
    if figure is None:
        return None
    return {"value": _rounded(figure.value), "low": _rounded(figure.low), "high": _rounded(figure.high)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DECIMALS)
