"""Standard input, output and error as a program finds them: closed, full, or unable to encode what is printed."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from vidlabel.errors import OutputError
from vidlabel.paths import reason_of

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_REPLACING = {"backslashreplace", "ignore", "namereplace", "replace", "xmlcharrefreplace"}


def prepare_standard_streams() -> None:
    """Make printing safe; to be called once, before anything else is opened.

    Standard output that cannot be written raises an OutputError, once; standard error that cannot be written is
    ignored, since nobody is left to read it. Characters outside the encoding of either are written as escapes.
    """
    _occupy_closed_descriptors()
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = _guarded(sys.stdout, _Output(1, "w", closefd=False))
    sys.stderr = _guarded(sys.stderr, _Messages(2, "w", closefd=False))


class _Output(io.FileIO):
    """Standard output: the first failure is an error, and the rest is dropped, as Python tries again at its end."""

    _failed = False

    def write(self, data: ReadableBuffer) -> int:
        """Write bytes.

        Raises:
            BrokenPipeError: the reader has gone.
            OutputError: anything else is wrong.
        """
        if self._failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self._failed = True
            problem = f"cannot be written ({reason_of(error)})"
            raise OutputError("standard output", problem, "send it to a file or program that takes it") from error


class _Messages(io.FileIO):
    """Standard error."""

    def write(self, data: ReadableBuffer) -> int:
        """Write bytes, or drop them."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _occupy_closed_descriptors() -> None:
    """Open the null device in place of closed streams: a file opened later would take their numbers, and be printed to.

    It is opened the other way round, so that reading and writing fail as on a closed stream.
    """
    for descriptor, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is not None:
            continue
        opened = os.open(os.devnull, os.O_WRONLY if descriptor == 0 else os.O_RDONLY)
        if opened == descriptor:
            os.set_inheritable(descriptor, True)
        else:  # a lower one is closed by design, or this one was taken by what Python has opened
            os.close(opened)


def _guarded(stream: TextIO | None, raw: io.FileIO) -> TextIO:
    """A text stream like the one there was, which writes through `raw` and never fails to encode."""
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
    if not isinstance(stream, io.TextIOWrapper) or type(_raw_of(stream)) is not io.FileIO:
        return stream  # a console of Windows, or what a program put there that runs vidlabel
    errors = stream.errors if stream.errors in _REPLACING else "backslashreplace"
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        stream.encoding,
        errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _raw_of(stream: io.TextIOWrapper) -> object:
    """The file below a text stream; `python -u` leaves the buffer out."""
    return getattr(stream.buffer, "raw", stream.buffer)
