from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.results import SCORES, SEGMENTS, result_of, result_of_two, segments, written
from vidlabel.errors import AnnotationError
from vidlabel.labels.formats.json import JsonWriter, result_schema
from vidlabel.labels.formats.json_reader import parse_result
from vidlabel.labels.formats.registry import FORMATS, Format
from vidlabel.labels.result import Result, Scores, Segment

JSON, JSON_LINES = FORMATS["json"], FORMATS["jsonl"]
VALIDATOR = jsonschema.Draft202012Validator(result_schema())

WANTED = """\
{
  "schema": "vidlabel.result/1",
  "status": "ok",
  "video": {
    "path": "videos/äh 1.mp4",
    "duration": 360001.5,
    "fps": 29.97,
    "width": 640,
    "height": 360,
    "codec": "h264",
    "start_time": -0.04,
    "rotation": 0,
    "size_bytes": 1234
  },
  "models": [
    {
      "name": "made-up",
      "labels": [
        "dog",
        "cat"
      ],
      "head": "gru",
      "streams": [
        "frames"
      ],
      "encoders": [
        "efficientnet-lite0"
      ],
      "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    }
  ],
  "run": {
    "rate": 2.0,
    "samples": 8,
    "decoder": "pyav",
    "decode_errors": 0,
    "decoded_ratio": 1.0,
    "device": "cpu",
    "runtime": "torch",
    "version": "0.1.0",
    "fingerprint": "ffffffffffffffffffffffffffffffff"
  },
  "segments": [
    {
      "start": 0.333,
      "end": 4.5,
      "label": "fall",
      "score": 0.9346
    }
  ]"""

ONE = (Segment(1 / 3, 4.5, "fall", 0.93456),)


def test_json_file_is_this_to_the_letter() -> None:
    assert written(JSON, result_of(ONE)).decode() == WANTED + "\n}\n"


def test_json_scores_have_a_row_a_line() -> None:
    scores = """,
  "scores": [
    {
      "model": "made-up",
      "times": [0.0, 0.5],
      "labels": ["fall", "walk"],
      "values": [
        [0.1235, 0.7],
        [1.0, 0.0]
      ]
    }
  ]
}
"""
    assert written(JSON, result_of(ONE, SCORES)).decode() == WANTED + scores


@pytest.mark.parametrize(
    "scores", [None, SCORES, Scores("made-up", np.zeros(0), ("fall",), np.zeros((0, 1), dtype=np.float32))]
)
def test_both_formats_hold_the_same_object_and_follow_the_schema(scores: Scores | None) -> None:
    result = result_of(SEGMENTS, scores)
    document = json.loads(written(JSON, result))
    VALIDATOR.validate(document)
    lines = written(JSON_LINES, result, result).decode().split("\n")
    assert [json.loads(line) for line in lines[:2]] == [document, document]
    assert lines[2:] == [""]


@given(st.lists(segments(st.text(min_size=1)), max_size=4), st.text(min_size=1))
def test_every_result_follows_the_schema(some: list[Segment], path: str) -> None:
    result = result_of(some, path=path)
    document = json.loads(written(JSON, result))
    VALIDATOR.validate(document)
    assert document["video"]["path"] == path
    assert [(s["start"], s["end"], s["label"]) for s in document["segments"]] == [
        (s.start, s.end, s.label) for s in some
    ]
    assert json.loads(written(JSON_LINES, result)) == document


@pytest.mark.parametrize("format_", [JSON, JSON_LINES])
def test_path_that_is_not_utf8_comes_back_byte_for_byte(format_: Format) -> None:
    name = b"caf\xe9 \xff.mp4"
    content = written(format_, result_of(path=os.fsdecode(name)))
    assert os.fsencode(json.loads(content)["video"]["path"]) == name
    assert b'"caf\\udce9 \\udcff.mp4"' in content


def test_same_result_gives_the_same_bytes() -> None:
    assert written(JSON, result_of(ONE, SCORES)) == written(JSON, result_of(ONE, SCORES))


@pytest.mark.parametrize("format_", [JSON, JSON_LINES])
def test_what_is_no_number_is_never_written(format_: Format) -> None:
    broken = Scores("made-up", np.array([0.0]), ("fall",), np.array([[math.nan]], dtype=np.float32))
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(format_, result_of(scores=broken))


