"""Which files decord is asked to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vidlabel.video.decoders.selection import decord_drawback, decord_refusal
from vidlabel.video.probe import probe
from vidlabel.video.request import SampleRequest

EXAMPLE = Path(__file__).parents[3] / "examples" / "bottle-detection.mp4"


def test_a_long_video_is_right_in_decord_and_not_left_to_it() -> None:
    found = probe(EXAMPLE)
    assert decord_refusal(found, SampleRequest()) is None
    assert decord_drawback(found, SampleRequest()) == "long video"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("closed.mp4", None),
        ("open.ts", "container mpegts"),
        ("turned90.mp4", "turned picture"),
        ("hevc.mp4", "codec hevc"),
    ],
)
def test_refusals_name_their_reason(video: Callable[[str], Path], name: str, reason: str | None) -> None:
    assert decord_refusal(probe(video(name)), SampleRequest()) == reason
