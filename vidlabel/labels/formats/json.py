r"""JSON and JSON Lines: everything that is known of a result, and the JSON Schema that it follows.

Times are rounded to 1 ms, scores and shares to 4 decimals. Text is UTF-8 and not escaped, except for the bytes of file
names that are not UTF-8: they become JSON's own escape of a lone surrogate, `\udcff`, which Python reads back as the
very same name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import chain, repeat
from typing import Any, cast

from vidlabel.labels.result import SCHEMA, LabelClasses, ModelInfo, Result, Scores, Segment

TIME_DECIMALS = 3
SCORE_DECIMALS = 4

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What a JSON file can hold."""


class JsonWriter:
    """Writes one indented object; scores, if there are any, with one row a line."""

    def header(self, models: int) -> str:  # noqa: ARG002 - of the interface
        """Nothing: a file holds one object."""
        return ""

    def body(self, result: Result) -> Iterator[str]:
        """Give the object in pieces, so that the scores of a long video are never one string."""
        text = json.dumps(result_object(result), ensure_ascii=False, allow_nan=False, indent=2)
        if not result.scores:
            yield text + "\n"
            return
        yield text.removesuffix("\n}") + ',\n  "scores": ['
        for scores, before in zip(result.scores, _before_each("\n    ", ",\n    "), strict=False):
            yield f'{before}{{\n      "model": {_text(scores.model)},\n      "times": {_times(scores)},\n'
            yield f'      "labels": {_labels(scores)},\n      "values": ['
            yield from _separated(_rows(scores), first="\n        ", then=",\n        ")
            yield "\n      ]\n    }"
        yield "\n  ]\n}\n"


class JsonLinesWriter:
    """Writes one object a line: what other programs read as a stream."""

    def header(self, models: int) -> str:  # noqa: ARG002 - of the interface
        """Nothing: every line stands by itself."""
        return ""

    def body(self, result: Result) -> Iterator[str]:
        """Give the line in pieces."""
        text = json.dumps(result_object(result), ensure_ascii=False, allow_nan=False)
        if not result.scores:
            yield text + "\n"
            return
        yield text.removesuffix("}") + ', "scores": ['
        for scores, before in zip(result.scores, _before_each("", ", "), strict=False):
            yield f'{before}{{"model": {_text(scores.model)}, "times": {_times(scores)}, '
            yield f'"labels": {_labels(scores)}, "values": ['
            yield from _separated(_rows(scores), first="", then=", ")
            yield "]}"
        yield "]}\n"


def result_object(result: Result) -> Mapping[str, Json]:
    """The object that stands for a result, without its scores, keys in the order of the file."""
    video, run = result.video, result.run
    return {
        "schema": SCHEMA,
        "status": result.status,
        "video": {
            "path": video.path,
            "duration": round(video.duration, TIME_DECIMALS),
            "fps": round(video.fps, TIME_DECIMALS),
            "width": video.width,
            "height": video.height,
            "codec": video.codec,
            "start_time": round(video.start_time, TIME_DECIMALS),
            "rotation": video.rotation,
            "size_bytes": video.size_bytes,
        },
        "models": [_model_object(model) for model in result.models],
        "run": {
            "rate": run.rate,
            "samples": run.samples,
            "decoder": run.decoder,
            "decode_errors": run.decode_errors,
            "decoded_ratio": round(run.decoded_ratio, SCORE_DECIMALS),
            "device": run.device,
            "runtime": run.runtime,
            "version": run.version,
            "fingerprint": run.fingerprint,
        },
        "segments": [_segment_object(segment) for segment in result.segments],
    }


def _model_object(model: ModelInfo) -> dict[str, Json]:
    found: dict[str, Json] = {
        "name": model.name,
        "labels": list(model.labels),
        "head": model.head,
        "streams": list(model.streams),
        "encoders": list(model.encoders),
        "sha256": model.sha256,
    }
    if model.classes:
        found["classes"] = [_classes_object(own) for own in model.classes]
    return found


def _classes_object(own: LabelClasses) -> dict[str, Json]:
    classes: list[Json] = [
        {"name": one.name, "model": one.model, "similarity": one.similarity, "weight": one.weight}
        for one in own.classes
    ]
    return {"label": own.label, "count": own.count, "classes": classes}


def _segment_object(segment: Segment) -> dict[str, Json]:
    found: dict[str, Json] = {
        "start": round(segment.start, TIME_DECIMALS),
        "end": round(segment.end, TIME_DECIMALS),
        "label": segment.label,
        "score": round(segment.score, SCORE_DECIMALS),
    }
    if segment.model is not None:
        found["model"] = segment.model
    if segment.stream_shares:
        found["streams"] = {name: round(share, SCORE_DECIMALS) for name, share in segment.stream_shares}
    return found


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _times(scores: Scores) -> str:
    return json.dumps([round(time_s, TIME_DECIMALS) for time_s in scores.times.tolist()], allow_nan=False)


def _labels(scores: Scores) -> str:
    return json.dumps(list(scores.labels), ensure_ascii=False)


def _rows(scores: Scores) -> Iterator[str]:
    """The scores of one sample after the other, each as a JSON array."""
    for row in scores.values:
        # Double precision first: a rounded float32 would be written with 17 digits. Adding 0 turns -0.0 into 0.0.
        yield json.dumps((row.astype("float64").round(SCORE_DECIMALS) + 0.0).tolist(), allow_nan=False)


def _separated(items: Iterable[str], first: str, then: str) -> Iterator[str]:
    for item, separator in zip(items, _before_each(first, then), strict=False):
        yield separator + item


def _before_each(first: str, then: str) -> Iterator[str]:
    """What stands before the first item of a list, and before each later one."""
    return chain([first], repeat(then))


def result_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a result, as a fresh object."""
    text = files("vidlabel.labels.formats").joinpath("result.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))
