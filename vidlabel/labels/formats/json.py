r"""JSON and JSON Lines: everything that is known of a result.

Times are rounded to 1 ms, scores and shares to 4 decimals. Text is UTF-8 and not escaped, except for the bytes of file
names that are not UTF-8: they become JSON's own escape of a lone surrogate, `\udcff`, which Python reads back as the
very same name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from vidlabel.labels.formats.base import Format
from vidlabel.labels.result import SCHEMA, Result, Scores, Segment

TIME_DECIMALS = 3
SCORE_DECIMALS = 4

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What a JSON file can hold."""


class JsonFormat(Format):
    """One indented object; scores, if there are any, with one row a line."""

    name = "json"
    suffix = ".json"
    holds_many = False

    def header(self) -> str:
        """Nothing: a file holds one object."""
        return ""

    def body(self, result: Result) -> Iterator[str]:
        """Give the object in pieces, so that the scores of a long video are never one string."""
        text = json.dumps(result_object(result), ensure_ascii=False, allow_nan=False, indent=2)
        if result.scores is None:
            yield text + "\n"
            return
        yield text.removesuffix("\n}")
        yield f',\n  "scores": {{\n    "times": {_times(result.scores)},\n    "labels": {_labels(result.scores)},\n'
        yield '    "values": ['
        yield from _separated(_rows(result.scores), first="\n      ", then=",\n      ")
        yield "\n    ]\n  }\n}\n"


class JsonLinesFormat(Format):
    """One object a line: what other programs read as a stream."""

    name = "jsonl"
    suffix = ".jsonl"
    holds_many = True

    def header(self) -> str:
        """Nothing: every line stands by itself."""
        return ""

    def body(self, result: Result) -> Iterator[str]:
        """Give the line in pieces."""
        text = json.dumps(result_object(result), ensure_ascii=False, allow_nan=False)
        if result.scores is None:
            yield text + "\n"
            return
        yield text.removesuffix("}")
        yield f', "scores": {{"times": {_times(result.scores)}, "labels": {_labels(result.scores)}, "values": ['
        yield from _separated(_rows(result.scores), first="", then=", ")
        yield "]}}\n"


def result_object(result: Result) -> Mapping[str, Json]:
    """The object that stands for a result, without its scores, keys in the order of the file."""
    video, model, run = result.video, result.model, result.run
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
        "model": {
            "name": model.name,
            "labels": list(model.labels),
            "head": model.head,
            "encoder": model.encoder,
            "sha256": model.sha256,
        },
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


def _segment_object(segment: Segment) -> dict[str, Json]:
    return {
        "start": round(segment.start, TIME_DECIMALS),
        "end": round(segment.end, TIME_DECIMALS),
        "label": segment.label,
        "score": round(segment.score, SCORE_DECIMALS),
    }


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
    separator = first
    for item in items:
        yield separator + item
        separator = then
