"""Videos for browsers, seen from the owner: a process for one video, watched and ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vidlabel.child_process import SINGLE_THREADED, ChildProcess, LineReader, start_command
from vidlabel.errors import DecodeError, OutputError, VideoError, VidlabelError
from vidlabel.video.isolation.messages import BrokenMessageError, Failed
from vidlabel.video.isolation.pool import MEMORY_LIMIT_BYTES
from vidlabel.video.isolation.process import how_it_ended
from vidlabel.video.preview.messages import (
    Describe,
    MakePreview,
    PreviewEnd,
    PreviewMessage,
    PreviewOrder,
    PreviewProgress,
    VideoDescription,
    decode_preview,
    encode_preview,
)

LINES = 480
"""Most lines of a copy."""
TIMEOUT_S = 60.0
"""Seconds without a sign of life: a damaged file may keep FFmpeg in one packet for as long."""
_SLICE_S = 0.2
_GRACE_S = 1.0
_REMEDY = "copy it again or convert it to H.264"

OnBeat = Callable[[], None]
"""Called every 0.2 s at least; what it raises ends the process."""


def describe_video(
    path: Path, times_path: Path, on_beat: OnBeat, command: Sequence[str] = (), timeout_s: float = TIMEOUT_S
) -> VideoDescription:
    """Find out what a browser has to know of a video, in a process of its own.

    Args:
        path: the video.
        times_path: gets the seconds of each frame from the first presented one, as little-endian float64.
        on_beat: called while it lasts.
        command: what starts the process; empty: vidlabel's own.
        timeout_s: seconds without a sign of life until the process is ended.

    Raises:
        VideoError: the video cannot be read, or the process died or hung.
    """
    order = Describe(os.path.abspath(path), str(times_path), MEMORY_LIMIT_BYTES)  # noqa: PTH100 - links stay
    for message in _messages(order, path, on_beat, command, timeout_s):
        if isinstance(message, VideoDescription):
            return message
    raise AssertionError("messages end with an error")


def copy_for_browsers(
    path: Path,
    preview_path: Path,
    times_path: Path,
    description: VideoDescription,
    on_progress: Callable[[float], None],
    on_beat: OnBeat,
    command: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
) -> PreviewEnd:
    """Write a copy of a video that browsers play, in a process of its own.

    Args:
        path: the video.
        preview_path: the copy, an MP4.
        times_path: as in `describe_video`, of the frames in the copy.
        description: of the video.
        on_progress: called with the seconds that are done.
        on_beat: called while it lasts.
        command: what starts the process; empty: vidlabel's own.
        timeout_s: seconds without a sign of life until the process is ended.

    Raises:
        VideoError: the video cannot be read, or the process died or hung.
        OutputError: the copy cannot be written.
    """
    short_side = preview_short_side(description.width, description.height)
    whole_path = os.path.abspath(path)  # noqa: PTH100 - links stay
    order = MakePreview(whole_path, str(preview_path), str(times_path), short_side, MEMORY_LIMIT_BYTES)
    for message in _messages(order, path, on_beat, command, timeout_s):
        if isinstance(message, PreviewProgress):
            on_progress(message.seconds)
        elif isinstance(message, PreviewEnd):
            return message
    raise AssertionError("messages end with an error")


def preview_short_side(width: int, height: int) -> int:
    """Shorter side of the copy of a video with this shown size: even, with `LINES` lines at most."""
    short = min(width, height)
    scaled = short if height <= LINES else short * LINES // height
    return max(2, scaled - scaled % 2)


def _messages(
    order: PreviewOrder, path: Path, on_beat: OnBeat, command: Sequence[str], timeout_s: float
) -> Iterator[PreviewMessage]:
    """What the process sends; it goes on until the process is lost or fails, which is an error."""
    try:
        process = ChildProcess(command or start_command("vidlabel.video.preview.child"), SINGLE_THREADED)
    except OSError as error:
        problem = f"cannot be started ({error.strerror})"
        raise VidlabelError("preview process", problem, "close other programs and try again") from error
    try:
        process.send(encode_preview(order))
        output = LineReader(process.stdout)
        silent_s = 0.0
        while silent_s < timeout_s:
            line = output.read_line(_SLICE_S)
            on_beat()
            silent_s = silent_s + _SLICE_S if line is None else 0.0
            if line is not None:
                yield _message(line, process, path)
        raise _lost(path, f"the process gave no sign of life for {timeout_s:g} s")
    finally:
        process.end()
        process.close()


def _message(line: bytes, process: ChildProcess, path: Path) -> PreviewMessage:
    if not line:
        raise _lost(path, f"the process {how_it_ended(process)}")
    try:
        message = decode_preview(line)
    except BrokenMessageError as error:
        raise _lost(path, f"the process sent {error}") from error
    if isinstance(message, Failed):
        kind = OutputError if message.kind == OutputError.__name__ else VideoError
        raise kind(path if kind is VideoError else message.subject, message.problem, message.remedy)
    return message


def _lost(path: Path, problem: str) -> DecodeError:
    return DecodeError(path, f"cannot be shown: {problem}", _REMEDY)
