"""Child processes that run vidlabel's own code: how they are started, fed, read, watched and ended.

Not `multiprocessing`, which would run the user's script again, and loses work or waits for ever when a child dies.
Owner and child exchange JSON objects, one a line, never a pickle.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, BinaryIO, cast

OWNER_GONE = 3
"""Exit status of a child whose owner has died."""

SINGLE_THREADED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Variables for a child that makes little use of linear algebra, whose threads would take 40 MB and spin at first."""

STDERR_TAIL_BYTES = 20_000
"""Bytes of a child's standard error that are kept."""

LONGEST_LINE = 1 << 20
"""Bytes. A process that writes a longer line is taken for broken."""
_CHUNK = 1 << 16

_START = "import sys; sys.path[:] = sys.argv[1:]; from {module} import main; main()"
"""Not `python -m`, which would search the current folder first: a `random.py` there would be taken for Python's own."""


def start_command(module: str) -> tuple[str, ...]:
    """The command that runs `main` of a module in a process that finds the same modules as this one."""
    return (sys.executable, "-c", _START.format(module=module), *sys.path)


class ChildProcess:
    """A running child with pipes for its standard input and output. To be ended by `end`, then `close`.

    Ctrl-C in a terminal goes to every process of a group; a child has a session of its own and is ended by its owner.

    Args:
        command: what starts it.
        environment: variables beside those of this process.
        pass_fds: file descriptors that the child inherits.

    Raises:
        OSError: the system gives no process.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int] = ()) -> None:
        self._stderr_file = _open_stderr_file()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr_file,
                start_new_session=True,
                pass_fds=pass_fds,
                env={**os.environ, **environment},
            )
        except OSError:
            self._stderr_file.close()
            raise
        self._stdin = cast("BinaryIO", self._process.stdin)
        self.stdout = cast("BinaryIO", self._process.stdout)
        # A child that does not read must not make its owner wait.
        os.set_blocking(self._stdin.fileno(), False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._stderr_file.closed

    def send(self, line: bytes) -> None:
        """Write a line to its standard input; that it did not arrive shows when the child's answer is awaited."""
        with contextlib.suppress(OSError, ValueError):  # It has died, or its input was closed.
            os.write(self._stdin.fileno(), line)

    def close_stdin(self) -> None:
        """Tell it that there is no more to read."""
        with contextlib.suppress(OSError):  # It has died with its pipe full.
            self._stdin.close()

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for its end, and give its exit status; None if it has not ended in time."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stderr_tail(self) -> str:
        """The end of what it wrote on its standard error."""
        self._stderr_file.seek(max(0, self._stderr_file.seek(0, os.SEEK_END) - STDERR_TAIL_BYTES))
        return self._stderr_file.read().decode("utf-8", "replace")

    def empty_stderr(self) -> None:
        """Forget what it wrote on its standard error so far."""
        self._stderr_file.truncate(0)

    def end(self, deadline: float = 0.0) -> int:
        """Wait for its end until a time of `time.monotonic`, then kill it; give its exit status."""
        status = self.wait(max(0.0, deadline - time.monotonic()))
        if status is None:
            self._process.kill()
            status = self._process.wait()
        return status

    def close(self) -> None:
        """Close its pipes and the file of its standard error, once it has ended."""
        self.close_stdin()
        self.stdout.close()
        self._stderr_file.close()


def _open_stderr_file() -> IO[bytes]:
    """A file without a name for standard error, which is read and emptied here while the process writes at its end."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `ChildProcess.close`
    # The mode "a+b" does not do it: the file is open already when it is looked at.
    fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
    return file


class LineReader:
    """Reads lines from a pipe, with a limit on how long to wait for one and on how long one may be.

    A queue and a thread would cost 0.2 ms a message, which is 5 % of decoding.

    Args:
        pipe: the standard output of a child.
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


class Watchdog:
    """Ends this process when `restart` is not called in time. There is one in a process.

    `faulthandler` does it from a thread in C, which needs no interpreter lock: signals and Python threads do not run
    while native code holds the lock.

    Args:
        timeout_s: seconds of silence.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def __enter__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Count from now."""
        faulthandler.dump_traceback_later(self._timeout_s, exit=True)

    def stop(self) -> None:
        """Stop counting."""
        faulthandler.cancel_dump_traceback_later()

    def __exit__(self, *_: object) -> None:
        self.stop()


def claim_standard_output() -> BinaryIO:
    """In a child: the standard output for its messages alone.

    Libraries print to standard output at will; from now on, that goes to standard error.
    """
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return outgoing


def end_with_owner() -> None:
    """In a child that reads no more: end this process when its owner dies, which closes its standard input."""

    def wait() -> None:
        """Read until the pipe is closed."""
        while os.read(0, 1):
            pass
        os._exit(OWNER_GONE)

    threading.Thread(target=wait, daemon=True).start()


def die_with_owner(lifeline: int) -> None:
    """Let the kernel end this process when its owner is gone, also while native code holds the interpreter lock.

    The owner holds the other end of the pipe and never writes. When its process ends, the kernel closes that end and
    sends the signal asked for here. (`prctl(PR_SET_PDEATHSIG)` would fire when the *thread* ends that started us.)
    """
    if sys.platform != "linux":
        return
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([lifeline], [], [], 0)[0]:  # it was gone before
        os._exit(OWNER_GONE)


def encode_line(message: object, fields: Mapping[str, Any], default: Callable[[Any], object]) -> bytes:
    """A message as a line of JSON that names its class.

    Args:
        message: an instance of its class.
        fields: its values.
        default: makes JSON of values that JSON does not have.
    """
    return json.dumps({"type": type(message).__name__, **fields}, default=default).encode("ascii") + b"\n"


def decode_line(line: bytes) -> dict[str, Any] | None:
    """The fields of a message, `type` among them; None for a line that is no JSON object with a type."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and "type" in fields else None
