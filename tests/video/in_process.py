"""Samples of a video, read in the test's own process: what reading does shows without the process around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vidlabel.video.reader import Picture
from vidlabel.video.reading import SampleStream, open_samples
from vidlabel.video.sample import SampleRequest

REQUESTS = (
    SampleRequest(rate=2, short_side=160),
    SampleRequest(rate=8, short_side=160, lag_s=0.1),
    SampleRequest(rate=3, short_side=160, lag_s=0.08, start_s=0.9, end_s=1.9),
)
"""The whole of a video, with the frames before its samples, and a part of it."""


def samples(path: Path, **request: Any) -> SampleStream:  # noqa: ANN401 - the fields of `SampleRequest`
    """Open a video as `vidlabel.samples` does."""
    return open_samples(path, SampleRequest(**request))


def plain(pictures: list[Picture]) -> list[tuple[int, bytes, bytes | None]]:
    """What can be compared of pictures."""
    return [(p.time, p.rgb.tobytes(), None if p.earlier_rgb is None else p.earlier_rgb.tobytes()) for p in pictures]
