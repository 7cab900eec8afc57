"""Video streams of one file that follow each other in time: a recording that goes on in another track."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vidlabel.video.container import moving_streams, open_container
from vidlabel.video.recording import Recording

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

_MOST_OVERLAP_S = Fraction(1, 4)
"""Streams that overlap for longer are shown side by side, or one in place of the other."""
_INTERLEAVED = frozenset({"mpeg", "mpegts"})
"""In these containers, what lies side by side in the file is shown at the same time, whatever the clocks say."""


@dataclass(slots=True)
class _Extent:
    """Where a stream starts and ends: seconds on the container's clock, or bytes of the file."""

    index: int
    start: Fraction
    end: Fraction


def successive_streams(path: Path, chosen: int) -> tuple[Recording, ...]:
    """The chosen video stream of a file and those that end before it starts or start after it ends, in order of time.

    Args:
        path: the file; its packets are read.
        chosen: index of the stream that a player shows.
    """
    with open_container(path) as container:
        streams = moving_streams(container)
        if len(streams) < 2:
            return (Recording(path),)
        by_position = container.format.name in _INTERLEAVED
        extents = _extents(cast("Iterator[Packet[VideoStream]]", container.demux(streams)), by_position=by_position)
    if chosen not in extents:
        return (Recording(path),)
    chain = _chain(extents, chosen, Fraction(0) if by_position else _MOST_OVERLAP_S)
    if len(chain) == 1:
        return (Recording(path),)
    first, *rest = chain
    return (Recording(path, stream=first), *(Recording(path, stream=index, link="clock") for index in rest))


def _extents(packets: Iterator[Packet[VideoStream]], *, by_position: bool) -> dict[int, _Extent]:
    """By the stream's index: where it starts and ends."""
    extents: dict[int, _Extent] = {}
    for packet in packets:
        if packet.pts is None or packet.pos is None or packet.time_base is None:
            continue
        start = Fraction(packet.pos) if by_position else packet.pts * packet.time_base
        length = packet.size if by_position else (packet.duration or 0) * packet.time_base
        extent = extents.setdefault(packet.stream_index, _Extent(packet.stream_index, start, start))
        extent.start, extent.end = min(extent.start, start), max(extent.end, start + length)
    return extents


def _chain(extents: dict[int, _Extent], chosen: int, most_overlap: Fraction) -> list[int]:
    """Indices of streams that follow each other, the chosen one among them."""
    chain = [extents[chosen]]
    others = sorted((e for e in extents.values() if e.index != chosen), key=lambda extent: extent.start)
    for extent in others:
        if extent.start >= chain[-1].end - most_overlap:
            chain.append(extent)
    for extent in reversed(others):
        if extent.end <= chain[0].start + most_overlap:
            chain.insert(0, extent)
    return [extent.index for extent in chain]
