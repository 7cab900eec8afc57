"""Which encoder a model was trained on: what such facts may be, and how they are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vidlabel.heads.encoder_info import MAX_NAME_LENGTH, EncoderInfo, TensorInfo, TunedEncoder, check_name

TENSOR = TensorInfo(name="head.bias", shape=(5,))
TUNED = TunedEncoder(blocks=1, sha256="0f" * 32, tensors=(TENSOR,))
ENCODER = EncoderInfo(name="efficientnet-lite0", sha256="ab" * 32)


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
        replace(ENCODER, sha256="ab" * 31)


@pytest.mark.parametrize("name", ["", " a", "a\n", "two\nlines", "\x1b[31m", "a" * (MAX_NAME_LENGTH + 1)])
def test_names_that_would_spoil_a_terminal_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the name must be 1 to 200 printable characters"):
        check_name(name, "the name")
    with pytest.raises(ValueError, match="the encoder's name must be"):
        replace(ENCODER, name=name)


def test_names_of_any_language_are_fine() -> None:
    check_name("läuft, 歩く", "the name")


def test_titles_say_what_was_tuned() -> None:
    assert ENCODER.title == "efficientnet-lite0"
    assert replace(ENCODER, tuned=TUNED).title == "efficientnet-lite0, last block tuned"
    assert replace(ENCODER, tuned=replace(TUNED, blocks=3)).title == "efficientnet-lite0, last 3 blocks tuned"