def test_negative_zero_is_zero() -> None:
    scores = Scores("made-up", np.array([0.0]), ("fall",), np.array([[-1e-9]], dtype=np.float32))
    assert b"[0.0]\n" in written(JSON, result_of(scores=scores))


def test_scores_come_in_pieces() -> None:
    many = Scores("made-up", np.arange(500.0), ("fall",), np.full((500, 1), 0.5, dtype=np.float32))
    result: Result = result_of((), many)
    assert max(len(piece) for piece in JsonWriter().body(result) if "times" not in piece) < 2000


DOCUMENT = json.loads(written(JSON, result_of(SEGMENTS, SCORES)))


def read(content: bytes) -> Result:
    return parse_result(content, "a.mp4.json")


def test_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(result_schema())


@given(st.lists(segments(st.text(min_size=1)), max_size=4), st.text(min_size=1))
def test_what_is_written_is_read_back(some: list[Segment], path: str) -> None:
    result = result_of(some, path=path)
    back = read(written(JSON, result))
    assert (back.status, back.models, back.run) == (result.status, result.models, result.run)
    assert (back.video.path, back.video.duration, back.video.fps) == (path, 360001.5, 29.97)
    assert [(s.start, s.end, s.label) for s in back.segments] == [(s.start, s.end, s.label) for s in some]
    assert [s.score for s in back.segments] == pytest.approx([s.score for s in some], abs=0.5e-4)
    assert written(JSON, back) == written(JSON, result)


def test_the_share_of_each_stream_stands_in_its_segment() -> None:
    shares = (("frames", 0.75), ("audio", 0.25))
    result = result_of((Segment(1.0, 2.5, "fall", 0.875, stream_shares=shares), Segment(3.0, 4.0, "fall", 0.5)), SCORES)
    document = json.loads(written(JSON, result))
    VALIDATOR.validate(document)
    assert document["segments"][0]["streams"] == {"frames": 0.75, "audio": 0.25}
    assert "streams" not in document["segments"][1]
    assert parse_result(json.dumps(document), "a.json").segments == result.segments
    for wrong in (1.5, True, "half", None):
        document["segments"][0]["streams"]["audio"] = wrong
        assert not VALIDATOR.is_valid(document)
        with pytest.raises(AnnotationError, match=r"segments\[0\]\.streams\.audio: is not a number from 0 to 1"):
            parse_result(json.dumps(document), "a.json")


def test_scores_are_read_back_from_either_format() -> None:
    result = result_of(SEGMENTS, SCORES)
    for format_ in (JSON, JSON_LINES):
        (scores,) = read(written(format_, result)).scores
        assert scores.labels == SCORES.labels
        np.testing.assert_allclose(scores.times, [0.0, 0.5])
        np.testing.assert_allclose(scores.values, SCORES.values, atol=0.5e-4)


def test_every_cut_file_is_refused() -> None:
    whole = written(JSON, result_of(SEGMENTS[:1])).rstrip()
    for length in range(len(whole)):
        with pytest.raises(
            AnnotationError, match=r"^a\.mp4\.json: is not whole JSON .*; let vidlabel predict it again$"
        ):
            read(whole[:length])


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["schema", "video"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    with pytest.raises(AnnotationError):
        read(content)


PATHS: list[list[str | int]] = [
    [],
    *([key] for key in DOCUMENT),
    *(["video", key] for key in DOCUMENT["video"]),
    *(["models", 0, key] for key in DOCUMENT["models"][0]),
    *(["run", key] for key in DOCUMENT["run"]),
    ["segments", 0],
    *(["segments", 1, key] for key in DOCUMENT["segments"][0]),
    ["scores", 0],
    *(["scores", 0, key] for key in DOCUMENT["scores"][0]),
    ["scores", 0, "times", 0],
    ["scores", 0, "values", 0],
    ["scores", 0, "values", 0, 0],
    ["models", 0],
    ["models", 0, "labels", 0],
]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.sampled_from([[], {}, [[]], 0, -1, 10**400, 1e999, "ok", "vidlabel.result/2", {"schema": "vidlabel.result/1"}])
)


def changed(path: list[str | int], value: object) -> bytes:
    document: dict[str, Any] = {"top": json.loads(json.dumps(DOCUMENT))}
    place: Any = document
    key: str | int = "top"
    for step in path:
        place, key = place[key], step
    place[key] = value
    return json.dumps(document["top"]).encode()


