"""The facts of a video that are known before anything but its first picture is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

from vidlabel.json_fields import Range, Text

if TYPE_CHECKING:
    from vidlabel.labels.result import VideoInfo

Count = Annotated[int, Range(0, 1 << 63)]
Pixels = Annotated[int, Range(1, 1 << 24)]
ShortText = Annotated[str, Text(longest=1000)]


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

    @property
    def duration_s(self) -> float:
        """Seconds from the first presented frame to the end of the last."""
        return self.seconds(self.duration)

    @property
    def fps(self) -> float:
        """Frames over duration."""
        return self.frames / self.duration_s if self.duration else 0.0

    def seconds(self, ticks: int) -> float:
        """Ticks from the first presented frame as seconds, correctly rounded."""
        return ticks * self.time_base.numerator / self.time_base.denominator

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
