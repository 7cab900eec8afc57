"""One decoding process, seen from its owner: started, spoken to, watched and ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vidlabel.child_process import SINGLE_THREADED, ChildProcess, LineReader, start_command
from vidlabel.errors import InstallationError, VidlabelError
from vidlabel.video.isolation.messages import (
    BrokenMessageError,
    Message,
    Order,
    Ready,
    Setup,
    decode_message,
    encode,
)
from vidlabel.video.isolation.shared_memory import create_memory

if TYPE_CHECKING:  # a process is started before numpy is loaded, which takes 0.1 s
    import numpy as np
    import numpy.typing as npt

OUT_OF_MEMORY = 77
"""Exit status of a decoding process that met its memory limit."""

COLD_START_S = 60.0
"""Grace for loading the libraries: on a busy machine that takes many times the usual 0.3 s."""

_SLICE_S = 0.5
"""Silence is counted in slices of this length: after a stop (Ctrl-Z) of this process only one of them is wrong."""
_GRACE_S = 1.0
"""Seconds that a process gets to end by itself."""


class NativeOutput(Exception):  # noqa: N818 - no error of its own: it stands behind one, to be shown with --debug
    """What the libraries of a decoding process wrote before it failed."""


class LostProcessError(Exception):
    """A decoding process died, hung or spoke nonsense.

    Args:
        problem: what happened, in a few words.
        hung: whether it gave no sign of life.
        remedy: what the owner of the video can do.
    """

    def __init__(self, problem: str, hung: bool = False, remedy: str = "copy it again or convert it to H.264") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hung = hung
        self.remedy = remedy


def how_it_ended(process: ChildProcess) -> str:
    """How a process that has closed its output ended, as what it did: `was ended by signal 9`."""
    status = process.wait(_GRACE_S)
    if status == OUT_OF_MEMORY:
        return "ran out of memory"
    if status is not None and status < 0:
        return f"was ended by signal {-status}"
    last_line = "".join(f": {line}" for line in process.stderr_tail().strip().splitlines()[-1:])
    return f"ended with exit status {status}{last_line}"


def child_command() -> tuple[str, ...]:
    """What starts a decoding process."""
    return start_command("vidlabel.video.isolation.child")


class DecodeProcess:
    """A running decoding process. To be ended by `end`.

    Args:
        command: what starts it.
        memory_limit_bytes: it may take this much memory.

    Raises:
        VidlabelError: the system gives no process or memory.
    """

    def __init__(self, command: Sequence[str], memory_limit_bytes: int) -> None:
        self._memory_limit_bytes = memory_limit_bytes
        self._memory = create_memory()
        self._owner = os.getpid()
        self._is_ready = False
        self._lifeline: int | None = None
        try:
            self._process = self._start(command)
        except OSError as error:
            self._close_shared()
            problem = f"cannot be started ({error.strerror})"
            raise VidlabelError("decoding process", problem, "close other programs and try again") from error

    def _start(self, command: Sequence[str]) -> ChildProcess:
        their_end, self._lifeline = os.pipe()
        try:
            process = ChildProcess(command, SINGLE_THREADED, (int(self._memory.handle), their_end))
        finally:
            os.close(their_end)
        self._output = LineReader(process.stdout)
        process.send(encode(Setup(self._memory.handle, their_end, self._memory_limit_bytes)))
        return process

    def send(self, order: Order) -> None:
        """Give an order; that it did not arrive is noticed when the answer is awaited."""
        if self.is_usable:
            self._process.send(encode(order))

    def receive(self, timeout_s: float) -> Message:
        """The next message.

        Args:
            timeout_s: so long may it take.

        Raises:
            LostProcessError: there is none.
            InstallationError: the process could not even load its libraries.
        """
        if not self.is_usable:
            raise LostProcessError("reading was closed")
        if not self._is_ready:
            self._await_start(max(timeout_s, COLD_START_S))
        return self._next(timeout_s)

    def _await_start(self, timeout_s: float) -> None:
        try:
            self._is_ready = isinstance(self._next(timeout_s), Ready)
            problem = "its first word was not understood"
        except LostProcessError as loss:
            problem = loss.problem
        if not self._is_ready:
            words = self.stderr_tail()
            last_line = "".join(f", saying {line}" for line in words.strip().splitlines()[-1:])
            raise InstallationError(
                "decoding process", f"does not start: {problem}{last_line}", "install vidlabel again"
            ) from NativeOutput(words)

    def _next(self, timeout_s: float) -> Message:
        line = self._wait(timeout_s)
        if not line:
            raise self._how_it_ended()
        try:
            return decode_message(line)
        except BrokenMessageError as error:
            raise LostProcessError(f"the decoding process sent {error}") from error

    def _wait(self, timeout_s: float) -> bytes:
        waited = 0.0
        while True:
            slice_s = min(_SLICE_S, timeout_s - waited)
            line = self._output.read_line(slice_s)
            if line is not None:
                return line
            waited += slice_s
            if waited >= timeout_s:
                raise LostProcessError(f"gave no frame for {timeout_s:g} s", hung=True)

    def read(self, offset: int, data: npt.NDArray[np.uint8]) -> bool:
        """Fill `data` from the shared memory; false if that ends before."""
        return self._memory.read(offset, data)

    @property
    def is_usable(self) -> bool:
        """Whether it was not ended, and is this process's own: a fork of the owner must not talk to it."""
        return not self._process.is_closed and os.getpid() == self._owner

    def is_alive(self) -> bool:
        """Whether the process runs and can be used."""
        return self.is_usable and self._process.poll() is None

    def trim(self) -> None:
        """Between two videos: give back the memory of the last one."""
        self._memory.trim()
        self._process.empty_stderr()

    def stderr_tail(self) -> str:
        """The end of what the process wrote on its standard error for the last video."""
        return self._process.stderr_tail() if self.is_usable else ""

    def end(self) -> None:
        """End the process, whatever it does, and leave nothing behind."""
        if not self.is_usable:
            return
        self._process.end()
        self._process.close()
        self._close_shared()

    def _close_shared(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        self._memory.close()

    def _how_it_ended(self) -> LostProcessError:
        status = self._process.wait(_GRACE_S)
        if status is None:
            return LostProcessError("the decoding process broke off")
        if status == OUT_OF_MEMORY:
            problem = f"decoding took more than {self._memory_limit_bytes >> 20} MB of memory"
            return LostProcessError(problem, remedy="convert it to H.264 in a smaller size")
        if status >= 0:
            return LostProcessError(f"the decoding process ended with exit status {status}")
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        if name == "SIGKILL":  # Linux ends what takes the most memory when there is none left.
            problem = "the decoding process was ended by SIGKILL, perhaps because memory ran out"
            return LostProcessError(problem, remedy="close other programs, or give fewer --workers")
        return LostProcessError(f"the decoding process was ended by {name}")
