"""Whisper by faster-whisper on one core of the CPU: sound to lines with times, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from vidlabel.errors import InstallationError, UsageError
from vidlabel.video.subtitles.lines import LONGEST_LINE
from vidlabel.video.subtitles.transcript import SpokenLine

if TYPE_CHECKING:
    from vidlabel.video.request import Heartbeat
    from vidlabel.video.speech.pieces import HeardPiece

_LONGEST_PAUSE_S = 0.5
"""A longer pause between two words ends a line: the usual distance of samples."""
_LEAST_CONFIDENCE = -0.9
"""Mean logarithm of the probability of a token. Of music and of calls far from the microphone tiny.en makes lines at
-1.0 to -1.5, none of them right; those of clear speech lie above -0.8."""
_MOST_REPETITION = 5.0
"""How much smaller zlib makes the text of 30 s, at most: text that runs in circles is made up. Two sentences, each
spoken four times, give 3.6."""
_VOICE = {"min_speech_duration_ms": 250, "speech_pad_ms": 200}
"""Of the detector of voices, Silero: the usual pad of 0.4 s lets the first word begin as much too early."""


class Whisper:
    """A Whisper model.

    Args:
        folder: the model in CTranslate2's format, with `tokenizer.json`: without that one would be downloaded.

    Raises:
        InstallationError: faster-whisper cannot be loaded.
        UsageError: the folder holds no such model.
    """

    def __init__(self, folder: str) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            remedy = "run: pip install 'vidlabel[speech]'"
            raise InstallationError("faster-whisper", f"cannot be loaded ({error})", remedy) from error
        try:
            self._model: Any = WhisperModel(
                folder, device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            problem = f"{folder} cannot be used as a Whisper model ({error})"
            raise UsageError("--speech", problem, "give a folder in CTranslate2's format") from error
        self._language: str | None = None if self._model.model.is_multilingual else "en"

    def lines(self, piece: HeardPiece, heartbeat: Heartbeat) -> Iterator[SpokenLine]:
        """What is spoken in a piece of sound; the language is that of the first speech.

        Args:
            piece: the sound.
            heartbeat: called for each 30 s that were heard.
        """
        if self._language is None and not self._has_voice(piece):
            return
        segments, info = self._model.transcribe(
            piece.samples,
            language=self._language,
            temperature=0.0,  # the most probable words, never random ones
            condition_on_previous_text=False,  # an error would go on
            vad_filter=True,
            vad_parameters=_VOICE,
            word_timestamps=True,
        )
        self._language = info.language
        for segment in segments:
            heartbeat()
            if segment.avg_logprob >= _LEAST_CONFIDENCE and segment.compression_ratio <= _MOST_REPETITION:
                yield from _lines_of(segment.words, float(piece.start_s))

    def _has_voice(self, piece: HeardPiece) -> bool:
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        return bool(get_speech_timestamps(piece.samples, VadOptions(**_VOICE)))


def _lines_of(words: Sequence[Any], start_s: float) -> Iterator[SpokenLine]:
    """Words up to each pause as a line."""
    ends = [
        number for number, (word, after) in enumerate(pairwise(words), 1) if after.start - word.end > _LONGEST_PAUSE_S
    ]
    for first, end in pairwise([0, *ends, len(words)]):
        own = words[first:end]
        text = "".join(word.word for word in own).strip()[:LONGEST_LINE]
        if text and own[-1].end > own[0].start:  # At seams a first word may be found without a length.
            yield SpokenLine(_milliseconds(own[0].start, start_s), _milliseconds(own[-1].end, start_s), text)


def _milliseconds(time_s: float, start_s: float) -> int:
    return round((float(time_s) + start_s) * 1000)
