"""Reading with PyAV on a GPU (NVDEC): for whole files, and only as long as it is sure of every frame.

The hardware conceals damage without a word, and some streams it decodes not at all or differently cropped. So each
frame must come at the time that the packets promise, in the size that the CPU gave the first picture. At the first
doubt the reader gives up, and `PyavReader` goes on after the last picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import av.error
import numpy as np
from av.codec.hwaccel import HWAccel

from vidlabel.errors import DecodeError, DeviceError, VideoError
from vidlabel.video.container.nal_units import nal_units
from vidlabel.video.container.open import choose_stream, last_packet, open_container, read_packets
from vidlabel.video.damage.stderr_log import PYAV_SIGNS, StderrLog
from vidlabel.video.decoders.base import DecodeStats, Picture
from vidlabel.video.decoders.convert import FrameConverter
from vidlabel.video.decoders.skip_plan import plan_omission, planned_pictures
from vidlabel.video.probe import Probe
from vidlabel.video.request import Heartbeat, SampleRequest, no_heartbeat

if TYPE_CHECKING:
    import numpy.typing as npt
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CPU = "decode on the CPU"


@dataclass(frozen=True, slots=True)
class FrameDevice:
    """Where frames are decoded, and how they come from there; the tests have one on the CPU."""

    open: Callable[[Path], InputContainer]
    """Opens a file to be decoded there; raises DeviceError where that cannot be."""
    fetch: Callable[[VideoFrame], VideoFrame]
    """Brings a frame to main memory."""


def _open_on_gpu(path: Path) -> InputContainer:
    # Frames stay on the GPU until they are fetched: most are no samples.
    hwaccel = HWAccel("cuda", allow_software_fallback=False, is_hw_owned=True)
    try:
        container = open_container(path, hwaccel)
    except (VideoError, RuntimeError, NotImplementedError) as error:  # PyAV raises these where there is no decoder
        cause = error.__cause__
        reason = cause.strerror if isinstance(cause, av.error.FFmpegError) else str(error)
        raise DeviceError("decode device", f"CUDA: {reason}", _CPU) from error
    context = choose_stream(container, path).codec_context
    if not context.is_hwaccel:  # but another stream of the file, a cover picture perhaps, would be decoded there
        container.close()
        raise DeviceError("decode device", f"it has no decoder for {context.name}", _CPU)
    return container


def _from_gpu(frame: VideoFrame) -> VideoFrame:
    return frame if frame.sw_format is None else frame.reformat(format=frame.sw_format.name)


def _planar(frame: VideoFrame) -> VideoFrame:
    """The same numbers as the CPU's decoders lay them out.

    Where nothing is scaled, FFmpeg's filters take another way from NV12 to RGB: 3.5 grey levels apart on noise. (From
    P010 they do not; and a filter in place of this call would lose colour matrix and range.)
    """
    return frame.reformat(format="yuv420p") if frame.format.name == "nv12" else frame


NVDEC = FrameDevice(_open_on_gpu, _from_gpu)


class GpuReader:
    """Decodes on a GPU, and brings only the frames that are wanted to main memory.

    Args:
        probe: of a file that `gpu_refusal` has nothing against.
        request: what is asked for.
        device: where frames are decoded.

    Raises:
        DeviceError: no picture comes from there.
    """

    name = "pyav"

    def __init__(self, probe: Probe, request: SampleRequest, device: FrameDevice = NVDEC) -> None:
        self.stats = DecodeStats()
        self._probe = probe
        self._device = device
        self._plan = plan_omission(probe, request)
        self._end = len(probe.packets) if request.end_s is None else self._plan.end
        self._maker = FrameConverter(*probe.sample_size(request.short_side), probe.orientation)
        self._beat: Heartbeat = no_heartbeat
        self._stderr_log = StderrLog(PYAV_SIGNS)
        self._container = device.open(probe.path)
        self._stream: VideoStream = choose_stream(self._container, probe.path)
        self._units = nal_units(self._stream)
        frames = self._decode()
        try:  # Whether the driver decodes this codec, profile and size shows with the first picture alone.
            self._frames = chain([next(frames)], frames)
        except (DecodeError, StopIteration) as error:
            self.close()
            problem = error.problem if isinstance(error, DecodeError) else "it gives no picture"
            raise DeviceError("decode device", problem, _CPU) from error

    def pictures(self, heartbeat: Heartbeat = no_heartbeat) -> Iterator[Picture]:
        """Decode; see `FrameReader.pictures`."""
        self._beat = heartbeat
        try:
            yield from planned_pictures(self._plan, self._picture)
            for _ in self._frames:
                pass  # None may be missing to the end.
        except DecodeError as error:
            self.stats.warnings.append(f"{error.problem}; the CPU decodes on")
            raise

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _picture(self, time: int) -> npt.NDArray[np.uint8]:
        """Decode up to the frame at this tick."""
        frame = next(frame for shown, frame in self._frames if shown == time)  # `_decode` lets none be missing
        try:
            return self._maker.rgb(_planar(self._device.fetch(frame)))
        except av.error.FFmpegError as error:
            raise self._failure(f"does not hand out a frame ({error.strerror})") from error

    def _decode(self) -> Iterator[tuple[int, VideoFrame]]:
        """Every frame of the packets that are not left out, with its tick."""
        ticks = self._probe.packets.pts - self._probe.first_pts
        expected = iter(np.sort(ticks[~self._plan.left_out]).tolist())
        for packet in self._packets():
            for frame in self._frames_of(packet):
                time = None if frame.pts is None else frame.pts - self._probe.first_pts
                if time is None or time != next(expected, None):
                    raise self._failure("misses a frame")
                self.stats.frames += 1
                yield time, frame
        if next(expected, None) is not None:
            raise self._failure("misses a frame")

    def _frames_of(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            raise self._failure(f"does not decode it ({error.strerror})") from error
        if self._stderr_log.has_new_errors() or any(frame.is_corrupt for frame in frames):
            raise self._failure("meets damage")
        coded = self._probe.coded_width, self._probe.coded_height
        # The hardware crops at the right and at the bottom only.
        if any((frame.width, frame.height) != coded for frame in frames):
            raise self._failure("gives pictures of another size")
        return frames

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """Packets that have to be decoded, and the empty one that ends them."""
        times, left_out = self._probe.packets.pts, self._plan.left_out
        packets = read_packets(self._container, self._stream, lambda: self._beat())
        for index, packet in zip(range(self._end), packets, strict=False):
            if isinstance(packet, av.error.FFmpegError) or not packet.size or packet.pts != times[index]:
                raise self._failure("meets another file")
            if self._units is not None and not self._units.is_sound(packet):
                raise self._failure("meets damage")
            if not left_out[index]:
                yield packet
        yield last_packet(self._stream)

    def _failure(self, what: str) -> DecodeError:
        return DecodeError(self._probe.path, f"the GPU {what}", _CPU)
