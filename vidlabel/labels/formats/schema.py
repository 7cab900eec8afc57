"""Reading results back, and the JSON Schema that they follow."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, BinaryIO, NoReturn, cast

import numpy as np

from vidlabel.errors import AnnotationError
from vidlabel.labels.fields import Fields, MismatchError
from vidlabel.labels.result import SCHEMA, ModelInfo, Result, RunInfo, Scores, Segment, Status, VideoInfo

_REMEDY = "let vidlabel predict it again"


def result_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a result, as a fresh object."""
    text = files("vidlabel.labels.formats").joinpath("result.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def read_result(file: BinaryIO, name: str) -> Result:
    """Read a result that vidlabel wrote: a JSON file, or one line of JSON Lines.

    Args:
        file: open for reading bytes; read to its end.
        name: what to call it in messages.

    Returns:
        The result, times and scores rounded as in the file.

    Raises:
        AnnotationError: it is damaged, something else, or written by a later version.
    """
    try:
        document = json.loads(file.read(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        # RecursionError: a hundred thousand opening brackets.
        raise AnnotationError(name, f"is not whole JSON ({error})", _REMEDY) from error
    try:
        return _result(document)
    except MismatchError as error:
        raise AnnotationError(name, f"is not a result of vidlabel: {error}", _REMEDY) from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _result(document: object) -> Result:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        family = SCHEMA.partition("/")[0] + "/"
        is_other_version = isinstance(schema, str) and schema.startswith(family) and len(schema) < len(SCHEMA) + 9
        raise MismatchError(
            "schema", f"is {schema}, this version reads {SCHEMA}" if is_other_version else f"is not {SCHEMA}"
        )
    fields = Fields(document, "", ("schema", "status", "video", "model", "run", "segments"), optional=("scores",))
    return Result(
        status=cast("Status", fields.choice("status", ("ok", "partial"))),
        video=_video(fields.child("video", tuple(VideoInfo.__dataclass_fields__))),
        model=_model(fields.child("model", tuple(ModelInfo.__dataclass_fields__))),
        run=_run(fields.child("run", tuple(RunInfo.__dataclass_fields__))),
        segments=tuple(map(_segment, fields.children("segments", tuple(Segment.__dataclass_fields__)))),
        scores=_scores(fields.child("scores", tuple(Scores.__dataclass_fields__))) if "scores" in fields else None,
    )


def _video(fields: Fields) -> VideoInfo:
    return VideoInfo(
        path=fields.filled_text("path"),
        duration=fields.number("duration", least=0),
        fps=fields.number("fps", least=0),
        width=fields.integer("width", least=0),
        height=fields.integer("height", least=0),
        codec=fields.text("codec"),
        start_time=fields.number("start_time"),
        rotation=int(fields.choice("rotation", (0, 90, 180, 270))),
        size_bytes=fields.integer("size_bytes", least=0),
    )


def _model(fields: Fields) -> ModelInfo:
    labels = fields.filled_texts("labels")
    if not labels:
        raise fields.mismatch("labels", "is empty")
    return ModelInfo(
        name=fields.text("name"),
        labels=labels,
        head=fields.text("head"),
        encoder=fields.text("encoder"),
        sha256=fields.hexadecimal("sha256", digits=64),
    )


def _run(fields: Fields) -> RunInfo:
    rate = fields.number("rate", least=0)
    if rate == 0:
        raise fields.mismatch("rate", "is 0")
    return RunInfo(
        rate=rate,
        samples=fields.integer("samples", least=0),
        decoder=fields.text("decoder"),
        decode_errors=fields.integer("decode_errors", least=0),
        decoded_ratio=fields.number("decoded_ratio", least=0, most=1),
        device=fields.text("device"),
        runtime=fields.text("runtime"),
        version=fields.text("version"),
        fingerprint=fields.filled_text("fingerprint"),
    )


def _segment(fields: Fields) -> Segment:
    start = fields.number("start", least=0)
    return Segment(
        start=start,
        end=fields.number("end", least=start),
        label=fields.filled_text("label"),
        score=fields.number("score", least=0, most=1),
    )


def _scores(fields: Fields) -> Scores:
    times = fields.numbers("times", least=0)
    labels = fields.filled_texts("labels")
    rows = fields.rows("values", least=0, most=1)
    if len(rows) != len(times) or any(len(row) != len(labels) for row in rows):
        raise fields.mismatch("values", f"is not a table of {len(times)} times by {len(labels)} labels")
    return Scores(
        times=np.array(times, dtype=np.float64),
        labels=labels,
        values=np.array(rows, dtype=np.float32).reshape(len(times), len(labels)),
    )
