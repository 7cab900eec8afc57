"""Video streams of one file that follow each other in time: a recording that goes on in another track."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vidlabel.video.container.open import moving_streams, open_container
from vidlabel.video.container.recording import Recording

_MOST_OVERLAP_S = Fraction(1, 4)
"""Streams that overlap for longer are shown side by side, or one in place of the other."""
_INTERLEAVED = frozenset({"mpeg", "mpegts"})
"""In these, what lies side by side in the file is shown at the same time; their clocks may start again."""


@dataclass(slots=True)
class _Extent:
    """Where a stream starts and ends: seconds on the container's clock, or bytes of the file."""

    start: Fraction
    end: Fraction

    def include(self, start: Fraction, end: Fraction) -> None:
        """Reach from one to the other at least."""
        self.start, self.end = min(self.start, start), max(self.end, end)


def successive_streams(path: Path, chosen: int) -> tuple[Recording, ...]:
    """The chosen video stream of a file and those that end before it starts or start after it ends, in order of time.

    Args:
        path: the file; its packets are read.
        chosen: index of the stream that a player shows.
    """
    times: dict[int, _Extent] = {}
    places: dict[int, _Extent] = {}
    with open_container(path) as container:
        is_interleaved = container.format.name in _INTERLEAVED
        for packet in container.demux(moving_streams(container)):
            if packet.pts is None or packet.pos is None or packet.time_base is None:
                continue
            index, time, place = packet.stream_index, packet.pts * packet.time_base, Fraction(packet.pos)
            end = time + (packet.duration or 0) * packet.time_base
            times.setdefault(index, _Extent(time, end)).include(time, end)
            places.setdefault(index, _Extent(place, place)).include(place, place + packet.size)
    if chosen not in times:
        return (Recording(path),)
    chain = _chain(times, chosen, _MOST_OVERLAP_S)
    if is_interleaved and len(chain) == 1:
        chain = _chain(places, chosen, Fraction(0))
    if len(chain) == 1:
        return (Recording(path),)
    first, *rest = chain
    return (Recording(path, stream=first), *(Recording(path, stream=index, link="clock") for index in rest))


def _chain(extents: dict[int, _Extent], chosen: int, most_overlap: Fraction) -> list[int]:
    """Indices of streams that follow each other, the chosen one among them."""
    chain = [chosen]
    others = sorted((index for index in extents if index != chosen), key=lambda index: extents[index].start)
    for index in others:
        if extents[index].start >= extents[chain[-1]].end - most_overlap:
            chain.append(index)
    for index in reversed(others):
        if extents[index].end <= extents[chain[0]].start + most_overlap:
            chain.insert(0, index)
    return chain
