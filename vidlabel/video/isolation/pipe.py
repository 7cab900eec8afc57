"""Lines from a decoding process, with a limit on how long to wait for one and on how long one may be."""

from __future__ import annotations

import os
import select
from typing import BinaryIO

LONGEST_LINE = 1 << 20
"""Bytes. A process that writes a longer one is taken for broken."""
_CHUNK = 1 << 16


class LineReader:
    """Reads the standard output of a process when there is something to read.

    A queue and a thread would cost 0.2 ms a message, which is 5 % of decoding.

    Args:
        pipe: the output, which `close` closes.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe.fileno(), select.POLLIN)
        self._lines: list[bytes] = []
        self._rest = b""
        self._is_over = False

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line; the end of the output as b"", and None when nothing comes in time."""
        while not self._lines and not self._is_over:
            if not self._poll.poll(timeout_s * 1000):
                return None
            data = os.read(self._pipe.fileno(), _CHUNK)
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += lines
            self._is_over = not data or len(self._rest) > LONGEST_LINE
        return self._lines.pop(0) if self._lines else b""

    def close(self) -> None:
        """Close the pipe; its process has ended."""
        self._pipe.close()
