"""What a file of features says about itself: read back as written, and refused where it says anything else."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.origins import ORIGIN, SETTINGS
from vidlabel.features.provenance import Provenance


@given(
    video=st.text(),
    modified=st.integers(-(1 << 63), 1 << 63),
    duration=st.floats(0, 1e12),
    rate=st.floats(1e-6, 1e6),
    lag=st.none() | st.floats(0, 60),
)
def test_what_is_written_is_read(video: str, modified: int, duration: float, rate: float, lag: float | None) -> None:
    settings = replace(SETTINGS, rate=rate, lag_s=lag)
    origin = replace(ORIGIN, video=video, modified_ns=modified, duration_s=duration, settings=settings)
    assert Provenance.from_json(origin.to_json()) == origin


def test_the_text_names_its_version() -> None:
    content = json.loads(ORIGIN.to_json())
    assert content["schema"] == "vidlabel.features/1"
    assert content["settings"]["streams"] == ["frames", "motion"]


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
        ("settings.encoder_sha256", "0F" * 32, "64 hexadecimal digits"),
        ("settings.lag_s", "soon", "metadata.settings.lag_s"),
        ("settings.streams", "frames", "metadata.settings.streams: is not an array"),
        ("settings.colour", "red", "metadata.settings.colour: is not known"),
    ],
)
def test_what_cannot_be_is_named(path: str, value: object, problem: str) -> None:
    content: dict[str, Any] = json.loads(ORIGIN.to_json())
    place = content["settings"] if path.startswith("settings.") else content
    place[path.removeprefix("settings.")] = value
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


def test_streams_of_unlike_sizes_are_told() -> None:
    origin = replace(ORIGIN, stream_sizes=(3, 1))
    assert json.loads(origin.to_json())["stream_sizes"] == [3, 1]
    assert Provenance.from_json(origin.to_json()) == origin
    assert "stream_sizes" not in json.loads(ORIGIN.to_json())


@pytest.mark.parametrize("sizes", [None, 3, [0, 4], [1.5], [True], ["3"]])
def test_sizes_that_cannot_be_are_refused(sizes: object) -> None:
    content = json.dumps({**json.loads(ORIGIN.to_json()), "stream_sizes": sizes})
    with pytest.raises(ValueError, match=r"metadata\.stream_sizes"):
        Provenance.from_json(content)
