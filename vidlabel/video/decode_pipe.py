"""Lines from a decoding process, with a limit on how long to wait for one and on how long one may be."""

from __future__ import annotations

import os
import sys
import threading
from queue import Empty, SimpleQueue
from typing import BinaryIO, Protocol

LONGEST_LINE = 1 << 20
"""Bytes. A process that writes a longer one is taken for broken."""
_CHUNK = 1 << 16


class LineReader(Protocol):
    """Reads the standard output of a process."""

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line; the end of the output as b"", and None when nothing comes in time."""
        ...

    def close(self) -> None:
        """Let go of the pipe; its process has ended."""
        ...


if sys.platform == "win32":

    class _ThreadReader:
        """Windows cannot wait for a pipe: a thread does."""

        def __init__(self, pipe: BinaryIO) -> None:
            self._pipe = pipe
            self._lines: SimpleQueue[bytes] = SimpleQueue()
            self._thread = threading.Thread(target=self._listen, daemon=True)
            self._thread.start()

        def _listen(self) -> None:
            while (line := self._pipe.readline(LONGEST_LINE)).endswith(b"\n"):
                self._lines.put(line)
            self._lines.put(b"")

        def read_line(self, timeout_s: float) -> bytes | None:
            """As the thread has read it."""
            try:
                line = self._lines.get(timeout=timeout_s)
            except Empty:
                return None
            if not line:
                self._lines.put(line)
            return line

        def close(self) -> None:
            """Wait for the thread, then close the pipe."""
            self._thread.join()
            self._pipe.close()

    def make_reader(pipe: BinaryIO) -> LineReader:
        """A reader of this pipe, which it closes in the end."""
        return _ThreadReader(pipe)

else:
    import select

    class _PollReader:
        """Reads when there is something; a queue and a thread cost 0.2 ms a message, which is 5 % of decoding."""

        def __init__(self, pipe: BinaryIO) -> None:
            self._pipe = pipe
            self._poll = select.poll()
            self._poll.register(pipe.fileno(), select.POLLIN)
            self._lines: list[bytes] = []
            self._rest = b""
            self._is_over = False

        def read_line(self, timeout_s: float) -> bytes | None:
            """From what has been read already, else from the pipe."""
            while not self._lines and not self._is_over:
                if not self._poll.poll(timeout_s * 1000):
                    return None
                data = os.read(self._pipe.fileno(), _CHUNK)
                *lines, self._rest = (self._rest + data).split(b"\n")
                self._lines += lines
                self._is_over = not data or len(self._rest) > LONGEST_LINE
            return self._lines.pop(0) if self._lines else b""

        def close(self) -> None:
            """Close the pipe."""
            self._pipe.close()

    def make_reader(pipe: BinaryIO) -> LineReader:
        """A reader of this pipe, which it closes in the end."""
        return _PollReader(pipe)
