"""Sizes: of a picture as it is shown, and of the samples made from it."""

from __future__ import annotations

from fractions import Fraction

LARGEST_RATIO = 16
"""Longer side over shorter one that samples follow; a more extreme picture (or pixel shape) is squeezed to this."""


def shown_size(width: int, height: int, aspect: Fraction, swaps_sides: bool) -> tuple[int, int]:
    """Width and height in square pixels of a stored picture whose pixels are `aspect` times as wide as high."""
    shown_width = max(1, _round_half_up(width * aspect))
    return (height, shown_width) if swaps_sides else (shown_width, height)


def sample_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Width and height of a sample: the shorter side has `short_side` pixels, the other follows, even, aspect kept."""
    short, long = sorted((width, height))
    ratio = min(Fraction(long, short), Fraction(LARGEST_RATIO))
    if ratio == 1:
        return short_side, short_side
    other = max(short_side, 2 * _round_half_up(short_side * ratio / 2))
    return (other, short_side) if width > height else (short_side, other)


def _round_half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
