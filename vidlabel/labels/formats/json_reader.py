"""Reads JSON and JSON Lines that vidlabel wrote: whole results, or their segments as a table of labels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat
from typing import Annotated, NoReturn

from vidlabel.errors import AnnotationError
from vidlabel.json_fields import FilledText, MismatchError, Range, exact_dataclass_from_json
from vidlabel.labels.annotations import Annotation, LabelTable, LabelTableError, composed, label_table
from vidlabel.labels.formats.delimited import LineProblem, TableError, decode_text
from vidlabel.labels.result import SCHEMA, ModelInfo, Result, RunInfo, Scores, Segment, Status, VideoInfo

_REMEDY = "let vidlabel predict it again"
_OWN_SCHEMA = rf'"schema"\s*:\s*"{SCHEMA.partition("/")[0]}/'
_INDENTED = re.compile(rf"\s*\{{[ \t]*[\r\n]\s*{_OWN_SCHEMA}")
_ON_ONE_LINE = re.compile(rf"\s*\{{[ \t]*{_OWN_SCHEMA}")
_SEGMENT_START = re.compile(r'"start"\s*:')
"""Found once a segment: no other object of a result has this key, and quotes within text are escaped."""


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
