"""Which streams there are, and what they need of the reading pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.features.streams.registry import (
    VIDEO_STREAMS,
    describe_streams,
    find_stream,
    lag_of,
    parse_streams,
    reading_request,
)
from vidlabel.stream_spec import VIEWS, PicturePreprocessing


def test_a_stream_is_found_by_its_name() -> None:
    assert VIDEO_STREAMS == ("frames", "motion", "pose", "audio", "text")
    assert [find_stream(name).name for name in VIDEO_STREAMS] == ["frames", "motion", "pose", "audio", "text"]
    with pytest.raises(UsageError, match="stream smell: this version cannot compute it"):
        find_stream("smell")


def test_streams_say_how_they_are_made() -> None:
    config = FeatureConfig(short_side=96, lag_s=0.25, encoder="efficientnet-lite1", scaling=PixelScaling(0.0, 255.0))
    frames, motion = describe_streams(config, ("frames", "motion"), "left-flipped")
    assert (frames.name, frames.size, motion.name, motion.size) == ("frames", 1280, "motion", 1280)
    pictures = PicturePreprocessing(short_side=96, view="left-flipped", mean=0.0, scale=255.0, resize_filter="bicubic")
    assert (frames.pictures, motion.pictures) == (pictures, replace(pictures, lag_s=0.25))
    assert frames.encoder == motion.encoder
    assert frames.encoder is not None
    assert (frames.encoder.name, frames.encoder.sha256[:8]) == ("efficientnet-lite1", "77cc7160")
    assert describe_streams(config, (), "whole") == ()


@pytest.mark.parametrize("name", VIDEO_STREAMS)
def test_a_stream_can_be_had_as_it_says_of_itself(name: str) -> None:
    for config in (FeatureConfig(), FeatureConfig(short_side=96, lag_s=1.0, encoder="efficientnet-lite2")):
        for view in VIEWS:
            assert find_stream(name).problem(find_stream(name).describe(config, view)) is None


def test_only_audio_asks_for_sound() -> None:
    config = FeatureConfig(audio_stream=1)
    assert reading_request(config, ("frames", "audio")).sound
    assert reading_request(config, ("audio",)).audio_stream == 1
    assert not reading_request(config, ("frames", "motion")).sound


def test_only_motion_asks_for_a_frame_before() -> None:
    config = FeatureConfig(rate=3.0, short_side=96, lag_s=0.25, decoder="pyav")
    with_motion, without = reading_request(config, ("frames", "motion")), reading_request(config, ("frames",))
    assert (with_motion.lag_s, without.lag_s) == (0.25, None)
    assert (lag_of(config, ["motion"]), lag_of(config, ["frames"])) == (0.25, None)
    assert (without.rate, without.short_side, without.decoder) == (3.0, 96, "pyav")


@pytest.mark.parametrize(
    ("text", "streams"),
    [("frames", ("frames",)), ("motion,frames", ("motion", "frames")), (" frames , motion ", ("frames", "motion"))],
)
def test_streams_keep_their_order(text: str, streams: tuple[str, ...]) -> None:
    assert parse_streams(text) == streams


@pytest.mark.parametrize("text", ["", "sound", "frames,", "frames,frames", "frames;motion", "frames motion", "Frames"])
def test_other_streams_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--streams: .* is not understood; give one or more of frames, motion, pose"):
        parse_streams(text)
