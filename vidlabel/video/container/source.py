"""A video file that is open, and what has come out of it already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av.error

from vidlabel.errors import VideoError
from vidlabel.video.container.encryption import refuse_encrypted
from vidlabel.video.container.joined import MP4, joined_starts
from vidlabel.video.container.open import check_file, choose_stream, open_undecoded, read_packets
from vidlabel.video.container.recording import Recording
from vidlabel.video.damage.cut_start import needs_key_frame
from vidlabel.video.damage.stderr_log import PYAV_SIGNS, StderrLog
from vidlabel.video.request import Heartbeat

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MOST_KEPT_BYTES = 4 << 20
"""Of a file whose packets are kept. To open and read it again, and to decode its first picture again, takes 8 of the
50 ms of a clip of 2 s. Larger files take so long to decode that it makes no difference."""

_FIRST_PICTURE_PACKETS = 250
"""The first picture is looked for in this many packets; a decoder hands it out 16 packets later at most."""


class FirstPicture:
    """Decodes packets until the first picture comes out."""

    def __init__(self) -> None:
        self.frames: list[VideoFrame] = []
        """What came out with it."""
        self.clean = True
        """Whether no packet was rejected before it."""
        self.tried = 0
        """Packets that the decoder was given."""
        self._met_key = False

    @property
    def frame(self) -> VideoFrame | None:
        """The first picture, once there is one."""
        return self.frames[0] if self.frames else None

    def offer(self, packet: Packet[VideoStream]) -> None:
        """Decode a packet, unless the picture is known or was looked for long enough."""
        if packet.is_keyframe and not self._met_key:
            self._met_key = True
            if self.tried and needs_key_frame(packet.stream):
                packet.stream.codec_context.flush_buffers()
                self.frames, self.clean, self.tried = [], True, 0
        if self.frames or self.tried > _FIRST_PICTURE_PACKETS:
            return
        self.tried += 1
        try:
            self.frames = packet.decode()
        except av.error.FFmpegError:
            self.clean = False


@dataclass(frozen=True, slots=True, eq=False)
class KeptPackets:
    """All of a small file, to be decoded on from where its first picture came out."""

    packets: list[Packet[VideoStream]]
    decoded: int
    """How many of them the decoder has been given."""
    frames: list[VideoFrame]
    """What it gave for them."""


class VideoSource(AbstractContextManager["VideoSource"]):
    """An open video file: its stream, its decoder, and its packets if it is small. A context manager that closes it.

    Args:
        source: the file, or one of several recordings in it.

    Raises:
        VideoError: it is no readable file, or FFmpeg knows no video in it.
    """

    def __init__(self, source: Path | Recording) -> None:
        self.recording = source if isinstance(source, Recording) else Recording(source)
        self.path = self.recording.path
        end = check_file(self.path)
        self.size_bytes = (end if self.recording.end is None else min(self.recording.end, end)) - self.recording.start
        refuse_encrypted(self.recording, self.size_bytes)
        with ExitStack() as undoing:
            self.container: InputContainer = undoing.enter_context(self._open())
            self.stream: VideoStream = choose_stream(self.container, self.path, self.recording.stream)
            undoing.pop_all()
        self.first = FirstPicture()
        self._packets: list[Packet[VideoStream]] | None = [] if self.size_bytes <= MOST_KEPT_BYTES else None
        self._stderr_log = StderrLog(PYAV_SIGNS)
        self.handed_over = False
        """Whether a reader goes on with its decoder."""

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def _open(self) -> InputContainer:
        """Open the file; only its first recording where FFmpeg cannot open it with the others, as a fragmented MP4."""
        try:
            return open_undecoded(self.recording)
        except VideoError:
            with self.path.open("rb") as file:
                starts = joined_starts(MP4, file, self.size_bytes) if self.recording.is_whole_file else []
            if not starts:
                raise
            self.recording = Recording(self.path, 0, starts[0])
            return open_undecoded(self.recording)

    def read(self, heartbeat: Heartbeat) -> Iterator[Packet[VideoStream] | av.error.FFmpegError]:
        """All packets of the stream, as `read_packets` gives them."""
        for packet in read_packets(self.container, self.stream, heartbeat):
            if isinstance(packet, av.error.FFmpegError):
                self._packets = None
            elif packet.size and self._packets is not None:
                self._packets.append(packet)
            yield packet

    def take_packets(self) -> KeptPackets | None:
        """What was read; None if it was not kept, was taken before, or if there was a sign of damage."""
        packets, self._packets = self._packets, None
        # A decoder that was given the end as well gives no more.
        if packets is None or not self.first.frames or self.first.tried > len(packets):
            return None
        self.handed_over = self.first.clean and not self._stderr_log.has_new_errors()
        return KeptPackets(packets, self.first.tried, self.first.frames) if self.handed_over else None
