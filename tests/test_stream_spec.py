"""What a stream says about its features: written and read, refused where it is impossible, and joined to others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heads.example_specs import external_stream, stream
from vidlabel.json_fields import exact_dataclass_from_json
from vidlabel.json_text import parse_json, to_json
from vidlabel.stream_spec import (
    VIEWS,
    EncoderInfo,
    PicturePreprocessing,
    StreamSpec,
    TensorInfo,
    TunedEncoder,
    check_streams,
    motion_columns,
    stream_columns,
)

TENSOR = TensorInfo(name="head.bias", shape=(5,))
TUNED = TunedEncoder(blocks=1, sha256="0f" * 32, tensors=(TENSOR,))
TUNABLE = EncoderInfo(name="efficientnet-lite0", sha256="ab" * 32)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
TENSORS = st.builds(
    TensorInfo,
    name=st.from_regex(r"[a-z0-9_.]{1,100}", fullmatch=True),
    shape=st.lists(st.integers(1, 1 << 20), min_size=1, max_size=4).map(tuple),
)
TUNINGS = st.builds(
    TunedEncoder,
    blocks=st.integers(1, 64),
    sha256=DIGESTS,
    tensors=st.lists(TENSORS, min_size=1, max_size=3, unique_by=lambda tensor: tensor.name).map(tuple),
)
ENCODERS = st.builds(
    EncoderInfo, name=st.from_regex(r"[a-z0-9-]{1,30}", fullmatch=True), sha256=DIGESTS, tuned=st.none() | TUNINGS
)
PICTURES = st.builds(
    PicturePreprocessing,
    short_side=st.integers(16, 4096),
    view=st.sampled_from(VIEWS),
    mean=st.floats(allow_nan=False, allow_infinity=False),
    scale=st.floats(0, exclude_min=True, allow_nan=False, allow_infinity=False),
    resize_filter=st.sampled_from(["area", "bilinear", "bicubic", "lanczos"]),
    lag_s=st.none() | st.floats(0, 60, exclude_min=True),
)
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True)
KNOWN = st.builds(StreamSpec, name=NAMES, size=st.integers(1, 1 << 20), encoder=ENCODERS, pictures=st.none() | PICTURES)
EXTERNAL = st.builds(StreamSpec, name=NAMES, size=st.integers(1, 1 << 20), encoder=st.none())


@given(KNOWN | EXTERNAL)
def test_what_is_written_is_read(spec: StreamSpec) -> None:
    assert exact_dataclass_from_json(StreamSpec, parse_json(to_json(spec)), "") == spec


@pytest.mark.parametrize(("name", "shape"), [("../x", (1,)), ("head.bias", ()), ("head.bias", (0,)), ("b", (1 << 30,))])
def test_impossible_tensors_are_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"encoder\.tuned"):
        TensorInfo(name=name, shape=shape)


def test_impossible_tunings_are_refused() -> None:
    for tuning, problem in (
        ({"blocks": 0}, "blocks must lie between 1 and 64"),
        ({"blocks": 65}, "blocks must lie between 1 and 64"),
        ({"sha256": "0F" * 32}, "sha256 is no SHA-256"),
        ({"tensors": ()}, "names no tensors"),
        ({"tensors": (TENSOR, replace(TENSOR, shape=(6,)))}, "names one twice"),
    ):
        with pytest.raises(ValueError, match=problem):
            replace(TUNED, **tuning)


def test_a_hash_that_is_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match=r"encoder\.sha256 is no SHA-256"):
        replace(TUNABLE, sha256="ab" * 31)


def test_an_encoder_whose_name_would_spoil_a_terminal_is_refused() -> None:
    with pytest.raises(ValueError, match="the encoder's name must be"):
        replace(TUNABLE, name="\x1b[31m")


def test_titles_say_what_was_tuned() -> None:
    assert TUNABLE.title == "efficientnet-lite0"
    assert replace(TUNABLE, tuned=TUNED).title == "efficientnet-lite0, last block tuned"
    assert replace(TUNABLE, tuned=replace(TUNED, blocks=3)).title == "efficientnet-lite0, last 3 blocks tuned"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"name": ""}, "name of a stream"),
        ({"name": "Frames"}, "name of a stream"),
        ({"name": "../x"}, "name of a stream"),
        ({"name": "a" * 41}, "name of a stream"),
        ({"name": "frames\n"}, "name of a stream"),
        ({"size": 0}, "size of a stream"),
        ({"size": 1 << 30}, "size of a stream"),
        ({"encoder": None}, "without an encoder"),
    ],
)
def test_impossible_streams_are_refused(changed: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(stream(), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"short_side": 1}, "short_side"),
        ({"mean": float("nan")}, "mean"),
        ({"scale": 0.0}, "scale"),
        ({"scale": float("inf")}, "scale"),
        ({"lag_s": 0.0}, "lag_s"),
        ({"lag_s": 61.0}, "lag_s"),
        ({"lag_s": float("nan")}, "lag_s"),
    ],
)
def test_impossible_pictures_are_refused(changed: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        stream(**changed)  # type: ignore[arg-type]


def test_streams_stand_side_by_side() -> None:
    streams = [stream("motion", 5, lag_s=0.1), stream("pose", 1), external_stream(3)]
    assert stream_columns(streams) == {"motion": slice(0, 5), "pose": slice(5, 6), "features": slice(6, 9)}
    assert motion_columns(streams) == [slice(0, 5)]
    assert motion_columns(streams[1:]) == []


def test_streams_that_cannot_be_joined_are_refused() -> None:
    for streams in ([], [stream(), stream(size=1)]):
        with pytest.raises(ValueError, match="each once"):
            check_streams(streams)
    with pytest.raises(ValueError, match="1048576 numbers together"):
        check_streams([stream(size=1 << 20), stream("motion", 1)])


def test_a_file_without_weights_names_what_was_tuned() -> None:
    plain = stream(encoder=TUNABLE)
    assert plain.without_weights() == plain
    assert external_stream().without_weights() == external_stream()
    found = replace(plain, encoder=replace(TUNABLE, tuned=TUNED)).without_weights()
    assert found == stream(encoder=EncoderInfo(name="efficientnet-lite0-tuned", sha256="0f" * 32))
