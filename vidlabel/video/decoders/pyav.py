"""Reading with PyAV: every packet in order. Right on every file, and goes on after damage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.video.frame import PictureType

from vidlabel.errors import DecodeError
from vidlabel.video.container.open import choose_stream, open_container, read_packets
from vidlabel.video.damage.coverage import Coverage, FrameClock, ShownOrder, make_coverage
from vidlabel.video.damage.stderr_log import PYAV_SIGNS, StderrLog
from vidlabel.video.decoders.base import DecodeStats, Picture
from vidlabel.video.decoders.convert import FrameConverter
from vidlabel.video.decoders.seeking import seek_packet
from vidlabel.video.probe import Probe
from vidlabel.video.request import Heartbeat, SampleRequest, no_heartbeat
from vidlabel.video.sampling import BEFORE_ALL, LagBuffer, SampleGrid, SampleSelector, grid_of

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_LONG_RUN = 5
"""This many rejected packets in a row spoil the frames after them; after fewer, pictures are a little off, and used."""
_SUSPECT_FRAMES = 300
"""Frames that are left out so at most: some streams have no further key frame, and recover."""


class PyavReader:
    """Decodes with PyAV, converting only the frames that are samples.

    Args:
        probe: of the file.
        request: what is asked for.
        after: samples lie after this tick; where another reader came to.

    Raises:
        VideoError: the file is gone or changed.
    """

    name = "pyav"

    def __init__(self, probe: Probe, request: SampleRequest, after: int = BEFORE_ALL) -> None:
        self.stats = DecodeStats()
        self._probe = probe
        self._keyframes = request.keyframes
        self._grid = grid_of(request, probe.time_base, after, probe.preceding)
        width, height = probe.sample_size(request.short_side)
        self._maker = FrameConverter(width, height, probe.orientation)
        self._container = open_container(probe.recording)
        self._stream: VideoStream = choose_stream(self._container, probe.path, probe.recording.stream)
        self._beat: Heartbeat = no_heartbeat
        self._stderr_log = StderrLog(PYAV_SIGNS)
        self._rejected_in_a_row = 0
        self._spoilt_from: int | None = None
        """Tick from which frames refer to what was rejected, until the next key frame."""
        self._suspects = 0
        times = probe.frame_times() if probe.lacks_shown_order and not request.keyframes else None
        self._order = None if times is None else ShownOrder(times + probe.first_pts)
        self._places = probe.packets.places
        self._spoilt = frozenset(np.flatnonzero(probe.packets.spoilt).tolist())
        """Numbers of the packets whose pictures refer to lost ones."""
        if self._spoilt:  # A frame then names its packet, also where the file has no times.
            self._stream.codec_context.flags |= Flags.copy_opaque
        if self._keyframes:
            self._stream.codec_context.skip_frame = "NONKEY"

    def pictures(self, heartbeat: Heartbeat = no_heartbeat) -> Iterator[Picture]:
        """Decode; see `FrameReader.pictures`."""
        grid, selector = self._grid, SampleSelector(self._grid)
        history: LagBuffer[VideoFrame] | None = None if grid.lag is None else LagBuffer(grid.lag)
        for time, frame in self.frames(heartbeat):
            if grid.is_past(time):
                return
            if history is not None:
                history.add(time, frame)
            mask = selector.takes(time)
            if mask:
                earlier = history.earlier(time) if history is not None else None
                picture = self._picture(time, frame, earlier, mask)
                if picture is not None:
                    yield picture
        if self.stats.frames == 0:
            raise DecodeError(
                self._probe.path, "not a single picture could be decoded", "copy it again or convert it to H.264"
            )

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _picture(self, time: int, frame: VideoFrame, earlier: VideoFrame | None, mask: int) -> Picture | None:
        try:
            rgb = self._maker.rgb(frame)
            return Picture(time, rgb, None if earlier is None else self._maker.rgb(earlier), mask)
        except av.error.FFmpegError:
            self.stats.decode_errors += 1
            return None

    def frames(self, heartbeat: Heartbeat = no_heartbeat) -> Iterator[tuple[int, VideoFrame]]:
        """Decode all frames in order with their ticks, up to the first one after the asked time.

        Some come before the asked time. What could not be decoded is counted in `stats`.

        Args:
            heartbeat: called often, also between frames.
        """
        self._beat = heartbeat
        clock = FrameClock(self._probe.first_pts, self._probe.step)
        # Key frames alone leave gaps on purpose.
        coverage = None if self._keyframes else make_coverage(self._probe, self._grid)
        try:
            for frame in self._decode():
                self.stats.frames += 1
                if frame.opaque in self._spoilt:
                    self.stats.decode_errors += 1
                    clock.pass_over(frame.pts)
                    continue
                time = clock.time(frame.pts if self._order is None else self._shown_time(frame, self._order))
                if time < 0 or self._is_spoilt(frame, time):
                    continue
                if coverage is not None and not self._grid.is_past(time):
                    coverage.frame(time, self.stats.decode_errors)
                    self.stats.lost, self.stats.holes = coverage.lost, coverage.holes
                yield time, frame
                if self._grid.is_past(time):
                    break
        finally:
            self._close_books(coverage, clock)

    def _shown_time(self, frame: VideoFrame, order: ShownOrder) -> int | None:
        return order.frame(frame.pts, frame.pict_type == PictureType.B)

    def _is_spoilt(self, frame: VideoFrame, time: int) -> bool:
        """Whether a frame does not show what was there at its time.

        The decoder says so of frames that it patched up itself. It does not of those that refer to what it rejected:
        after a key frame, or a long run of packets, they show what came before, until the next key frame.
        """
        if frame.is_corrupt:
            self.stats.decode_errors += 1
            return True
        if self._spoilt_from is None or time < self._spoilt_from:
            return False
        self._suspects += 1
        if frame.key_frame or self._suspects > _SUSPECT_FRAMES:
            self._spoilt_from = None
            return False
        return True

    def _note_damage(self) -> None:
        self.stats.decode_errors += 1
        if self._order is not None:
            self._order.damage()

    def _note_rejected(self, packet: Packet[VideoStream]) -> None:
        self._rejected_in_a_row += 1
        if packet.pts is not None and (packet.is_keyframe or self._rejected_in_a_row == _LONG_RUN):
            time = packet.pts if self._order is None else self._order.place_time(packet.pts)
            self._spoilt_from, self._suspects = time - self._probe.first_pts, 0

    def _close_books(self, coverage: Coverage | None, clock: FrameClock) -> None:
        if clock.disordered and not self.stats.decode_errors:
            self.stats.warnings.append(f"{clock.disordered} frames claim a time before the frame before them")
        if coverage is not None:
            coverage.finish(self.stats.decode_errors, self._probe.duration)
            self.stats.lost, self.stats.holes = coverage.lost, coverage.holes
        elif self.stats.decode_errors:
            share = self.stats.decode_errors / max(self.stats.decode_errors, self._promised())
            self.stats.lost = int(share * self._probe.duration)

    def _promised(self) -> int:
        return int(self._probe.packets.key.sum()) if self._keyframes else len(self._probe.packets)

    def _decode(self) -> Iterator[VideoFrame]:
        table = self._probe.packets
        start, holes = start_packet(self._probe, self._grid), frozenset(table.holes)
        key: npt.NDArray[np.bool_] = table.key
        zeroed = frozenset(np.flatnonzero(table.zeroed).tolist())
        index = seek_packet(self._container, self._stream, self._probe, start) - 1
        for packet in read_packets(self._container, self._stream, self._beat):
            if isinstance(packet, av.error.FFmpegError):
                self._note_damage()
                continue
            if packet.size:
                index += 1
                # Decoders of VP9 and AV1 do not know how to skip frames: they are not given the others.
                if index < start:
                    continue
                if index in holes:
                    self._note_damage()
                if index < table.first_decodable or (self._keyframes and index < len(key) and not key[index]):
                    continue
                if (table.jumps or table.repaired) and index < len(table):
                    packet.pts = int(table.pts[index])
                if self._spoilt:
                    packet.opaque = index
                if self._order is not None and index < len(table):  # It comes back with the frame, which it names.
                    packet.pts = int(self._places[index])
            yield from self._decode_packet(packet, index in zeroed)

    def _decode_packet(self, packet: Packet[VideoStream], is_zeroed: bool) -> list[VideoFrame]:
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self._stderr_log.has_new_errors()  # of what is counted already
            self._note_damage()
            self._note_rejected(packet)
            return []
        has_new_errors = self._stderr_log.has_new_errors()
        if is_zeroed:  # The decoder makes a picture of it, and says nothing.
            self._note_damage()
            self._note_rejected(packet)
        else:
            self._rejected_in_a_row = 0
            # Corrupt frames are counted later. What is heard at the end is of no frame: an index, perhaps.
            if has_new_errors and packet.size and not any(frame.is_corrupt for frame in frames):
                self._note_damage()
        if self._order is not None and packet.pts is not None:
            self._order.packet(packet.pts)
        return frames


def start_packet(probe: Probe, grid: SampleGrid) -> int:
    """Number of the packet at which decoding has to start, so that all asked frames and the one before come out.

    It is the last but one key frame before, since pictures after a key frame of an open group may still refer to the
    group before it. Packets before it are read and left alone where `seek_packet` does not reach it.
    """
    table = probe.packets
    if not table.all_timed or probe.lacks_shown_order:
        return 0
    keys = np.flatnonzero(table.key & (table.pts - probe.first_pts < grid.earliest_needed))
    return int(keys[-2]) if len(keys) > 1 else 0
