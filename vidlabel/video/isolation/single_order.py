"""A child process that carries out one order of its owner: started, kept in touch, and ended with it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from vidlabel.child_process import OWNER_GONE, claim_standard_output, die_with_owner, end_with_owner
from vidlabel.errors import VidlabelError
from vidlabel.video.isolation.messages import Alive, Failed
from vidlabel.video.isolation.process import OUT_OF_MEMORY

_BEAT_S = 0.5


class Heart:
    """Shows that this process lives, when nothing was shown for a while.

    Args:
        send: takes messages.
    """

    def __init__(self, send: Callable[[Alive], None]) -> None:
        self._send = send
        self._last = 0.0

    def is_due(self) -> bool:
        """Whether nothing was sent for a while; whoever asks then sends something."""
        due = time.monotonic() - self._last > _BEAT_S
        if due:
            self._last = time.monotonic()
        return due

    def beat(self) -> None:
        """Called for each packet or frame."""
        if self.is_due():
            self._send(Alive())


def serve_order(carry_out: Callable[[bytes, Callable[[object], None]], None], encode: Callable[[Any], bytes]) -> None:
    """Carry out the order that stands in the first line of standard input; the entry point of such a process.

    Args:
        carry_out: does what a line orders, and sends messages.
        encode: makes a line of a message.
    """
    outgoing = claim_standard_output()

    def send(message: object) -> None:
        """Send at once."""
        outgoing.write(encode(message))
        outgoing.flush()

    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        os._exit(OWNER_GONE)
    die_with_owner(0)
    end_with_owner()
    try:
        carry_out(line, send)
    except VidlabelError as error:
        send(Failed(type(error).__name__, error.subject, error.problem, error.remedy))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(OWNER_GONE)
