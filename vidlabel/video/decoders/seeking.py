"""Reading from the middle of a file, where that gives the very packets that reading from its start would give.

FFmpeg seeks exactly in MP4 and Matroska alone: their packets have times of their own, and an index. Even there damage,
or key frames that are none, may lead elsewhere, so that every seek is tried first, and left out where the packet table
does not say which packet comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av.error
import numpy as np

from vidlabel.video.container.open import choose_stream, open_container

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from vidlabel.video.probe import Probe

_LEAST_PACKETS = 500
"""Reading fewer takes less than opening the file once more: 10 ms."""


def seek_packet(container: InputContainer, stream: VideoStream, probe: Probe, number: int) -> int:
    """Go to a packet of a video, or to a key frame before it.

    Args:
        container: open, of which nothing was read.
        stream: of it.
        probe: of the file.
        number: of a key frame among the packets.

    Returns:
        The number of the packet that is read next; 0: the file is read from its start.
    """
    table = probe.packets
    if number < _LEAST_PACKETS or not _is_sought_exactly(probe, ("mov", "matroska")) or not table.all_timed:
        return 0
    tick = int(table.pts[number])
    with open_container(probe.recording) as trial:
        first = _time_after_seek(trial, choose_stream(trial, probe.path, probe.recording.stream), tick)
    if first is None:
        return 0
    found = np.flatnonzero(table.pts == first)
    if len(found) != 1 or found[0] > number:
        return 0
    container.seek(tick, stream=stream)
    return int(found[0])


def seek_sound(container: InputContainer, number: int, probe: Probe, tick: int) -> None:
    """Go to the last packet of sound before a time, or leave the file at its start.

    Args:
        container: open, of which nothing was read.
        number: of the audio stream.
        probe: of the file.
        tick: the time on the clock of the audio stream.
    """
    # In other containers sound may lie before the pictures that are shown with it, at which FFmpeg seeks.
    if tick <= 0 or not _is_sought_exactly(probe, ("mov",)):
        return
    with open_container(probe.recording) as trial:
        first = _time_after_seek(trial, trial.streams.audio[number], tick)
    if first is not None and first <= tick:
        container.seek(tick, stream=container.streams.audio[number])


def _is_sought_exactly(probe: Probe, formats: tuple[str, ...]) -> bool:
    table = probe.packets
    is_whole = not (table.jumps or table.repaired or table.breaks or table.holes or len(table.lost) or probe.truncated)
    return is_whole and probe.recording.is_whole_file and probe.container.startswith(formats)


def _time_after_seek(container: InputContainer, stream: Any, tick: int) -> int | None:  # noqa: ANN401 - of any kind
    """The time of the packet that comes after a seek; None where there is none."""
    try:
        container.seek(tick, stream=stream)
        return next((packet.pts for packet in container.demux(stream) if packet.size), None)
    except (av.error.FFmpegError, IndexError):
        return None