@given(st.sampled_from(PATHS), VALUES)
def test_what_the_schema_refuses_the_reader_refuses(path: list[str | int], value: object) -> None:
    content = changed(path, value)
    try:
        read(content)
    except AnnotationError:
        return
    VALIDATOR.validate(json.loads(content))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["schema"], "vidlabel.result/2", r"schema: is vidlabel\.result/2, this version reads vidlabel\.result/1"),
        (["schema"], "else", r"schema: is not vidlabel\.result/1"),
        (["segments", 1, "end"], 0.0, r"segments\[1\]\.end: is not a number of at least 4\.5"),
        (["segments", 1, "score"], 1.5, r"segments\[1\]\.score: is not a number from 0 to 1"),
        (["segments", 0], {}, r"segments\[0\]\.start: is missing"),
        (["run", "fingerprint"], "", r"run\.fingerprint: is empty"),
        (["run", "rate"], 0, r"run\.rate: is 0"),
        (["video", "width"], 1.5, r"video\.width: is not a whole number of at least 0"),
        (["video", "rotation"], 45, r"video\.rotation: is not one of 0, 90, 180, 270"),
        (["video", "start_time"], 1e999, "is not a number that can be|is not whole JSON"),
        (["video"], [], "video: is not an object"),
        (["more"], 1, "more: is not known"),
        (["models", 0, "sha256"], "A" * 64, r"models\[0\]\.sha256: is not 64 hexadecimal digits"),
        (["models", 0, "labels"], [], r"models\[0\]\.labels: is empty"),
        (["models", 0, "labels"], [1], r"models\[0\]\.labels\[0\]: is not text"),
        (["models"], [], "models: is empty"),
        (["scores", 0, "values"], [[0.5, 0.5]], r"scores\[0\]\.values: is not a table of 2 times by 2 labels"),
        (["scores", 0, "values"], [0.5], r"scores\[0\]\.values\[0\]: is not an array"),
        (["scores", 0, "times"], 1, r"scores\[0\]\.times: is not an array"),
        (["scores", 0, "model"], "else", r"scores\[0\]\.model: is not the name of a model"),
        (["segments", 0, "model"], "made-up", r"segments\[0\]\.model: is not the name of one of several models"),
        (["status"], True, "status: is not one of ok, partial"),
    ],
)
def test_message_names_the_place_and_the_problem(path: list[str | int], value: object, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read(changed(path, value))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 200_000,
        b"1" * 5000,
        b'{"schema": NaN}',
        b"\xff\xfe{}",
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b"null",
        b"[]",
        b"{}",
    ],
)
def test_odd_files_are_refused(content: bytes) -> None:
    with pytest.raises(AnnotationError):
        read(content)


TWO_MODELS = json.loads(written(JSON, result_of_two(scores=True)))


def test_several_models_are_named_by_segments_and_scores() -> None:
    VALIDATOR.validate(TWO_MODELS)
    assert [model["name"] for model in TWO_MODELS["models"]] == ["made-up", "<other>"]
    assert TWO_MODELS["models"][1]["streams"] == ["frames", "motion"]
    assert [(segment["label"], segment["model"]) for segment in TWO_MODELS["segments"]] == [
        ("fall", "made-up"),
        ("a & b", "<other>"),
    ]
    assert [(scores["model"], len(scores["times"])) for scores in TWO_MODELS["scores"]] == [
        ("made-up", 2),
        ("<other>", 1),
    ]
    for format_ in (JSON, JSON_LINES):
        content = written(format_, result_of_two(scores=True))
        assert json.loads(content) == TWO_MODELS
        back = read(content)
        assert (back.models, back.segments) == (result_of_two().models, result_of_two().segments)
        assert written(format_, back) == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document["segments"][1].pop("model"), r"segments\[1\]\.model: is missing"),
        (lambda document: document["segments"][1].update(model="else"), r"segments\[1\]\.model: is not the name of"),
        (lambda document: document["segments"][1].update(model=None), r"segments\[1\]\.model: is not text"),
        (lambda document: document["models"][1].update(name="made-up"), r"models\[1\]\.name: is that of another model"),
        (lambda document: document["models"].pop(), r"segments\[0\]\.model: is not the name of one of several models"),
    ],
)
def test_segments_that_do_not_fit_their_models_are_refused(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    document = json.loads(json.dumps(TWO_MODELS))
    change(document)
    with pytest.raises(AnnotationError, match=message):
        read(json.dumps(document).encode())
