"""Metadata of a video, known before anything but its first picture is decoded; and the size of its samples."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

from vidlabel.json_fields import Range, Text

if TYPE_CHECKING:
    from vidlabel.labels.result import VideoInfo
    from vidlabel.video.request import SampleRequest

Count = Annotated[int, Range(0, 1 << 63)]
Pixels = Annotated[int, Range(1, 1 << 24)]
ShortText = Annotated[str, Text(longest=1000)]

LARGEST_RATIO = 16
"""Longer side over shorter one that samples follow; a more extreme picture (or pixel shape) is squeezed to this."""


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """A subtitle stream of a video file."""

    index: Count
    """Of the stream."""
    codec: ShortText
    """FFmpeg's name: `mov_text`, `srt`, `ssa`, `webvtt`, `dvd_subtitle`, ..."""
    language: ShortText
    """As the file says, mostly three letters; empty where it does not."""
    is_text: bool
    """False for pictures of text."""
    is_default: bool = False
    is_forced: bool = False
    """Whether it holds only what is shown to everybody, such as translated signs."""


@dataclass(frozen=True, slots=True)
class VideoMetadata:
    """What callers of a reader may know of a video: a few numbers and names, no arrays.

    The limits are for messages of the decoding process, which is not believed.
    """

    size_bytes: Count
    container: ShortText
    """Name of FFmpeg's demuxer: `mov,mp4,m4a,3gp,3g2,mj2`, `matroska,webm`, `mpegts`, ..."""
    codec: ShortText
    shown_width: Pixels
    """Square pixels as shown."""
    shown_height: Pixels
    rotation: Annotated[int, Range(0, 270)]
    """Degrees counterclockwise that the stored picture is turned for showing: 0, 90, 180 or 270."""
    time_base: Fraction
    """Seconds of one tick."""
    start_time: Annotated[float, Range()]
    """Seconds on the container's clock at the first presented frame."""
    duration: Count
    """Ticks from the first presented frame to the end of the last."""
    frames: Count
    """Pictures to show."""
    audio_streams: Annotated[int, Range(0, 1 << 16)]
    """How many streams of sound there are."""
    subtitles: tuple[SubtitleTrack, ...]
    """Subtitle streams in the file, in its order."""

    @property
    def duration_s(self) -> float:
        """Seconds from the first presented frame to the end of the last."""
        return self.seconds(self.duration)

    @property
    def fps(self) -> float:
        """Frames over duration."""
        return self.frames / self.duration_s if self.duration else 0.0

    @property
    def text_track(self) -> SubtitleTrack | None:
        """The subtitle stream that is read: of those that hold text the default one, else the first; forced last."""
        texts = [track for track in self.subtitles if track.is_text]
        return min(texts, key=lambda track: (track.is_forced, not track.is_default), default=None)

    def seconds(self, ticks: int) -> float:
        """Ticks from the first presented frame as seconds, correctly rounded."""
        return ticks * self.time_base.numerator / self.time_base.denominator

    def gives_sound(self, request: SampleRequest) -> bool:
        """Whether samples come with the sound that is asked for."""
        return request.sound and (request.audio_stream or 0) < self.audio_streams

    def info(self, given_path: str) -> VideoInfo:
        """The facts that a result repeats.

        Args:
            given_path: the path as the user wrote it.
        """
        from vidlabel.labels.result import VideoInfo  # only what predicts needs results

        return VideoInfo(
            path=given_path,
            duration=self.duration_s,
            fps=self.fps,
            width=self.shown_width,
            height=self.shown_height,
            codec=self.codec,
            start_time=self.start_time,
            rotation=self.rotation,
            size_bytes=self.size_bytes,
        )


def shown_size(width: int, height: int, aspect: Fraction, swaps_sides: bool) -> tuple[int, int]:
    """Width and height in square pixels of a stored picture whose pixels are `aspect` times as wide as high."""
    shown_width = max(1, _round_half_up(width * aspect))
    return (height, shown_width) if swaps_sides else (shown_width, height)


def sample_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Width and height of a sample: the shorter side has `short_side` pixels, the other follows, even, aspect kept."""
    short, long = sorted((width, height))
    ratio = min(Fraction(long, short), Fraction(LARGEST_RATIO))
    if ratio == 1:
        return short_side, short_side
    other = max(short_side, 2 * _round_half_up(short_side * ratio / 2))
    return (other, short_side) if width > height else (short_side, other)


def _round_half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
