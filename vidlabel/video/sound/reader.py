"""The sound around each sample of a video, in one pass, in constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import av.error
import numpy as np

from vidlabel.errors import VideoError
from vidlabel.video.damage.stderr_log import silent_ffmpeg
from vidlabel.video.request import SOUND_WINDOW, Heartbeat, no_heartbeat
from vidlabel.video.sound.decoder import SoundDecoder
from vidlabel.video.sound.resampling import SoundPiece, sample_number

if TYPE_CHECKING:
    from vidlabel.video.sound.downmix import Samples
    from vidlabel.video.sound.source import SoundSource

_NOTHING = -(1 << 62)


class SoundReader:
    """Gives windows of sound in the order of time. Damage is silent, and never an error.

    It reads the file by itself: libraries that decode pictures give no packets of sound.

    Args:
        sources: the recordings of the file, in the order of time.
        number: of the audio stream among those of the file, from 0; None: the default one, else the first.
        heartbeat: called for each packet.
    """

    def __init__(
        self, sources: Sequence[SoundSource], number: int | None = None, heartbeat: Heartbeat = no_heartbeat
    ) -> None:
        self.warnings: tuple[str, ...] = ()
        """One line each, for the user."""
        self._sources = sources
        self._number = number
        self._beat = heartbeat
        self._needed = _NOTHING
        self._covered = _NOTHING
        """Sound is known up to this sample."""
        self._kept: deque[SoundPiece] = deque()
        self._pieces = self._read()

    def window(self, centre_s: Fraction) -> Samples:
        """The sound around a time, (15600,) at 16 kHz: from 0.4875 s before it to 0.4875 s after it.

        Zeros stand where there is none. Times must not go back.
        """
        first = sample_number(centre_s) - SOUND_WINDOW // 2
        end = first + SOUND_WINDOW
        self._needed = first
        with silent_ffmpeg():
            while self._covered < end:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._keep(piece)
        while self._kept and self._kept[0].end <= first:
            self._kept.popleft()
        window = np.zeros(SOUND_WINDOW, np.float32)
        for piece in self._kept:
            start, stop = max(piece.first, first), min(piece.end, end)
            if start < stop:
                window[start - first : stop - first] = piece.samples[start - piece.first : stop - piece.first]
        return window

    def close(self) -> None:
        """Close the file."""
        self._pieces.close()

    def _keep(self, piece: SoundPiece) -> None:
        self._covered = max(self._covered, piece.end)
        if piece.end > self._needed:
            self._kept.append(piece)

    def _read(self) -> Generator[SoundPiece, None, None]:
        for source in self._sources:
            until = None if source.until_s is None else sample_number(source.until_s)
            if until is not None and until <= self._needed:
                continue
            decoder = SoundDecoder(source, self._number, self._beat)
            yield from self._read_source(source, decoder, until)
            if decoder.damaged_s is not None:
                self._warn(decoder.damaged_s)

    def _read_source(self, source: SoundSource, decoder: SoundDecoder, until: int | None) -> Iterator[SoundPiece]:
        start = _NOTHING if source.from_s is None else sample_number(source.from_s)
        decoder.needed = max(self._needed, start)
        try:
            for piece in decoder.pieces():
                if decoder.damaged_s is not None:
                    self._warn(decoder.damaged_s)
                if until is not None and piece.first >= until:
                    return
                yield _cut(piece, start, until)
                decoder.needed = max(self._needed, start)
        except (VideoError, av.error.FFmpegError, OSError) as error:
            self._note(f"the sound cannot be read ({error}); it is silent")

    def _warn(self, damaged_s: float) -> None:
        if not self.warnings:
            self._note(f"the sound is damaged from {damaged_s:.3f} s on; what cannot be decoded of it is silent")

    def _note(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings += (warning,)


def _cut(piece: SoundPiece, start: int, until: int | None) -> SoundPiece:
    """What of a piece lies from one sample to another."""
    first = max(piece.first, start)
    end = piece.end if until is None else min(piece.end, until)
    if first == piece.first and end == piece.end:
        return piece
    return SoundPiece(first, piece.samples[first - piece.first : max(first, end) - piece.first])
