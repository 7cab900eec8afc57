"""Messages of a decoding process, which may be broken: a message, or an error that says so."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.isolation.messages import (
    BrokenMessageError,
    Failed,
    Finished,
    Order,
    Probed,
    ReadVideo,
    Release,
    SampleReady,
    Setup,
    Stats,
    Stop,
    decode_message,
    encode,
    read_orders,
)
from vidlabel.video.metadata import SubtitleTrack
from vidlabel.video.request import SampleRequest

FACTS = {
    "size_bytes": 1, "container": "avi", "codec": "h264", "shown_width": 4, "shown_height": 3, "rotation": 0,
    "time_base": [1, 25], "start_time": 0.5, "duration": 60, "frames": 60, "audio_streams": 1,
    "subtitles": [{"index": 1, "codec": "srt", "language": "eng", "is_text": True}],
}  # fmt: skip
WHOLE: dict[str, dict[str, Any]] = {
    "Probed": {"facts": FACTS, "first": 0, "end": 60, "warnings": ["joined"]},
    "Stats": {"decoder": "pyav", "decode_errors": 1, "lost": 2, "holes": [[3, 5]], "warnings": ["odd"]},
    "SampleReady": {"tick": 7, "has_earlier": True},
    "Finished": {"cpu_s": 1.5},
    "Failed": {"kind": "DecodeError", "subject": "a", "problem": "b", "remedy": "c"},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**400) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


def message(type_: str, /, **fields: object) -> bytes:
    return json.dumps({"type": type_, **fields}).encode()


def test_whole_messages_are_read() -> None:
    found = {kind: decode_message(message(kind, **fields)) for kind, fields in WHOLE.items()}
    opened = found["Probed"]
    assert isinstance(opened, Probed)
    assert opened.facts.duration_s == 2.4
    assert opened.facts.text_track == SubtitleTrack(1, "srt", "eng", is_text=True)
    assert found["Stats"] == Stats("pyav", 1, 2, ((3, 5),), ("odd",))
    assert found["SampleReady"] == SampleReady(7, True)
    assert found["Finished"] == Finished(1.5)
    assert found["Failed"] == Failed("DecodeError", "a", "b", "c")


@given(st.data(), st.sampled_from(sorted(WHOLE)), VALUES)
def test_any_other_value_is_taken_or_broken(data: st.DataObject, kind: str, value: object) -> None:
    fields = WHOLE[kind]
    name = data.draw(st.sampled_from(sorted(fields)))
    with suppress(BrokenMessageError):
        decode_message(message(kind, **{**fields, name: value}))
    if kind == "Probed":
        inner = data.draw(st.sampled_from(sorted(FACTS)))
        with suppress(BrokenMessageError):
            decode_message(message(kind, **{**fields, "facts": {**FACTS, inner: value}}))


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("Finished", "cpu_s", 10**400),
        ("Finished", "cpu_s", 1e301),
        ("SampleReady", "tick", 1 << 64),
        ("Stats", "holes", [[1, 2, 3]]),
        ("Stats", "warnings", "odd"),
        ("Probed", "end", -(1 << 64)),
        ("Probed", "facts", {**FACTS, "rotation": 271}),
        ("Probed", "facts", {**FACTS, "time_base": [1, 1 << 64]}),
        ("Probed", "facts", {**FACTS, "time_base": [0.5, 1]}),
        ("Finished", "cpu_s", float("nan")),
        ("Finished", "cpu_s", "1"),
        ("SampleReady", "tick", -1),
        ("SampleReady", "tick", True),
        ("SampleReady", "has_earlier", 1),
        ("Stats", "holes", [[1]]),
        ("Probed", "facts", {**FACTS, "time_base": [1, 0]}),
        ("Probed", "facts", {**FACTS, "shown_width": 0}),
    ],
)
def test_values_that_cannot_be_are_broken(kind: str, field: str, value: object) -> None:
    with pytest.raises(BrokenMessageError):
        decode_message(message(kind, **{**WHOLE[kind], field: value}))


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"7", b"[" * 100_000, b"\xff", b'{"type": "Other"}', b"{}"])
def test_lines_that_are_none(line: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        decode_message(line)


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, fields in WHOLE.items() for field in fields])
def test_messages_without_a_field_are_broken(kind: str, field: str) -> None:
    fields = {name: value for name, value in WHOLE[kind].items() if name != field}
    with pytest.raises(BrokenMessageError, match=field):
        decode_message(message(kind, **fields))


def test_texts_of_any_length_are_cut() -> None:
    found = decode_message(message("Failed", **{**WHOLE["Failed"], "problem": "x" * 100_000}))
    assert isinstance(found, Failed)
    assert found.problem == "x" * 1000


def test_orders_come_out_as_they_went_in() -> None:
    request = SampleRequest(rate=3, start_s=1.5, end_s=None, lag_s=0.25, decoder="pyav")
    orders: list[Order] = [Setup("3", 4, 5), ReadVideo("/a\udcff.mp4", request, 60.0, after=7), Release(2), Stop()]
    read = read_orders(io.BytesIO(b"".join(encode(order) for order in orders) + b'{"type": "St'))
    assert [read() for _ in range(5)] == [*orders, None]
