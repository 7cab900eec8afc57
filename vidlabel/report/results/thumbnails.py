"""Small pictures of the videos of a report, few and small enough for one file."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from vidlabel.errors import UsageError, VidlabelError
from vidlabel.report.results.content import ReportVideo, Thumbnail
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples

DEFAULT_THUMBNAILS = 4
MOST_THUMBNAILS = 100
"""Of one video."""

SHORT_SIDE = 108
"""Pixels."""

MOST_BYTES = 8 << 20
"""JPEG of all thumbnails of a report: as text in the file it grows by a third."""
USUAL_BYTES = 4000
"""Of one thumbnail."""

_JPEG_QUALITY = 65
"""Of Pillow, 1 to 95: a thumbnail takes 2 to 4 kB."""

Progress = Callable[[int, int], None]
"""Called with how many videos of how many are done."""


def check_thumbnails(number: int) -> None:
    """Refuse a number of thumbnails that is out of range.

    Raises:
        UsageError: it is.
    """
    if not 0 <= number <= MOST_THUMBNAILS:
        raise UsageError("--thumbnails", f"{number} is out of range", f"give 0 to {MOST_THUMBNAILS}")


def thumbnails_each(number: int, videos: int) -> int:
    """How many of the wanted thumbnails each video gets, so that all of them together stay within `MOST_BYTES`."""
    return min(number, MOST_BYTES // (USUAL_BYTES * videos)) if videos else number


def with_thumbnails(
    videos: Sequence[ReportVideo], number: int, on_progress: Progress
) -> tuple[list[ReportVideo], list[str]]:
    """Take thumbnails from the videos that were found, evenly over their time.

    Args:
        videos: of the report.
        number: of thumbnails a video.
        on_progress: called after each video.

    Returns:
        The videos, and warnings: videos that cannot be read, and thumbnails left out for the size of the report.
    """
    found = [place for place, video in enumerate(videos) if video.file is not None and not video.is_of_features]
    each = thumbnails_each(number, len(found))
    warnings = []
    if each < number:
        size = f"{MOST_BYTES >> 20} MB"
        warnings.append(f"thumbnails: {each} a video in place of {number}, since all together have room for {size}")
    finished, size_bytes = list(videos), 0
    for done, place in enumerate(found if each else (), 1):
        video = videos[place]
        try:
            pictures = _thumbnails(video, each)
        except VidlabelError as error:
            warnings.append(f"no thumbnails of {error}")
            pictures = ()
        size_bytes += sum(len(picture.jpeg) for picture in pictures)
        if size_bytes > MOST_BYTES:
            warnings.append(f"thumbnails: none from {video.path} on, since they have room for {MOST_BYTES >> 20} MB")
            break
        finished[place] = replace(video, thumbnails=pictures)
        on_progress(done, len(found))
    return finished, warnings


def encode_jpeg(rgb: npt.NDArray[np.uint8]) -> bytes:
    """A JPEG file of a picture, (H, W, 3); the same pixels give the same bytes."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def _thumbnails(video: ReportVideo, number: int) -> tuple[Thumbnail, ...]:
    """Pictures from the middles of as many equal parts of a video.

    Raises:
        VidlabelError: it cannot be read.
    """
    duration, path = video.duration, video.file
    if path is None or not duration:
        return ()
    # Twice as many samples, of which every second lies in the middle of a part.
    request = SampleRequest(rate=2 * number / duration, short_side=SHORT_SIDE)
    pictures: list[Thumbnail] = []
    with open_isolated_samples(path, request) as samples:
        for place, sample in enumerate(samples):
            if place % 2 and len(pictures) < number:
                pictures.append(Thumbnail(sample.time_s, encode_jpeg(sample.rgb)))
    return tuple(pictures)
