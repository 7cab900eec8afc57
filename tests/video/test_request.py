"""What can be asked of a video, and how much of it was read."""

from __future__ import annotations

import math

import pytest

from vidlabel.errors import UsageError
from vidlabel.video.request import SampleRequest, decoded_ratio


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rate": 0.0}, "rate"),
        ({"rate": math.nan}, "rate"),
        ({"rate": math.inf}, "rate"),
        ({"more_rates": (2.0, 0.0)}, "rate"),
        ({"more_rates": (2.0,) * 32}, "rates"),
        ({"start_s": -1.0}, "start"),
        ({"start_s": math.nan}, "start"),
        ({"start_s": 2.0, "end_s": 2.0}, "end"),
        ({"end_s": math.inf}, "end"),
        ({"short_side": 1}, "short side"),
        ({"short_side": 4097}, "short side"),
        ({"short_side": 224.5}, "short side"),
        ({"decoder": "vlc"}, "decoder"),
        ({"decode_device": "tpu"}, "decode device"),
        ({"threads": 0}, "threads"),
        ({"audio_stream": -1}, "audio stream"),
        ({"lag_s": 0.0}, "lag"),
        ({"lag_s": 1.01}, "lag"),
        ({"lag_s": math.nan}, "lag"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        SampleRequest(**wrong)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{named}:")


@pytest.mark.parametrize(
    ("rates", "most"), [((2.0,), 2.0), ((2.0, 8.0, 8.0), 8.0), ((2.0, 3.0), 5.0), ((0.1, 0.3, 1.0), 1.3)]
)
def test_a_rate_adds_samples_unless_another_is_a_multiple_of_it(rates: tuple[float, ...], most: float) -> None:
    assert SampleRequest(rate=rates[0], more_rates=rates[1:]).most_samples == pytest.approx(most)


def test_bounds_themselves_can_be_meant() -> None:
    for short_side in (2, 4096):
        assert SampleRequest(short_side=short_side, lag_s=1.0).short_side == short_side


@pytest.mark.parametrize(
    ("lost", "first", "end", "ratio"), [(0, 0, 100, 1.0), (25, 100, 200, 0.75), (300, 0, 100, 0.0), (0, 5, 5, 1.0)]
)
def test_the_share_that_was_decoded(lost: int, first: int, end: int, ratio: float) -> None:
    assert decoded_ratio(lost, first, end) == ratio
