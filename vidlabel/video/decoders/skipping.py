"""Reading with PyAV, decoding no more than samples need: for whole files whose codec says what that is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import av.error

from vidlabel.errors import DecodeError
from vidlabel.video.container.nal_units import nal_units
from vidlabel.video.container.open import last_packet, read_packets
from vidlabel.video.container.packets import NO_TIME
from vidlabel.video.container.source import VideoSource
from vidlabel.video.damage.stderr_log import PYAV_SIGNS, StderrLog
from vidlabel.video.decoders.base import DecodeStats, Picture
from vidlabel.video.decoders.convert import FrameConverter
from vidlabel.video.decoders.skip_plan import plan_omission, planned_pictures
from vidlabel.video.probe import Probe
from vidlabel.video.request import Heartbeat, SampleRequest, no_heartbeat

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_MOST_THREADS = 4
"""Each holds a picture more; with the memory that a decoding process may take, that is enough for any size."""


class SkippingReader:
    """Passes over packets without which all samples can be decoded.

    Pictures that no other refers to, and all that follow the last sample before decoding starts anew, are not decoded.
    It gives up at the first sign of damage: `PyavReader`, which decodes everything, then finds out what is lost. What
    is not decoded is looked through for holes; other damage there changes no sample and is not seen.

    Args:
        probe: of a file that `skipping_refusal` has nothing against.
        request: what is asked for.
        opened: the file as the probe left it, if it is still open.

    Raises:
        VideoError: the file is gone or changed.
    """

    name = "pyav"

    def __init__(self, probe: Probe, request: SampleRequest, opened: VideoSource | None = None) -> None:
        self.stats = DecodeStats()
        self._probe = probe
        self._plan = plan_omission(probe, request)
        self._maker = FrameConverter(*probe.sample_size(request.short_side), probe.orientation)
        # A decoder that is in use already takes no more threads.
        self._kept = None if opened is None or request.threads > 1 else opened.take_packets()
        self._opened = opened if opened is not None and self._kept is not None else VideoSource(probe.recording)
        self._stream: VideoStream = self._opened.stream
        self._end = len(probe.packets) if request.end_s is None else self._plan.end
        self._units = nal_units(self._stream)
        self._stderr_log = StderrLog(PYAV_SIGNS)
        if request.threads > 1:
            # Each decodes a picture of its own. FFmpeg takes its orders to skip with the packet, in all of them.
            self._stream.codec_context.thread_type = "FRAME"
            self._stream.codec_context.thread_count = min(request.threads, _MOST_THREADS)

    def pictures(self, heartbeat: Heartbeat = no_heartbeat) -> Iterator[Picture]:
        """Decode; see `FrameReader.pictures`."""
        frames = self._frames(heartbeat)
        yield from planned_pictures(self._plan, lambda time: self._next_wanted(frames, time))
        for _ in frames:
            pass  # The rest is looked through for holes.

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def _next_wanted(self, frames: Iterator[VideoFrame], time: int) -> npt.NDArray[np.uint8]:
        """Decode up to the frame at this tick."""
        for frame in frames:
            shown = NO_TIME if frame.pts is None else frame.pts - self._probe.first_pts
            if shown == time:
                return self._maker.rgb(frame)
            if shown > time:
                break
        raise self._failure("misses a frame")

    def _frames(self, heartbeat: Heartbeat) -> Iterator[VideoFrame]:
        """Frames as the decoder gives them, the wanted ones among them."""
        try:
            known = [] if self._kept is None else [self._kept.frames]
            packets = chain(self._packets(heartbeat), [last_packet(self._stream)])
            for frames in chain(known, (packet.decode() for packet in packets)):
                if self._stderr_log.has_new_errors():
                    raise self._failure("meets damage")
                for frame in frames:
                    if frame.is_corrupt:
                        raise self._failure("meets damage")
                    if frame.interlaced_frame:
                        raise self._failure("meets fields")
                    self.stats.frames += 1
                    yield frame
        except av.error.FFmpegError as error:
            raise self._failure("meets damage") from error

    def _packets(self, heartbeat: Heartbeat) -> Iterator[Packet[VideoStream]]:
        """Packets that have to be decoded; each marked whether the decoder may skip it."""
        times, plan, context = self._probe.packets.pts, self._plan, self._stream.codec_context
        skips = False
        for index, packet in self._numbered_packets(heartbeat):
            if isinstance(packet, av.error.FFmpegError):
                raise packet
            if not packet.size or packet.pts != times[index]:
                raise self._failure("meets another file")
            if not plan.wanted[index] and self._units is not None and not self._units.is_sound(packet):
                raise self._failure("meets damage")
            if plan.left_out[index]:
                continue
            if skips == plan.wanted[index]:
                skips = not skips
                context.skip_frame = "NONREF" if skips else "DEFAULT"
            yield packet

    def _numbered_packets(
        self, heartbeat: Heartbeat
    ) -> Iterator[tuple[int, Packet[VideoStream] | av.error.FFmpegError]]:
        """Packets that the decoder has not been given yet, up to the last that matters."""
        if self._kept is None:
            yield from zip(
                range(self._end), read_packets(self._opened.container, self._stream, heartbeat), strict=False
            )
            return
        for index in range(self._kept.decoded, self._end):
            heartbeat()
            yield index, self._kept.packets[index]

    def _failure(self, what: str) -> DecodeError:
        return DecodeError(self._probe.path, f"skipping frames {what}", "use the decoder pyav")
