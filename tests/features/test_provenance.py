"""What a file of features says about itself: read back as written, and refused where it says anything else."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.origins import ORIGIN, SETTINGS
from test_stream_spec import EXTERNAL, KNOWN
from vidlabel.features.provenance import Provenance
from vidlabel.stream_spec import StreamSpec


@given(
    video=st.text(),
    modified=st.integers(-(1 << 63), 1 << 63),
    duration=st.floats(0, 1e12),
    rate=st.floats(1e-6, 1e6),
    streams=st.lists(KNOWN | EXTERNAL, min_size=1, max_size=3, unique_by=lambda stream: stream.name),
)
def test_what_is_written_is_read(
    video: str, modified: int, duration: float, rate: float, streams: list[StreamSpec]
) -> None:
    assume(sum(stream.size for stream in streams) <= 1 << 20)
    settings = replace(SETTINGS, rate=rate, streams=tuple(stream.without_weights() for stream in streams))
    origin = replace(ORIGIN, video=video, modified_ns=modified, duration_s=duration, settings=settings)
    assert Provenance.from_json(origin.to_json()) == origin


def test_the_text_names_its_version() -> None:
    content = json.loads(ORIGIN.to_json())
    assert content["schema"] == "vidlabel.features/1"
    frames, motion = content["settings"]["streams"]
    assert (frames["name"], frames["size"], frames["encoder"]["sha256"]) == ("frames", 5, "5" * 64)
    assert (frames["pictures"]["lag_s"], motion["pictures"]["lag_s"]) == (None, 0.1)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("schema", "vidlabel.features/2", "metadata.schema"),
        ("size_bytes", -1, "metadata.size_bytes"),
        ("size_bytes", True, "metadata.size_bytes"),
        ("duration_s", float("nan"), "metadata.duration_s"),
        ("decoded_ratio", 1.5, "metadata.decoded_ratio"),
        ("decoder", "", "metadata.decoder: is empty"),
        ("settings", [], "metadata.settings: is not an object"),
        ("settings.rate", 0, "metadata.settings.rate"),
        ("settings.streams.0.encoder.sha256", "0F" * 32, "metadata: encoder.sha256 is no SHA-256"),
        (
            "settings.streams.1.pictures.lag_s",
            "soon",
            r"streams\[1\].pictures.lag_s: is not a number",
        ),
        (
            "settings.streams.0.encoder.tuned",
            {"blocks": 1, "sha256": "5" * 64, "tensors": [{"name": "head.bias", "shape": [5]}]},
            "metadata: encoder.tuned names tensors, which no file of features holds",
        ),
        ("settings.streams.0.size", 0, "metadata: the size of a stream"),
        ("settings.streams.0.size", [3], r"metadata.settings.streams\[0\].size: is not a whole number"),
        ("settings.streams.1.name", "frames", "metadata: streams must be named, each once"),
        ("settings.streams.0.colour", "red", r"metadata.settings.streams\[0\].colour: is not known"),
        ("settings.streams", [], "metadata: streams must be named"),
        ("settings.streams", "frames", "metadata.settings.streams: is not an array"),
        ("settings.streams", ["frames"], r"metadata.settings.streams\[0\]: is not an object"),
        ("settings.colour", "red", "metadata.settings.colour: is not known"),
    ],
)
def test_what_cannot_be_is_named(path: str, value: object, problem: str) -> None:
    content: dict[str, Any] = json.loads(ORIGIN.to_json())
    *parents, last = path.split(".")
    place: Any = content
    for parent in parents:
        place = place[int(parent) if parent.isdecimal() else parent]
    place[last] = value
    with pytest.raises(ValueError, match=problem):
        Provenance.from_json(json.dumps(content))


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=2))


@given(name=st.sampled_from(sorted(json.loads(ORIGIN.to_json()))), value=JSON)
def test_any_other_value_is_taken_or_a_value_error(name: str, value: object) -> None:
    content = json.loads(ORIGIN.to_json())
    content[name] = value
    for text in (json.dumps(content), json.dumps({key: v for key, v in content.items() if key != name})):
        with suppress(ValueError):
            assert getattr(Provenance.from_json(text), name, None) == content[name] or name in ("schema", "settings")


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000])
def test_text_that_is_no_object(text: str) -> None:
    with pytest.raises(ValueError, match=r"metadata"):
        Provenance.from_json(text)
