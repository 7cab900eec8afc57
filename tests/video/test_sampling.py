"""The choice of frames against its definition, by brute force."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vidlabel.video.request import SampleRequest
from vidlabel.video.sampling import LagBuffer, Preceding, SampleGrid, TargetGrid, choose_samples, grid_of

TIME_BASES = st.sampled_from([Fraction(1, 25), Fraction(1001, 30000), Fraction(1, 1000), Fraction(1, 90000)])
RATES = st.sampled_from([0.1, 0.3, 0.7, 1.0, 2.0, 3.0, 7.5, 23.976, 29.97, 30.0, 1000.0])
TICKS = st.lists(st.integers(0, 400), min_size=1, max_size=40, unique=True).map(
    lambda ticks: sorted(tick - min(ticks) for tick in ticks)
)
CUTS = st.integers(0, 40).map(lambda tenths: tenths / 10)


def sample_indices(ticks: list[int], grid: SampleGrid) -> list[int]:
    indices: list[int] = choose_samples(ticks, grid).indices.tolist()
    return indices


def first_frames_at_or_after_targets(ticks: list[int], base: Fraction, rate: float) -> list[int]:
    """The definition: for each k the first frame at or after k / rate; none twice."""
    times = [tick * base for tick in ticks]
    step = 1 / Fraction(str(rate))
    chosen: set[int] = set()
    target = Fraction(0)
    while target <= times[-1]:
        chosen.add(min(index for index, time in enumerate(times) if time >= target))
        target += step
    return sorted(chosen)


@given(ticks=TICKS, base=TIME_BASES, rate=RATES)
def test_samples_are_the_first_frames_at_or_after_the_targets(ticks: list[int], base: Fraction, rate: float) -> None:
    grid = grid_of(SampleRequest(rate=rate), base)
    assert sample_indices(ticks, grid) == first_frames_at_or_after_targets(ticks, base, rate)


@given(ticks=TICKS, base=TIME_BASES, rate=RATES, cut=CUTS)
def test_windows_side_by_side_give_what_the_whole_gives(
    ticks: list[int], base: Fraction, rate: float, cut: float
) -> None:
    whole = sample_indices(ticks, grid_of(SampleRequest(rate=rate), base))
    cut += 0.05
    before = sample_indices(ticks, grid_of(SampleRequest(rate=rate, end_s=cut), base))
    after = sample_indices(ticks, grid_of(SampleRequest(rate=rate, start_s=cut), base))
    assert before + after == whole
    assert all(ticks[index] * base < Fraction(str(cut)) for index in before)
    assert all(ticks[index] * base >= Fraction(str(cut)) for index in after)


@given(ticks=TICKS, base=TIME_BASES, rate=RATES, split=st.integers(0, 400))
def test_going_on_after_a_tick_gives_the_rest(ticks: list[int], base: Fraction, rate: float, split: int) -> None:
    request = SampleRequest(rate=rate)
    whole = sample_indices(ticks, grid_of(request, base))
    rest = sample_indices(ticks, grid_of(request, base, after=split))
    assert rest == [index for index in whole if ticks[index] > split]


@given(ticks=TICKS, base=TIME_BASES, lag=st.sampled_from([0.01, 0.1, 0.25, 1.0]))
def test_the_earlier_frame_is_the_last_one_at_or_before_the_lag(ticks: list[int], base: Fraction, lag: float) -> None:
    grid = grid_of(SampleRequest(lag_s=lag), base)
    assert grid.lag is not None
    buffer: LagBuffer[int] = LagBuffer(grid.lag)
    for index, tick in enumerate(ticks):
        buffer.add(tick, index)
        before = [at for at in range(index + 1) if ticks[at] * base <= tick * base - Fraction(str(lag))]
        assert buffer.earlier(tick) == (before[-1] if before else None)


@pytest.mark.parametrize("rate", [29.97, 30.0, 0.1])
def test_a_long_video_does_not_drift(rate: float) -> None:
    base, hours = Fraction(1001, 30000), 10
    frames = np.arange(int(hours * 3600 / base))
    grid = grid_of(SampleRequest(rate=rate, start_s=hours * 3600 - 60), base)
    got = sample_indices(frames.tolist(), grid)
    step = 1 / Fraction(str(rate))
    targets = range(int((hours * 3600 - 61) / step), int(hours * 3600 / step) + 1)
    wanted = {-int(-target * step // base) for target in targets}
    start = Fraction(hours * 3600 - 60)
    assert got == sorted(index for index in wanted if index < len(frames) and index * base >= start)


def test_a_grid_is_plain_integers() -> None:
    grid = grid_of(SampleRequest(rate=0.1, start_s=0.1, end_s=0.3, lag_s=0.1), Fraction(1, 90000))
    assert grid == SampleGrid(targets=(TargetGrid(1, 900000),), first=9000, end=27000, lag=9000)


RATE_LISTS = st.lists(RATES, min_size=1, max_size=4)


@given(ticks=TICKS, base=TIME_BASES, rates=RATE_LISTS, start=CUTS, length=CUTS, split=st.integers(-1, 400))
@example(ticks=list(range(50)), base=Fraction(1, 25), rates=[2.0, 3.0, 30.0], start=0.5, length=1.0, split=-1)
def test_several_rates_give_what_each_gives_alone(
    ticks: list[int], base: Fraction, rates: list[float], start: float, length: float, split: int
) -> None:
    first, *more = rates
    window = SampleRequest(rate=first, more_rates=tuple(more), start_s=start, end_s=start + length + 0.05)
    before = Preceding(Fraction(7, 3), Fraction(9, 4))
    for preceding in (None, before):
        together = choose_samples(ticks, grid_of(window, base, after=split, preceding=preceding))
        alone = [
            sample_indices(ticks, grid_of(replace(window, rate=rate, more_rates=()), base, split, preceding))
            for rate in rates
        ]
        pairs = list(zip(together.indices.tolist(), together.rate_masks.tolist(), strict=True))
        assert [[index for index, mask in pairs if mask >> number & 1] for number in range(len(rates))] == alone
        assert [index for index, _ in pairs] == sorted({index for own in alone for index in own})
