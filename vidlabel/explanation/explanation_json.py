"""An explanation as JSON; `explanation.schema.json` beside this file describes it.

Times are rounded to 1 ms, scores and log-odds to 6 decimals.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any, cast

from vidlabel.explanation.explanation import SCHEMA, Evidence, Explanation, Floats, Occlusion
from vidlabel.json_text import to_json

TIME_DECIMALS = 3
DECIMALS = 6

SOURCES = {
    "integrated_gradients": "Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks. ICML 2017",
    "occlusions": "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014",
    "evidence": "Zhou et al.: Learning Deep Features for Discriminative Localization. CVPR 2016; Selvaraju et al.: "
    "Grad-CAM. ICCV 2017; Zeiler, Fergus 2014; Li, Monroe, Jurafsky: Understanding Neural Networks through "
    "Representation Erasure. 2016",
    "streams": "Shapley: A Value for n-Person Games. 1953; Lundberg, Lee: A Unified Approach to Interpreting Model "
    "Predictions. NeurIPS 2017",
}
"""Of each method, by the key that holds what it gave."""

_NUMBERS = re.compile(r"\[\s+(-?\d[^\[\]{}\"]*?)\s+\]")
"""An indented array of numbers: line breaks stand nowhere else, since text escapes them."""


def explanation_text(explanation: Explanation) -> str:
    """The content of `explanation.json`, each array of numbers on one line."""
    text = json.dumps(explanation_object(explanation), ensure_ascii=False, allow_nan=False, indent=2)
    return _NUMBERS.sub(lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text) + "\n"


def explanation_object(found: Explanation) -> dict[str, object]:
    """The object that stands for an explanation, keys in the order of the file."""
    model, gradients = found.model, found.gradients
    return {
        "schema": SCHEMA,
        "video": {"path": found.video.path, "duration": round(found.video.duration, TIME_DECIMALS)},
        "model": {
            "name": model.name,
            "head": model.head,
            "streams": list(model.streams),
            "encoders": list(model.encoders),
            "sha256": model.sha256,
        },
        "label": found.label,
        "segment": found.segment,
        "start": round(found.start, TIME_DECIMALS),
        "end": round(found.end, TIME_DECIMALS),
        "score": _rounded(found.score),
        "log_odds": _rounded(found.log_odds),
        "baseline": {
            "score": _rounded(found.baseline_score),
            "log_odds": _rounded(found.baseline_log_odds),
        },
        "earlier_log_odds": _rounded(found.earlier_log_odds),
        "peak": {"start": round(found.peak[0], TIME_DECIMALS), "end": round(found.peak[1], TIME_DECIMALS)},
        "streams": [
            {"stream": one.stream, "log_odds": _rounded(one.log_odds), "share": _rounded(one.share)}
            for one in found.streams
        ],
        "times": [round(time_s, TIME_DECIMALS) for time_s in found.times.tolist()],
        "integrated_gradients": {
            "path_steps": gradients.path_steps,
            "difference": _rounded(gradients.difference),
            "sum": _rounded(float(gradients.samples.sum())),
            "relative_gap": _rounded(gradients.relative_gap),
            "log_odds": {name: _all_rounded(values) for name, values in gradients.streams.items()},
        },
        "occlusions": [_occlusion_object(one) for one in found.occlusions],
        "evidence": [_evidence_object(one) for one in found.evidence],
        "sources": SOURCES,
    }


def explanation_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `explanation.json`, as a fresh object."""
    text = files("vidlabel.explanation").joinpath("explanation.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def _occlusion_object(found: Occlusion) -> dict[str, object]:
    return {
        "stream": found.stream,
        "width": found.width,
        "score": _all_rounded(found.score),
        "log_odds": _all_rounded(found.log_odds),
    }


def _evidence_object(found: Evidence) -> dict[str, object]:
    return {
        "stream": found.stream,
        "time": round(found.time_s, TIME_DECIMALS),
        "kind": found.kind,
        "file": found.file,
        "summary": found.summary,
        "details": json.loads(to_json(found.details)),
    }


def _all_rounded(values: Floats) -> list[float]:
    return [_rounded(value) for value in values.tolist()]


def _rounded(value: float) -> float:
    return round(value, DECIMALS) + 0.0  # adding 0 turns -0.0 into 0.0
