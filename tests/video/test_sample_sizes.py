"""Sizes of pictures and samples: known formats by hand, and bounds for all others."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.metadata import sample_size, shown_size


@pytest.mark.parametrize(
    ("stored", "aspect", "swaps", "shown"),
    [
        ((1920, 1080), Fraction(1), False, (1920, 1080)),
        ((1920, 1080), Fraction(1), True, (1080, 1920)),
        ((1440, 1080), Fraction(4, 3), False, (1920, 1080)),  # HDV
        ((720, 576), Fraction(16, 15), False, (768, 576)),  # PAL DVD
        ((720, 576), Fraction(16, 15), True, (576, 768)),
        ((5, 4), Fraction(1, 2), False, (3, 4)),  # halves go up
        ((3, 4), Fraction(1, 100), False, (1, 4)),
    ],
)
def test_pictures_are_shown_with_square_pixels(
    stored: tuple[int, int], aspect: Fraction, swaps: bool, shown: tuple[int, int]
) -> None:
    assert shown_size(*stored, aspect, swaps) == shown


@pytest.mark.parametrize(
    ("shown", "short_side", "sample"),
    [
        ((1920, 1080), 224, (398, 224)),  # 398.2
        ((1080, 1920), 224, (224, 398)),
        ((640, 480), 224, (298, 224)),  # 298.7
        ((300, 300), 225, (225, 225)),
        ((301, 300), 225, (226, 225)),
        ((10_000, 10), 32, (512, 32)),  # no longer than 16 to 1
    ],
)
def test_samples_keep_the_shape(shown: tuple[int, int], short_side: int, sample: tuple[int, int]) -> None:
    assert sample_size(*shown, short_side) == sample


SIDES = st.integers(1, 16384)


@given(SIDES, SIDES, st.integers(16, 512))
def test_every_sample_has_its_short_side_and_its_shape(width: int, height: int, short_side: int) -> None:
    found = sample_size(width, height, short_side)
    assert sample_size(height, width, short_side) == found[::-1]
    assert min(found) == short_side
    assert (found[0] >= found[1]) == (width >= height) or found[0] == found[1]
    ratio = min(max(width, height) / min(width, height), 16)
    assert max(found) == pytest.approx(short_side * ratio, abs=1.000001)
    assert width == height or max(found) % 2 == 0 or max(found) == short_side
