from __future__ import annotations

import json
import math
import os

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.results import SCORES, SEGMENTS, result_of, segments, written
from vidlabel.labels.formats.json import JsonFormat, JsonLinesFormat
from vidlabel.labels.formats.schema import result_schema
from vidlabel.labels.result import Result, Scores, Segment

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
  "model": {
    "name": "made-up",
    "labels": [
      "dog",
      "cat"
    ],
    "head": "gru",
    "encoder": "efficientnet-lite0",
    "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  },
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
    assert written(JsonFormat(), result_of(ONE)).decode() == WANTED + "\n}\n"


def test_json_scores_have_a_row_a_line() -> None:
    scores = """,
  "scores": {
    "times": [0.0, 0.5],
    "labels": ["fall", "walk"],
    "values": [
      [0.1235, 0.7],
      [1.0, 0.0]
    ]
  }
}
"""
    assert written(JsonFormat(), result_of(ONE, SCORES)).decode() == WANTED + scores


@pytest.mark.parametrize("scores", [None, SCORES, Scores(np.zeros(0), ("fall",), np.zeros((0, 1), dtype=np.float32))])
def test_both_formats_hold_the_same_object_and_follow_the_schema(scores: Scores | None) -> None:
    result = result_of(SEGMENTS, scores)
    document = json.loads(written(JsonFormat(), result))
    VALIDATOR.validate(document)
    lines = written(JsonLinesFormat(), result, result).decode().split("\n")
    assert [json.loads(line) for line in lines[:2]] == [document, document]
    assert lines[2:] == [""]


@given(st.lists(segments(st.text(min_size=1)), max_size=4), st.text(min_size=1))
def test_every_result_follows_the_schema(some: list[Segment], path: str) -> None:
    result = result_of(some, path=path)
    document = json.loads(written(JsonFormat(), result))
    VALIDATOR.validate(document)
    assert document["video"]["path"] == path
    assert [(s["start"], s["end"], s["label"]) for s in document["segments"]] == [
        (s.start, s.end, s.label) for s in some
    ]
    assert json.loads(written(JsonLinesFormat(), result)) == document


@pytest.mark.parametrize("format_", [JsonFormat(), JsonLinesFormat()])
def test_path_that_is_not_utf8_comes_back_byte_for_byte(format_: JsonFormat | JsonLinesFormat) -> None:
    name = b"caf\xe9 \xff.mp4"
    content = written(format_, result_of(path=os.fsdecode(name)))
    assert os.fsencode(json.loads(content)["video"]["path"]) == name
    assert b'"caf\\udce9 \\udcff.mp4"' in content


def test_same_result_gives_the_same_bytes() -> None:
    assert written(JsonFormat(), result_of(ONE, SCORES)) == written(JsonFormat(), result_of(ONE, SCORES))


@pytest.mark.parametrize("format_", [JsonFormat(), JsonLinesFormat()])
def test_what_is_no_number_is_never_written(format_: JsonFormat | JsonLinesFormat) -> None:
    broken = Scores(np.array([0.0]), ("fall",), np.array([[math.nan]], dtype=np.float32))
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(format_, result_of(scores=broken))


def test_negative_zero_is_zero() -> None:
    scores = Scores(np.array([0.0]), ("fall",), np.array([[-1e-9]], dtype=np.float32))
    assert b"[0.0]\n" in written(JsonFormat(), result_of(scores=scores))


def test_scores_come_in_pieces() -> None:
    many = Scores(np.arange(500.0), ("fall",), np.full((500, 1), 0.5, dtype=np.float32))
    result: Result = result_of((), many)
    assert max(len(piece) for piece in JsonFormat().body(result) if "times" not in piece) < 2000
