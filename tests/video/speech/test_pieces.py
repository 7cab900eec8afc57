"""The whole sound in pieces of bounded length, cut where it is quiet."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.video.request import SOUND_RATE, SOUND_WINDOW
from vidlabel.video.speech.pieces import LONGEST_PIECE_S, HeardPiece, sound_pieces


class Sound:
    """Sound whose samples tell their number; quiet at some seconds, without end."""

    def __init__(self, quiet: tuple[tuple[float, float], ...] = ()) -> None:
        self.quiet = quiet
        self.windows = 0

    def samples(self, first: int, end: int) -> npt.NDArray[np.float32]:
        numbers = np.arange(first, end)
        values: npt.NDArray[np.float32] = ((numbers + 1) / 2**24).astype(np.float32)  # exact in float32
        for start_s, end_s in self.quiet:
            values[(numbers >= start_s * SOUND_RATE) & (numbers < end_s * SOUND_RATE)] = 0
        return values

    def window(self, centre_s: Fraction, /) -> npt.NDArray[np.float32]:
        self.windows += 1
        first = centre_s * SOUND_RATE - SOUND_WINDOW // 2
        assert first.denominator == 1
        return self.samples(int(first), int(first) + SOUND_WINDOW)


def assert_follow(pieces: list[HeardPiece], sound: Sound, samples: int) -> None:
    place = 0
    for piece in pieces:
        assert piece.start_s * SOUND_RATE == place
        assert len(piece.samples) <= LONGEST_PIECE_S * SOUND_RATE + SOUND_WINDOW
        assert np.array_equal(piece.samples, sound.samples(place, place + len(piece.samples)))
        place += len(piece.samples)
    assert place == samples


@pytest.mark.parametrize("duration_s", [Fraction(0), Fraction(1, 3), Fraction(119), Fraction(120), Fraction(1001, 4)])
def test_pieces_hold_every_sample_once_and_no_more(duration_s: Fraction) -> None:
    sound = Sound()
    assert_follow(list(sound_pieces(sound, duration_s)), sound, round(duration_s * SOUND_RATE))


def test_pieces_end_where_it_is_quiet() -> None:
    sound = Sound(((40, 60), (100, 100.5), (190, 190.4)))
    pieces = list(sound_pieces(sound, Fraction(240)))
    assert_follow(pieces, sound, 240 * SOUND_RATE)
    starts = [float(piece.start_s) for piece in pieces]
    assert len(starts) == 3
    assert 100.1 < starts[1] < 100.4
    assert 190.1 < starts[2] < 190.3


def test_sound_is_read_as_it_is_needed() -> None:
    sound = Sound()
    next(sound_pieces(sound, Fraction(36_000)))
    assert sound.windows * SOUND_WINDOW <= (LONGEST_PIECE_S + 1) * SOUND_RATE
