"""The process that writes videos: decodes and encodes for its owner, and can be killed at any time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from vidlabel.child_process import OWNER_GONE, claim_standard_output
from vidlabel.errors import OutputError, VidlabelError
from vidlabel.video.isolation.child import die_with_owner, limit_memory
from vidlabel.video.isolation.messages import Alive, Failed
from vidlabel.video.isolation.process import OUT_OF_MEMORY
from vidlabel.video_writing.clip import write_clip
from vidlabel.video_writing.media import Media
from vidlabel.video_writing.messages import (
    ClipOrder,
    CutVideo,
    NotWritten,
    OrderDone,
    Reached,
    RenderVideo,
    WriterMessage,
    Written,
    encode_message,
    read_order,
)
from vidlabel.video_writing.span import TimeSpan

_BEAT_S = 1.0

Send = Callable[[WriterMessage], None]


class _Heart:
    """Shows that this process lives, when that was not shown for a while.

    Args:
        send: takes messages.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._last = 0.0

    def beat(self) -> None:
        """Called for each packet."""
        if time.monotonic() - self._last > _BEAT_S:
            self._last = time.monotonic()
            self._send(Alive())


def cut_video(order: CutVideo, send: Send) -> None:
    """Write the clips of a video.

    Args:
        order: which ones.
        send: takes a message about each, and signs of life.

    Raises:
        VideoError: the video cannot be read.
        OutputError: a file cannot be written, so that no other one can, either.
    """
    media = Media(Path(order.path), _Heart(send).beat)
    for clip in order.clips:
        send(_cut(media, clip))
    send(OrderDone(media.warnings))


def _cut(media: Media, clip: ClipOrder) -> Written | NotWritten:
    span = TimeSpan(Fraction(clip.start_ms, 1000), Fraction(clip.end_ms, 1000))
    try:
        report = write_clip(media, span, Path(clip.path))
    except OutputError:
        raise
    except VidlabelError as error:
        return NotWritten(type(error).__name__, error.problem, error.remedy)
    return Written(report.copied, report.warnings)


def render_video(order: RenderVideo, send: Send) -> None:
    """Write a copy of a video with labels burnt in.

    Args:
        order: what is drawn.
        send: takes how far it has come, and signs of life.

    Raises:
        VideoError, OutputError, InstallationError: it cannot be written.
    """
    from vidlabel.video_writing.rendering import render  # Pillow: clips do without

    def reached(time_s: float, duration_s: float) -> None:
        """Say how far it is."""
        send(Reached(time_s, duration_s))

    media = Media(Path(order.path), _Heart(send).beat)
    send(OrderDone(render(media, order.segments, order.people, Path(order.output), reached)))


def main() -> None:
    """Entry point of the process."""
    outgoing = claim_standard_output()

    def send(message: WriterMessage) -> None:
        """Send at once."""
        outgoing.write(encode_message(message))
        outgoing.flush()

    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        os._exit(OWNER_GONE)
    die_with_owner(0)
    order = read_order(Path(os.fsdecode(line[:-1])).read_bytes())
    limit_memory(order.memory_limit_bytes)
    try:
        if isinstance(order, RenderVideo):
            render_video(order, send)
        else:
            cut_video(order, send)
    except VidlabelError as error:
        send(Failed(type(error).__name__, error.subject, error.problem, error.remedy))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(OWNER_GONE)


if __name__ == "__main__":
    main()
