"""Recordings to join, and what is read of the file that joins them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from corpus import Recipe, paint, read_number, write_video
from video.in_process import open_samples
from vidlabel.video.request import ReadReport, SampleRequest

X264 = {"preset": "veryfast", "x264-params": "keyint=12:bframes=3:scenecut=0"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=12:bframes=3"}
FRAMES = 20
"""Of each recording."""


def part(folder: Path, name: str, number: int, recipe: Recipe) -> bytes:
    """A recording whose frames show the numbers that follow those of the recordings before it."""
    numbers = range(number * FRAMES, (number + 1) * FRAMES)
    return write_video(folder / f"part-{number}-{name}", recipe, numbers).read_bytes()


def joined(folder: Path, name: str, *parts: bytes) -> Path:
    """A file that joins them."""
    path = folder / name
    path.write_bytes(b"".join(parts))
    return path


def shown(path: Path, **request: Any) -> tuple[dict[Fraction, int], ReadReport]:  # noqa: ANN401 - of `SampleRequest`
    """Number of each sample by its time in frames of 1/25 s, and the report."""
    with open_samples(path, SampleRequest(**{"rate": 25, "short_side": 120, **request})) as stream:
        found = {Fraction(s.time_s * 25).limit_denominator(100): read_number(s.rgb) for s in stream}
        return found, stream.report


def frames(*numbers: int) -> dict[Fraction, int]:
    """Frames with these numbers, each at its time."""
    return {Fraction(number): number for number in numbers}


def write_tracks(path: Path, tracks: list[dict[int, int]]) -> Path:
    """A file with video streams side by side: for each, the number that it shows by the number of the frame."""
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("libx264", rate=25, options=X264) for _ in tracks]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for place in sorted({place for track in tracks for place in track}):
            for stream, track in zip(streams, tracks, strict=True):
                if place in track:
                    frame = av.VideoFrame.from_ndarray(paint(track[place], 160, 120), format="rgb24")
                    frame.pts, frame.time_base = place, Fraction(1, 25)
                    output.mux(stream.encode(frame.reformat(format="yuv420p")))
        for stream in streams:
            output.mux(stream.encode(None))
    return path
