"""Writing videos, seen from the owner: a process for one video, watched and ended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vidlabel.child_process import ChildProcess, LineReader, start_command
from vidlabel.errors import DecodeError, InstallationError, NoVideoStreamError, OutputError, VideoError, VidlabelError
from vidlabel.video.isolation.messages import Alive, BrokenMessageError, Failed
from vidlabel.video.isolation.pool import MEMORY_LIMIT_BYTES
from vidlabel.video.isolation.process import how_it_ended
from vidlabel.video_writing.messages import WriteOrder, WriterMessage, decode_message, encode_message

MEMORY_LIMIT = 2 * MEMORY_LIMIT_BYTES
"""Bytes. An encoder holds some 50 pictures beside what decoding takes."""
TIMEOUT_S = 300.0
"""Seconds without a sign of life until the process is ended: moving the index of a large file takes minutes."""
_GRACE_S = 1.0
_ERRORS: dict[str, type[VidlabelError]] = {
    kind.__name__: kind for kind in (VideoError, NoVideoStreamError, DecodeError, OutputError, InstallationError)
}


class WriterLostError(DecodeError):
    """The process that wrote a video died or hung."""


@contextmanager
def run_order(
    order: WriteOrder, shown: str, command: Sequence[str] = (), timeout_s: float = TIMEOUT_S
) -> Iterator[Iterator[WriterMessage]]:
    """Carry out an order in a process of its own.

    Args:
        order: what is written.
        shown: the video as the user gave it, for messages.
        command: what starts the process; empty: vidlabel's own.
        timeout_s: seconds without a sign of life until the process is ended.

    Yields:
        What the process sends, signs of life left out. Taking it raises `WriterLostError` where the process is lost,
        and the error that it ended with.

    Raises:
        VidlabelError: the process cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="vidlabel-") as folder:
        file = Path(folder, "order.json")
        file.write_bytes(encode_message(order))
        try:
            process = ChildProcess(command or start_command("vidlabel.video_writing.child"), {})
        except OSError as error:
            problem = f"cannot be started ({error.strerror})"
            raise VidlabelError("writing process", problem, "close other programs and try again") from error
        try:
            process.send(os.fsencode(file) + b"\n")
            yield _messages(process, shown, timeout_s)
        finally:
            process.end()
            process.close()


def error_of(kind: str, shown: str, problem: str, remedy: str) -> VidlabelError:
    """The error that the process has reported."""
    return _ERRORS.get(kind, VideoError)(shown, problem, remedy)


def _messages(process: ChildProcess, shown: str, timeout_s: float) -> Iterator[WriterMessage]:
    output = LineReader(process.stdout)
    while True:
        line = output.read_line(timeout_s)
        if line is None:
            raise _lost(shown, f"gave no sign of life for {timeout_s:g} s")
        if not line:
            raise _lost(shown, how_it_ended(process))
        try:
            message = decode_message(line)
        except BrokenMessageError as error:
            raise _lost(shown, f"sent {error}") from error
        if isinstance(message, Failed):
            is_of_output = message.kind == OutputError.__name__
            raise error_of(message.kind, message.subject if is_of_output else shown, message.problem, message.remedy)
        if not isinstance(message, Alive):
            yield message


def _lost(shown: str, problem: str) -> WriterLostError:
    return WriterLostError(shown, f"the process that wrote it {problem}", "convert the video to H.264 first")
