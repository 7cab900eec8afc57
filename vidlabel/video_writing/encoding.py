"""Encoders and the MP4 file that they write into."""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import av.error
from av.codec.codec import Codec, UnknownCodecError
from av.codec.context import Flags
from av.video.frame import PictureType

from vidlabel.errors import OutputError, VideoError
from vidlabel.video.container.orientation import UPRIGHT, Orientation

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from vidlabel.video_writing.media import Media, TimedFrame

AnyPacket = Any
"""A packet of any kind of stream."""

PIXELS = "yuv420p"
"""What every player shows."""

_H264 = "libx264"
_MPEG4 = "mpeg4"
_H264_OPTIONS = {"preset": "veryfast", "crf": "18"}
"""No loss that is seen, at 4 times the speed of x264's usual preset."""
_MPEG4_QUALITY = 3
_MPEG4_MOST_TICKS = 65535
"""A second (ISO/IEC 14496-2, 6.3.3: 16 bits)."""
_FINEST_CLOCK = 10**6
"""Ticks a second. MP4 stores durations in 32 bits: with a billion ticks, a frame could last 4 s at most."""
_COARSE_CLOCK = 90_000
_OF_THE_DISK = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS}
)
"""Errors after which no other file can be written, either."""
_LIMITED_RANGE = 1
"""FFmpeg's name for 16 to 235."""


@dataclass(frozen=True, slots=True)
class VideoShape:
    """How pictures are stored."""

    width: int
    height: int
    time_base: Fraction
    fps: Fraction
    """Nominal; the times of frames are exact all the same."""
    orientation: Orientation = UPRIGHT
    aspect: Fraction = Fraction(1)
    """Width of a pixel over its height."""
    interlaced: bool = False


def stored_shape(media: Media, frame: VideoFrame) -> VideoShape:
    """The shape of a video as it is stored, turned and scaled by the player as before.

    Args:
        media: the video.
        frame: its first one.
    """
    first = media.first
    return VideoShape(
        width=_even(frame.width),
        height=_even(frame.height),
        time_base=media.metadata.time_base,
        fps=nominal_rate(media),
        orientation=first.orientation,
        aspect=first.aspect,
        interlaced=frame.interlaced_frame,
    )


def nominal_rate(media: Media) -> Fraction:
    """Frames per second, in bounds that all encoders take."""
    fps = Fraction(media.metadata.fps).limit_denominator(1001)
    return min(max(fps, Fraction(1)), Fraction(240))


@contextlib.contextmanager
def open_mp4(path: Path) -> Iterator[OutputContainer]:
    """Open an MP4 for writing, its index at the start, so that it plays while it loads.

    Raises:
        OutputError: it cannot be written, or the disk is full.
        VideoError: FFmpeg cannot encode what it is given.
    """
    try:
        # The prefix keeps a name such as `a:b.mp4` from being taken for an address.
        with av.open(f"file:{os.fspath(path)}", "w", format="mp4", options={"movflags": "+faststart"}) as output:
            yield output
    except av.error.FFmpegError as error:
        reason = error.strerror or str(error)
        if error.errno in _OF_THE_DISK:
            raise OutputError(
                path, f"cannot be written ({reason})", "choose another place or free some space"
            ) from error
        raise VideoError(path, f"cannot be encoded ({reason})", "convert the video to H.264 first") from error


def write_interleaved(output: OutputContainer, tracks: Iterable[Iterator[AnyPacket]]) -> None:
    """Write the packets of streams in order of their times."""
    for packet in heapq.merge(*tracks, key=_decoding_s):
        output.mux(packet)


def _decoding_s(packet: AnyPacket) -> Fraction:
    return Fraction(packet.dts if packet.dts is not None else packet.pts or 0) * Fraction(packet.time_base)


class PictureEncoder:
    """Encodes pictures as H.264, or as MPEG-4 where FFmpeg has no encoder of that.

    Args:
        output: the file.
        shape: of the pictures.
        start_s: the time that becomes 0.
    """

    def __init__(self, output: OutputContainer, shape: VideoShape, start_s: Fraction) -> None:
        self._shape, self._start_s = shape, start_s
        name = video_encoder()
        most_ticks = _MPEG4_MOST_TICKS if name == _MPEG4 else _FINEST_CLOCK
        self._time_base = _bounded(shape.time_base, most_ticks)
        self._last = -1
        options = _H264_OPTIONS if name == _H264 else {}
        self._stream = cast("VideoStream", output.add_stream(name, rate=shape.fps, options=options))
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = shape.width, shape.height, PIXELS
        context.time_base, context.sample_aspect_ratio = self._time_base, shape.aspect
        if name == _MPEG4:
            context.qmin = context.qmax = _MPEG4_QUALITY
        if shape.interlaced:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        if shape.orientation != UPRIGHT:
            self._stream.set_display_rotation(shape.orientation.rotation, hflip=shape.orientation.mirrored)

    def describe_colours(self, frame: VideoFrame) -> None:
        """Take over from the first frame how its numbers mean colours."""
        context = self._stream.codec_context
        context.color_range = _LIMITED_RANGE
        if not frame.format.is_rgb:
            context.colorspace, context.color_primaries = frame.colorspace, frame.color_primaries
            context.color_trc = frame.color_trc

    def packets(self, frames: Iterable[TimedFrame]) -> Iterator[Packet[VideoStream]]:
        """Encode frames in order of time, keeping their times."""
        for timed in frames:
            frame = fit(timed.frame, self._shape.width, self._shape.height)
            frame.pts = self._last = max(self._tick(timed.time_s), self._last + 1)
            frame.time_base = self._time_base
            frame.duration = max(1, self._tick(timed.time_s + timed.lasts_s) - self._last)
            frame.pict_type = PictureType.NONE  # Not every key frame of the source has to be one.
            yield from self._stream.encode(frame)
        yield from self._stream.encode(None)

    def _tick(self, time_s: Fraction) -> int:
        return round((time_s - self._start_s) / self._time_base)


def fit(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """A frame in the pixels of an encoder: 8 bits, colour at half the resolution, the range 16 to 235.

    A frame that is so already is given back itself.
    """
    return frame.reformat(width=width, height=height, format=PIXELS, dst_color_range=_LIMITED_RANGE)


def video_encoder() -> str:
    """Name of the best encoder that this FFmpeg has."""
    try:
        Codec(_H264, "w")
    except UnknownCodecError:
        return _MPEG4
    return _H264


def _bounded(time_base: Fraction, most_ticks: int) -> Fraction:
    """A clock that a file can hold; most are left as they are."""
    if time_base.denominator <= most_ticks:
        return time_base
    return Fraction(1, min(_COARSE_CLOCK, most_ticks))


def _even(size: int) -> int:
    return size + size % 2
