"""The process that describes or copies one video for its owner, and can be killed at any time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from vidlabel.child_process import OWNER_GONE, claim_standard_output, end_with_owner
from vidlabel.errors import VidlabelError
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.decoders.session import DecodeSession
from vidlabel.video.isolation.child import die_with_owner, limit_memory
from vidlabel.video.isolation.messages import Alive, Failed
from vidlabel.video.isolation.process import OUT_OF_MEMORY
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

_BEAT_S = 0.5

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


def carry_out(line: bytes, send: Send) -> PreviewMessage:
    """Do what an order asks for.

    Raises:
        VidlabelError: the video cannot be read, or the copy not be written.
    """
    last = 0.0

    def is_due() -> bool:
        """Whether nothing was sent for a while."""
        nonlocal last
        due = time.monotonic() - last > _BEAT_S
        last = time.monotonic() if due else last
        return due

    def heartbeat() -> None:
        """Show that this process lives."""
        if is_due():
            send(Alive())

    def on_progress(seconds: float) -> None:
        """Show how far the copy has come."""
        if is_due():
            send(PreviewProgress(seconds))

    order = read_preview_order(line)
    limit_memory(order.memory_limit_bytes)
    if isinstance(order, Describe):
        return describe(order, heartbeat)
    return make_preview(order, on_progress, heartbeat)


def main() -> None:
    """Entry point of the process."""
    outgoing = claim_standard_output()

    def send(message: PreviewMessage) -> None:
        """Send at once."""
        outgoing.write(encode_preview(message))
        outgoing.flush()

    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(OWNER_GONE)
    die_with_owner(0)
    end_with_owner()
    try:
        send(carry_out(line, send))
    except VidlabelError as error:
        send(Failed(type(error).__name__, error.subject, error.problem, error.remedy))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(OWNER_GONE)


if __name__ == "__main__":
    main()
