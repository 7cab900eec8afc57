"""Stretches of a video that can be cut out without decoding: where a key frame stands at the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av.error
import numpy as np

from vidlabel.video.container.open import choose_stream, open_container, read_packets
from vidlabel.video.container.packets import KEY, RESTART
from vidlabel.video.decoders.seeking import seek_packet
from vidlabel.video_writing.span import HALF_MILLISECOND, TimeSpan

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vidlabel.video.probe import Probe
    from vidlabel.video_writing.media import Media

_CODECS = frozenset({"h264", "hevc", "av1", "vp9"})
"""What MP4 holds and players of today show."""
_TELL_RESTARTS = frozenset({"h264", "hevc"})


@dataclass(frozen=True, slots=True)
class PacketRange:
    """Packets of a video stream, in file order, that give exactly the frames of a span."""

    first: int
    """Number of the first one, which is a key frame."""
    count: int
    start_s: Fraction
    """Time of its picture."""


def packet_range(media: Media, span: TimeSpan) -> PacketRange | None:
    """The packets that give a span as it is; None where it has to be encoded anew.

    They begin with a key frame that is shown within half a frame of the start, nothing in them refers to what comes
    before, and none is shown at or after the end. Files with a sign of damage, without time stamps in order, or in
    containers whose packets MP4 does not take as they are, are encoded.
    """
    found = media.only
    if found is None or not _is_plain(found):
        return None
    table = found.packets
    times = table.pts - found.first_pts
    start = _key_at(found, span.start_s)
    if start is None or bool((times[start:] < times[start]).any()) or bool((times[:start] >= times[start]).any()):
        return None
    end = int(-((HALF_MILLISECOND - span.end_s) // found.time_base))  # the first tick that is not part of it
    in_span = times[start:] < end
    count = int(in_span.sum())
    if not count or not bool(in_span[:count].all()):  # A frame of later is referred to.
        return None
    if bool((table.flags[start : start + count] & np.uint8(~(KEY | RESTART) & 0xFF)).any()):
        return None
    return PacketRange(start, count, int(times[start]) * found.time_base)


def _is_plain(found: Probe) -> bool:
    """Whether the packets of a file stand in MP4 as in the file itself."""
    table = found.packets
    is_mp4 = found.container.startswith("mov")
    # Matroska has no decoding times, and those that FFmpeg makes up for B-frames may be missing.
    holds_packets = is_mp4 or (found.container.startswith("matroska") and not found.reorders)
    is_whole = not (table.jumps or table.repaired or table.breaks or table.holes or len(table.lost) or found.truncated)
    return found.codec in _CODECS and holds_packets and is_whole and table.all_timed and not found.lacks_shown_order


def _key_at(found: Probe, start_s: Fraction) -> int | None:
    """Number of the packet of a key frame that is shown within half a frame of a time."""
    table = found.packets
    keys = np.flatnonzero(table.restarts if found.codec in _TELL_RESTARTS else table.key)
    if not len(keys):
        return None
    asked = start_s / found.time_base
    distances = np.abs(table.pts[keys] - found.first_pts - float(asked))
    nearest = int(distances.argmin())
    frame = Fraction(found.duration, max(1, found.frames))
    return int(keys[nearest]) if distances[nearest] <= float(frame / 2) else None


class PictureCopier:
    """Copies packets of a video stream, its turning and the shape of its pixels.

    Args:
        output: the file.
        media: the video.
        packets: which.
    """

    def __init__(self, output: OutputContainer, media: Media, packets: PacketRange) -> None:
        self._media, self._range, self._probe = media, packets, media.first
        self._container = open_container(self._probe.recording)
        self._source = choose_stream(self._container, media.path, self._probe.recording.stream)
        self._stream = output.add_stream_from_template(self._source, opaque=True)
        if self._probe.codec == "hevc":
            self._stream.codec_context.codec_tag = "hvc1"  # Apple's players show no other.

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """The packets, the first picture at 0."""
        start = int(self._range.start_s / self._probe.time_base) + self._probe.first_pts
        last = self._range.first + self._range.count
        with self._container:
            number = seek_packet(self._container, self._source, self._probe, self._range.first) - 1
            for packet in read_packets(self._container, self._source, self._media.heartbeat):
                if isinstance(packet, av.error.FFmpegError) or not packet.size:
                    continue
                number += 1
                if number >= last:
                    return
                if number < self._range.first or packet.pts is None:
                    continue
                dts = packet.pts if packet.dts is None else packet.dts
                packet.pts, packet.dts, packet.stream = packet.pts - start, dts - start, self._stream
                yield packet
