"""Samples of a video, read in the test's own process: what reading does shows without the process around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vidlabel.video.reading import SampleStream, open_samples
from vidlabel.video.sample import SampleRequest


def samples(path: Path, **request: Any) -> SampleStream:  # noqa: ANN401 - the fields of `SampleRequest`
    """Open a video as `vidlabel.samples` does."""
    return open_samples(path, SampleRequest(**request))
