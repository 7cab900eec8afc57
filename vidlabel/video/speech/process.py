"""Speech recognition, seen from its owner: a process for one video, watched and ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vidlabel.child_process import SINGLE_THREADED, ChildProcess, LineReader, start_command
from vidlabel.errors import DecodeError, InstallationError, UsageError, VideoError, VidlabelError
from vidlabel.video.isolation.messages import Alive, BrokenMessageError, Failed
from vidlabel.video.isolation.pool import MEMORY_LIMIT_BYTES
from vidlabel.video.isolation.process import how_it_ended
from vidlabel.video.speech.messages import SpeechEnd, SpeechMessage, Transcribe, decode_speech, encode_speech
from vidlabel.video.subtitles.transcript import SpokenLine, Transcript

TIMEOUT_S = 600.0
"""Seconds without a sign of life: the largest models take minutes for 30 s of sound on a busy core."""
_SLICE_S = 0.5
_GRACE_S = 1.0
_MODEL_COPIES = 4
"""Memory of a model, in sizes of its file; all of the process was measured to take 313 MB with tiny.en (75 MB)."""
_ERRORS: dict[str, type[VidlabelError]] = {
    kind.__name__: kind for kind in (VideoError, DecodeError, InstallationError, UsageError)
}
_REMEDY = "leave --speech out, or put subtitles beside it (clip.srt)"


def transcribe(
    path: Path,
    model: Path,
    audio_stream: int | None,
    on_progress: Callable[[], None],
    command: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
) -> Transcript:
    """Turn the speech of a video into lines of text, in a process of its own.

    Args:
        path: the video.
        model: folder of a Whisper model.
        audio_stream: number of the one that is heard, from 0; None: the one that players choose.
        on_progress: called every 0.5 s at least.
        command: what starts the process; empty: vidlabel's own.
        timeout_s: seconds without a sign of life until the process is ended.

    Raises:
        VideoError: the video cannot be read, or the process died or hung.
        UsageError, InstallationError: the model cannot be loaded.
    """
    limit_bytes = MEMORY_LIMIT_BYTES + _MODEL_COPIES * (model / "model.bin").stat().st_size
    # Links stay as they are, as for the decoding process.
    whole_paths = os.path.abspath(path), os.path.abspath(model)  # noqa: PTH100
    order = Transcribe(*whole_paths, audio_stream, limit_bytes)
    environment = {**SINGLE_THREADED, "HF_HUB_OFFLINE": "1"}
    try:
        process = ChildProcess(command or start_command("vidlabel.video.speech.child"), environment)
    except OSError as error:
        problem = f"cannot be started ({error.strerror})"
        raise VidlabelError("speech process", problem, "close other programs and try again") from error
    try:
        process.send(encode_speech(order))
        lines: list[SpokenLine] = []
        for message in _messages(process, path, on_progress, timeout_s):
            if isinstance(message, SpokenLine):
                lines.append(message)
            elif isinstance(message, Failed):
                raise _error(message, path)
            elif isinstance(message, SpeechEnd):
                return Transcript(tuple(sorted(lines, key=lambda line: line.start_ms)), message.warnings)
    finally:
        process.end()
        process.close()
    raise AssertionError("messages end with an error")


def _messages(
    process: ChildProcess, path: Path, on_progress: Callable[[], None], timeout_s: float
) -> Iterator[SpeechMessage]:
    """What the process sends, signs of life left out; they go on until it is lost, which is an error."""
    output = LineReader(process.stdout)
    silent_s = 0.0
    while silent_s < timeout_s:
        line = output.read_line(_SLICE_S)
        on_progress()
        if line is None:
            silent_s += _SLICE_S
            continue
        silent_s = 0.0
        if not line:
            raise _lost(path, f"the process {how_it_ended(process)}")
        try:
            message = decode_speech(line)
        except BrokenMessageError as error:
            raise _lost(path, f"the process sent {error}") from error
        if not isinstance(message, Alive):
            yield message
    raise _lost(path, f"the process gave no sign of life for {timeout_s:g} s")


def _lost(path: Path, problem: str) -> DecodeError:
    return DecodeError(path, f"its speech could not be turned into text: {problem}", _REMEDY)


def _error(message: Failed, path: Path) -> VidlabelError:
    kind = _ERRORS.get(message.kind, VideoError)
    return kind(path if issubclass(kind, VideoError) else message.subject, message.problem, message.remedy)
