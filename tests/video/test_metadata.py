"""Facts of a video in seconds: worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.metadata import VideoMetadata

FACTS = VideoMetadata(
    size_bytes=1000,
    container="mpegts",
    codec="h264",
    shown_width=1080,
    shown_height=1920,
    rotation=90,
    time_base=Fraction(1, 90_000),
    start_time=1.4,
    duration=180_180,
    frames=60,
    audio_streams=2,
    subtitles=(),
)


def test_ticks_become_seconds_and_frames_a_rate() -> None:
    assert FACTS.duration_s == 2.002
    assert FACTS.fps == 60 / 2.002
    assert replace(FACTS, duration=0, frames=1).fps == 0


@given(st.integers(-(1 << 62), 1 << 62), st.integers(1, 10**6), st.integers(1, 10**6))
def test_seconds_are_the_nearest_float(ticks: int, numerator: int, denominator: int) -> None:
    facts = replace(FACTS, time_base=Fraction(numerator, denominator))
    assert facts.seconds(ticks) == float(Fraction(ticks * numerator, denominator))


def test_a_result_repeats_them() -> None:
    info = FACTS.info("videos/äh.ts")
    assert (info.path, info.duration, info.fps) == ("videos/äh.ts", 2.002, 60 / 2.002)
    assert (info.width, info.height, info.codec, info.start_time) == (1080, 1920, "h264", 1.4)
    assert (info.rotation, info.size_bytes) == (90, 1000)
