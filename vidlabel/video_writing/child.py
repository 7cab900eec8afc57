"""The process that writes videos: decodes and encodes for its owner, and can be killed at any time."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from vidlabel.errors import OutputError, VidlabelError
from vidlabel.video.isolation.child import limit_memory
from vidlabel.video.isolation.single_order import Heart, serve_order
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

Send = Callable[[WriterMessage], None]


def cut_video(order: CutVideo, send: Send) -> None:
    """Write the clips of a video.

    Args:
        order: which ones.
        send: takes a message about each, and signs of life.

    Raises:
        VideoError: the video cannot be read.
        OutputError: a file cannot be written, so that no other one can, either.
    """
    media = Media(Path(order.path), Heart(send).beat)
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

    media = Media(Path(order.path), Heart(send).beat)
    send(OrderDone(render(media, order.segments, order.people, Path(order.output), reached)))


def carry_out(line: bytes, send: Send) -> None:
    """Do what the file orders whose path the line holds.

    Raises:
        VidlabelError: as `render_video` and `cut_video`.
    """
    order = read_order(Path(os.fsdecode(line[:-1])).read_bytes())
    limit_memory(order.memory_limit_bytes)
    if isinstance(order, RenderVideo):
        render_video(order, send)
    else:
        cut_video(order, send)


def main() -> None:
    """Entry point of the process."""
    serve_order(carry_out, encode_message)


if __name__ == "__main__":
    main()
