"""The process that describes or copies one video for its owner, and can be killed at any time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.decoders.session import DecodeSession
from vidlabel.video.isolation.child import limit_memory
from vidlabel.video.isolation.single_order import Heart, serve_order
from vidlabel.video.preview.browser_support import playing_obstacle
from vidlabel.video.preview.encode import make_preview, write_times
from vidlabel.video.preview.messages import (
    Describe,
    PreviewMessage,
    PreviewProgress,
    VideoDescription,
    encode_preview,
    read_preview_order,
)
from vidlabel.video.request import Heartbeat, SampleRequest

Send = Callable[[PreviewMessage], None]


def describe(order: Describe, heartbeat: Heartbeat) -> VideoDescription:
    """Find out whether browsers can play a file, and write the times of its frames where they can.

    Raises:
        VideoError: it cannot be read.
    """
    path = Path(order.path)
    with VideoSource(path) as opened:
        reading = open_reading(opened, SampleRequest(decoder="pyav"), heartbeat=heartbeat)
        if isinstance(reading, DecodeSession):
            obstacle = playing_obstacle(opened, reading.probe)
            ticks = reading.probe.frame_times()
        else:
            obstacle, ticks = "it joins several recordings, of which browsers play the first alone", None
        facts = reading.facts
        times = [] if ticks is None else [facts.seconds(tick) for tick in ticks.tolist()]
        write_times(Path(order.times_path), times)
        return VideoDescription(facts.duration_s, facts.shown_width, facts.shown_height, obstacle, reading.warnings)


def carry_out(line: bytes, send: Send) -> None:
    """Do what an order asks for.

    Raises:
        VidlabelError: the video cannot be read, or the copy not be written.
    """
    heart = Heart(send)

    def on_progress(seconds: float) -> None:
        """Show how far the copy has come."""
        if heart.is_due():
            send(PreviewProgress(seconds))

    order = read_preview_order(line)
    limit_memory(order.memory_limit_bytes)
    if isinstance(order, Describe):
        send(describe(order, heart.beat))
    else:
        send(make_preview(order, on_progress, heart.beat))


def main() -> None:
    """Entry point of the process."""
    serve_order(carry_out, encode_preview)


if __name__ == "__main__":
    main()
