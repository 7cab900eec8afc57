"""Decoding processes that are kept for the next video."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager

from vidlabel.errors import VidlabelError
from vidlabel.video.isolation.messages import ReadVideo
from vidlabel.video.isolation.process import DecodeProcess, child_command

MEMORY_LIMIT_BYTES = 4 << 30
"""Reading 8K H.264 was measured to take 0.6 GB; the largest picture that is let through takes 3.5 GB."""

_MOST_IDLE = 2

_ahead: list[DecodeProcess] = []
"""Started by `start_ahead` and not taken yet: one at most."""


def start_ahead() -> None:
    """Start a process for whichever pool asks first, while a program still loads the rest of itself.

    A process needs 0.35 s to load its libraries, a third of what labelling 5 s of video takes. One that no pool has
    asked for ends with this process. Where the system gives none, the pool that needs one says so.
    """
    if not _ahead:
        with contextlib.suppress(VidlabelError):
            _ahead.append(DecodeProcess(child_command(), MEMORY_LIMIT_BYTES))
        atexit.register(_end_ahead)


def _end_ahead() -> None:
    while _ahead:
        _ahead.pop().end()


class DecodePool(AbstractContextManager["DecodePool"]):
    """Decoding processes, each of which serves one video after the other. To be closed, or used as a context manager.

    Args:
        command: what starts a process; None: vidlabel's own.
        memory_limit_bytes: so much memory may a process take.
    """

    def __init__(self, command: Sequence[str] | None = None, memory_limit_bytes: int = MEMORY_LIMIT_BYTES) -> None:
        self._command = command
        self._memory_limit_bytes = memory_limit_bytes
        # Reentrant: while it is held, the garbage collector may end an abandoned reader, which gives its process back.
        self._lock = threading.RLock()
        self._idle: list[DecodeProcess] = []
        self._busy: set[DecodeProcess] = set()
        self._begun: tuple[ReadVideo, DecodeProcess] | None = None
        self._is_closed = False

    def start(self) -> None:
        """Start a process ahead of its first video, so that it loads its libraries in the meantime."""
        self.give_back(self.take())

    def read_ahead(self, order: ReadVideo) -> None:
        """Let a process begin with a video that `begin` will ask for next.

        Raises:
            VidlabelError: the system gives none.
        """
        self._begun = order, self.begin(order)

    def begin(self, order: ReadVideo) -> DecodeProcess:
        """A process that reads a video.

        Raises:
            VidlabelError: the system gives none.
        """
        with self._lock:
            begun, self._begun = self._begun, None
        if begun is not None:
            if begun[0] == order and begun[1].is_alive():
                return begun[1]
            self.discard(begun[1])
        process = self.take()
        process.send(order)
        return process

    def take(self) -> DecodeProcess:
        """A process that has nothing to do.

        Raises:
            VidlabelError: the system gives none.
        """
        process = self._take_idle()
        # Started outside the lock: that takes milliseconds, in which other threads can give processes back.
        if process is None:
            process = DecodeProcess(self._command or child_command(), self._memory_limit_bytes)
        with self._lock:
            if not self._is_closed:
                self._busy.add(process)
                return process
        process.end()
        raise _closed()

    def _take_idle(self) -> DecodeProcess | None:
        """A process that is alive and waits for work, if there is one."""
        while True:
            with self._lock:
                if self._is_closed:
                    raise _closed()
                process = self._idle.pop() if self._idle else self._take_ahead()
            if process is None or process.is_alive():
                return process
            process.end()

    def _take_ahead(self) -> DecodeProcess | None:
        """The process of `start_ahead`, where this pool would start the same."""
        if self._command is not None or self._memory_limit_bytes != MEMORY_LIMIT_BYTES:
            return None
        try:
            return _ahead.pop()
        except IndexError:  # None was started, or another pool has taken it.
            return None

    def give_back(self, process: DecodeProcess) -> None:
        """Take back a process that has nothing to do."""
        with self._lock:
            if process in self._busy and len(self._idle) < _MOST_IDLE:
                self._busy.remove(process)
                process.trim()
                self._idle.append(process)
                return
        self.discard(process)

    def discard(self, process: DecodeProcess) -> None:
        """End a process that is of no more use."""
        with self._lock:
            if process not in self._busy:  # `close` has ended it
                return
            self._busy.remove(process)
        process.end()

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes; whatever still reads from one finds it lost."""
        with self._lock:
            self._is_closed = True
            processes = [*self._idle, *self._busy]
            self._idle.clear()
            self._busy.clear()
        for process in processes:
            process.end()


def _closed() -> VidlabelError:
    return VidlabelError("decoding", "was closed", "open it again")
