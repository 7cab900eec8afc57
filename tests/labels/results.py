"""Results to write and read in tests."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from examples import example_result
from vidlabel.labels.formats.registry import Format
from vidlabel.labels.result import Result, Scores, Segment

SEGMENTS = (
    Segment(0.0, 4.5, "fall", 0.93),
    Segment(4.5, 61.25, "lying, still", 0.5),
    Segment(360000.0, 360001.5, 'says "help"', 1.0),
)

SCORES = Scores(
    model="made-up",
    times=np.array([0.0, 0.50049]),
    labels=("fall", "walk"),
    values=np.array([[0.12345678, 0.7], [1.0, 0.0]], dtype=np.float32),
)


def result_of(
    segments: Iterable[Segment] = SEGMENTS, scores: Scores | None = None, path: str = "videos/äh 1.mp4"
) -> Result:
    """A result with these segments, and numbers that have more digits than are written."""
    made_up = example_result(path)
    video = replace(made_up.video, duration=360001.50049, fps=29.97002997, start_time=-0.04)
    return replace(made_up, video=video, segments=tuple(segments), scores=() if scores is None else (scores,))


def result_of_two(scores: bool = False) -> Result:
    """A result of the models `made-up` and `other`, whose segments overlap."""
    one = result_of((replace(SEGMENTS[0], model="made-up"), replace(SEGMENTS[0], label="a & b", model="<other>")))
    other = replace(one.models[0], name="<other>", streams=("frames", "motion"), encoders=("some", "unknown"))
    both = (SCORES, replace(SCORES, model="<other>", times=SCORES.times[:1], values=SCORES.values[:1]))
    return replace(one, models=(*one.models, other), scores=both if scores else ())


def written(format_: Format, *results: Result) -> bytes:
    """The bytes of one file with these results."""
    file = io.BytesIO()
    format_.begin(file, len(results[0].models) if results else 1)
    for result in results:
        format_.add(result, file)
    return file.getvalue()


def segments(labels: st.SearchStrategy[str]) -> st.SearchStrategy[Segment]:
    """Segments to the millisecond, as the builders give them."""
    return st.builds(
        lambda start, length, label, score: Segment(start / 1000, (start + length) / 1000, label, score),
        st.integers(0, 10**9),
        st.integers(1, 10**8),
        labels,
        st.floats(0, 1),
    )
