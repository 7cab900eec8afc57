"""The speech of videos for the stream `text`: recognised once, and kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vidlabel.errors import OutputError, SubtitleError, VideoError
from vidlabel.features.encoders.speech_models import SpeechModel, find_speech_model
from vidlabel.features.video_hash import video_hash
from vidlabel.files import atomic_write
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples
from vidlabel.video.speech.process import transcribe
from vidlabel.video.subtitles.transcript import Transcript, read_transcript

REVISION = 1
"""Part of every key. To be raised whenever other lines come of the same sound and model."""
_FIRST_PICTURE = SampleRequest(keyframes=True, end_s=0.001, text=True)
"""It tells whether there are subtitles, with next to nothing decoded."""


def with_speech(
    path: Path, request: SampleRequest, speech: str | None, cache: Path | None, on_progress: Callable[[], None]
) -> SampleRequest:
    """Let a reading have the speech of a video for text where it has no subtitles.

    Args:
        path: the video.
        request: what is asked for.
        speech: name of a model as `find_speech_model` takes it; None: speech is not read.
        cache: folder in which transcripts are kept; None: there is none.
        on_progress: called every 0.5 s at least while speech is recognised.

    Raises:
        VideoError: the video cannot be read, lacks the audio stream, or the process of recognition was lost.
        UsageError, InstallationError: the model cannot be used.
        OutputError: the transcript cannot be kept.
    """
    if not request.text or speech is None or request.subtitles is not None:
        return request
    if cache is None:
        remedy = "name a folder with the environment variable VIDLABEL_CACHE"
        raise OutputError("transcript", "has no place, since the user has no home folder", remedy)
    model = find_speech_model(speech)
    key = json.dumps([REVISION, video_hash(path), model.sha256, request.audio_stream])
    name = hashlib.sha256(key.encode("ascii")).hexdigest()
    file = cache / "transcripts" / name[:2] / f"{name}.transcript"
    if not _is_kept(file):
        with open_isolated_samples(path, _FIRST_PICTURE, on_progress=on_progress) as stream:
            found = stream.opened
        if found.text_source is not None:
            return request
        content = _transcript(path, model, found.facts.audio_streams, request.audio_stream, on_progress).to_bytes()
        with atomic_write(file) as output:
            output.write(content)
    return replace(request, transcript=str(file))


def _transcript(
    path: Path, model: SpeechModel, audio_streams: int, number: int | None, on_progress: Callable[[], None]
) -> Transcript:
    if not audio_streams:
        return Transcript()
    if number is not None and number >= audio_streams:
        raise VideoError(path, f"has no audio stream {number}", "give a lower number with --audio-stream")
    return transcribe(path, model.folder, number, on_progress)


def _is_kept(file: Path) -> bool:
    try:
        read_transcript(file)
    except SubtitleError:
        return False
    return True
