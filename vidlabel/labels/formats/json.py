r"""JSON and JSON Lines: everything that is known of a result, and the JSON Schema that it follows.

Times are rounded to 1 ms, scores and shares to 4 decimals. Text is UTF-8 and not escaped, except for the bytes of file
names that are not UTF-8: they become JSON's own escape of a lone surrogate, `\udcff`, which Python reads back as the
very same name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from itertools import chain, repeat
from typing import Annotated, Any, NoReturn, cast

from vidlabel.errors import AnnotationError
from vidlabel.json_fields import FilledText, MismatchError, Range, exact_dataclass_from_json
from vidlabel.labels.annotations import Annotation, LabelTable, LabelTableError, composed, label_table
from vidlabel.labels.formats.delimited import LineProblem, TableError, decode_text
from vidlabel.labels.result import SCHEMA, LabelClasses, ModelInfo, Result, RunInfo, Scores, Segment, Status, VideoInfo

TIME_DECIMALS = 3
SCORE_DECIMALS = 4

_REMEDY = "let vidlabel predict it again"
_OWN_SCHEMA = rf'"schema"\s*:\s*"{SCHEMA.partition("/")[0]}/'
_INDENTED = re.compile(rf"\s*\{{[ \t]*[\r\n]\s*{_OWN_SCHEMA}")
_ON_ONE_LINE = re.compile(rf"\s*\{{[ \t]*{_OWN_SCHEMA}")
_SEGMENT_START = re.compile(r'"start"\s*:')
"""Found once a segment: no other object of a result has this key, and quotes within text are escaped."""

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


class JsonReader:
    """Reads the segments of one result."""

    def recognises(self, beginning: str) -> bool:
        """Whether an indented result begins so."""
        return _INDENTED.match(beginning) is not None

    def read(self, content: bytes, name: str) -> LabelTable:
        """Take the segments of a result, with the lines in which they begin."""
        text = _decoded(content, name)
        result = parse_result(text, name)
        lines = (text.count("\n", 0, found.start()) + 1 for found in _SEGMENT_START.finditer(text))
        # Never short of lines: somebody may have spelt a key another way.
        return label_table(name, _annotations(result, chain(lines, repeat(1))))


class JsonLinesReader:
    """Reads the segments of a result a line."""

    def recognises(self, beginning: str) -> bool:
        """Whether a result on one line begins so."""
        return _ON_ONE_LINE.match(beginning) is not None

    def read(self, content: bytes, name: str) -> LabelTable:
        """Take the segments of all results; blank lines are passed over."""
        found: list[tuple[int, Callable[[], Annotation]]] = []
        problems = []
        for line, text in enumerate(_decoded(content, name).split("\n"), 1):
            if not text.strip():
                continue
            try:
                found += _annotations(parse_result(text, name), repeat(line))
            except AnnotationError as error:
                problems.append(LineProblem(line, error.problem))
        return label_table(name, found, problems)


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


def parse_result(content: str | bytes, name: str) -> Result:
    """Parse a result that vidlabel wrote: a JSON file, or one line of JSON Lines.

    Args:
        content: the whole file or line.
        name: what to call it in messages.

    Returns:
        The result, times and scores rounded as in the file.

    Raises:
        AnnotationError: it is damaged, something else, or written by a later version.
    """
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        # RecursionError: a hundred thousand opening brackets.
        raise AnnotationError(name, f"is not whole JSON ({error})", _REMEDY) from error
    try:
        return _result(document)
    except MismatchError as error:
        problem = f"is not a result of vidlabel: {error.where or 'it'}: {error.problem}"
        raise AnnotationError(name, problem, _REMEDY) from error


def _decoded(content: bytes, name: str) -> str:
    try:
        return decode_text(content)
    except TableError as error:
        raise LabelTableError(name, error.problems) from error


def _annotations(result: Result, lines: Iterable[int]) -> list[tuple[int, Callable[[], Annotation]]]:
    """The line of each segment, and what makes its annotation."""
    path = result.video.path
    return [(line, partial(_annotation, path, own, line)) for own, line in zip(result.segments, lines, strict=False)]


def _annotation(path: str, own: Segment, line: int) -> Annotation:
    annotator = None if own.model is None else composed(own.model)
    return Annotation(path, own.start, own.end, composed(own.label), score=own.score, annotator=annotator, line=line)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


@dataclass(frozen=True, slots=True)
class _SegmentFields:
    start: Annotated[float, Range(0)]
    end: Annotated[float, Range()]
    label: FilledText
    score: Annotated[float, Range(0, 1)]
    model: FilledText = ""
    streams: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _ScoresFields:
    model: FilledText
    times: tuple[Annotated[float, Range(0)], ...]
    labels: tuple[FilledText, ...]
    values: tuple[tuple[Annotated[float, Range(0, 1)], ...], ...]


@dataclass(frozen=True, slots=True)
class _ResultFields:
    """The object of a file."""

    schema: str
    status: Status
    video: VideoInfo
    models: tuple[ModelInfo, ...]
    run: RunInfo
    segments: tuple[_SegmentFields, ...]
    scores: tuple[_ScoresFields, ...] = ()


def _result(document: object) -> Result:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        family = SCHEMA.partition("/")[0] + "/"
        is_other_version = isinstance(schema, str) and schema.startswith(family) and len(schema) < len(SCHEMA) + 9
        raise MismatchError(
            "schema", f"is {schema}, this version reads {SCHEMA}" if is_other_version else f"is not {SCHEMA}"
        )
    found = exact_dataclass_from_json(_ResultFields, document, "")
    _check_models(found)
    if found.run.rate == 0:
        raise MismatchError("run.rate", "is 0")
    for position, own in enumerate(found.segments):
        if own.end < own.start:
            raise MismatchError(f"segments[{position}].end", f"is not a number of at least {own.start:g}")
    return Result(
        status=found.status,
        video=found.video,
        models=found.models,
        run=found.run,
        segments=tuple(_segment(own, f"segments[{number}]") for number, own in enumerate(found.segments)),
        scores=tuple(_scores(own, f"scores[{number}]") for number, own in enumerate(found.scores)),
    )


def _segment(fields: _SegmentFields, where: str) -> Segment:
    shares = []
    for name, share in fields.streams.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise MismatchError(f"{where}.streams.{name}", "is not a number from 0 to 1")
        shares.append((name, float(share)))
    return Segment(fields.start, fields.end, fields.label, fields.score, fields.model or None, tuple(shares))


def _check_models(found: _ResultFields) -> None:
    """Refuse models that cannot be told apart, and segments and scores of others."""
    if not found.models:
        raise MismatchError("models", "is empty")
    names = [model.name for model in found.models]
    for number, model in enumerate(found.models):
        for name in ("labels", "streams", "encoders"):
            if not getattr(model, name):
                raise MismatchError(f"models[{number}].{name}", "is empty")
        if model.name in names[:number]:
            raise MismatchError(f"models[{number}].name", "is that of another model")
    known = set(names) if len(names) > 1 else {""}
    for number, segment in enumerate(found.segments):
        if segment.model not in known:
            problem = (
                "is not the name of one of several models" if segment.model else "is missing: there are several models"
            )
            raise MismatchError(f"segments[{number}].model", problem)
    for number, scores in enumerate(found.scores):
        if scores.model not in names:
            raise MismatchError(f"scores[{number}].model", "is not the name of a model")


def _scores(fields: _ScoresFields, where: str) -> Scores:
    import numpy as np  # the command line imports this file to name the formats: numpy costs it 0.1 s

    times, labels, rows = fields.times, fields.labels, fields.values
    if len(rows) != len(times) or any(len(row) != len(labels) for row in rows):
        raise MismatchError(f"{where}.values", f"is not a table of {len(times)} times by {len(labels)} labels")
    return Scores(
        model=fields.model,
        times=np.array(times, dtype=np.float64),
        labels=labels,
        values=np.array(rows, dtype=np.float32).reshape(len(times), len(labels)),
    )
