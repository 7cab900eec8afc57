"""Which streams there are, and what they need of the reading pass."""

from __future__ import annotations

from typing import get_args

import pytest

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import VIDEO_STREAMS, find_stream, lag_of, parse_streams, reading_request
from vidlabel.heads.spec import StreamName


def test_a_stream_is_found_by_its_name() -> None:
    assert VIDEO_STREAMS == ("frames", "motion")
    assert [find_stream(name).name for name in VIDEO_STREAMS] == ["frames", "motion"]
    with pytest.raises(UsageError, match="stream audio: this version cannot compute it"):
        find_stream("audio")


def test_models_may_name_every_stream() -> None:
    assert set(VIDEO_STREAMS) <= set(get_args(StreamName))


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
    with pytest.raises(UsageError, match=r"--streams: .* is not understood; give one or more of frames, motion"):
        parse_streams(text)
