"""Files that begin in the middle of a group of pictures: which of their first packets give no right picture."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.packet import Packet

from vidlabel.video.container.open import choose_stream, open_container, read_packets
from vidlabel.video.container.packets import UNSHOWN, PacketTable

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from vidlabel.video.container.recording import Recording

_FIRST_PICTURE_PACKETS = 250
_HELD_BACK = 2 * 16
"""A decoder holds back 16 pictures at most, and as many may lie between a key frame and the next one that it gives."""


def needs_key_frame(stream: VideoStream) -> bool:
    """Whether all pictures before the first key frame of a stream are wrong.

    Decoders of MPEG-4, H.263 and their kin show them all the same, others call each one damaged. H.264 can also begin
    without a key frame, by refreshing the picture part after part, and its decoder waits until that is done.
    """
    return stream.codec_context.name != "h264"


def mark_unshown(recording: Recording, stream: VideoStream, table: PacketTable, has_shown_order: bool) -> PacketTable:
    """Mark the packets at the start whose pictures refer to what is not in the file.

    Of H.264 with times, the time of the first picture that its decoder gives tells them.

    Args:
        recording: the video.
        stream: of it.
        table: its packets, not marked yet.
        has_shown_order: whether times, where there are any, say when pictures are shown.
    """
    if len(table.lost):  # The start may be among them: as damage it is found by the index.
        return table
    keys = np.flatnonzero(table.key)
    first_key = int(keys[0]) if len(keys) else 0
    start = first_key if needs_key_frame(stream) else 0
    unshown = np.arange(len(table)) < start
    if not table.all_timed or (first_key > 0 and not has_shown_order):
        unshown |= _without_picture(recording, table, start)
    return replace(table, flags=np.where(unshown, table.flags | UNSHOWN, table.flags)) if bool(unshown.any()) else table


def _without_picture(recording: Recording, table: PacketTable, start: int) -> npt.NDArray[np.bool_]:
    """(N,) which packets give no picture up to the first two that do; decodes some to find out.

    After a key frame at the start of an open group, those are missing that are shown before it.
    """
    shown = _first_shown(recording, start)
    missing = np.zeros(len(table), np.bool_)
    if shown:
        first = min(shown)
        missing[start:first] = True
        missing[first + 1 : min(shown - {first}, default=0)] = True
    return missing


def _first_shown(recording: Recording, start: int) -> set[int]:
    """Numbers of the first packets, from one on, that a decoder makes pictures of."""
    shown: set[int] = set()
    left = _FIRST_PICTURE_PACKETS
    with open_container(recording) as container:
        stream = choose_stream(container, recording.path, recording.stream)
        stream.codec_context.flags |= Flags.copy_opaque
        packets = (packet for packet in read_packets(container, stream) if isinstance(packet, Packet))
        for number, packet in enumerate(islice(packets, start, None), start):
            packet.opaque = number
            with suppress(av.error.FFmpegError):
                shown.update(frame.opaque for frame in packet.decode() if isinstance(frame.opaque, int))
            left = min(left, _HELD_BACK) if shown else left
            left -= 1
            if not left:
                break
    return shown
