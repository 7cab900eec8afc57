"""Reading a file that joins recordings: in another process, and on from where an earlier reading was broken off."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from corpus import Recipe, read_number
from video.in_process import open_samples, plain
from video.joined_parts import FRAMES, X264, joined, part
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import isolated_probe, open_isolated_samples


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three recordings with clocks of their own: 1/12800, 1/11988 and 1/12800 s."""
    rates = (Fraction(25), Fraction(30000, 1001), Fraction(25))
    parts = (part(tmp_path, "a.mp4", n, Recipe(options=X264, rate=rate)) for n, rate in enumerate(rates))
    return joined(tmp_path, "joined.mp4", *parts)


def test_times_are_exact_where_clocks_differ(three: Path) -> None:
    with open_samples(three, SampleRequest(rate=60, short_side=120)) as stream:
        found = {read_number(sample.rgb): sample.time_s for sample in stream}
    second = FRAMES / 25
    third = second + FRAMES * 1001 / 30000
    assert found == {
        **{n: pytest.approx(n / 25) for n in range(FRAMES)},
        **{FRAMES + n: pytest.approx(second + n * 1001 / 30000) for n in range(FRAMES)},
        **{2 * FRAMES + n: pytest.approx(third + n / 25) for n in range(FRAMES)},
    }


def test_another_process_reads_the_same(three: Path) -> None:
    request = SampleRequest(rate=10, short_side=120, lag_s=0.1)
    with (
        DecodePool() as pool,
        open_isolated_samples(three, request, pool=pool) as there,
        open_samples(three, request) as here,
    ):
        for sample, other in zip(there, here, strict=True):
            assert sample.time_s == other.time_s
            assert (sample.rgb == other.rgb).all()
        assert there.report == here.report
        assert there.probe == here.probe


def test_what_is_known_before_decoding_holds_the_warning(three: Path) -> None:
    known = isolated_probe(three)
    assert known.warnings == ("the file joins 3 recordings; they are read one after the other",)
    assert known.facts.frames == 3 * FRAMES


@pytest.mark.parametrize("taken", [0, 5, FRAMES - 1, FRAMES, FRAMES + 7, 3 * FRAMES - 1])
def test_reading_goes_on_after_any_picture(taken: int, three: Path) -> None:
    request = SampleRequest(rate=60, short_side=120)
    with VideoSource(three) as opened:
        whole = list(open_reading(opened, request).pictures())
    with VideoSource(three) as opened:
        rest = list(open_reading(opened, request, whole[taken].time, "the process died").pictures())
    assert plain(rest) == plain(whole[taken + 1 :])
