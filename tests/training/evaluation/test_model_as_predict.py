"""`evaluate --model` asks a model as `predict` does: the same segments of the same videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import vidlabel
from corpus import Recipe, write_video
from heads.example_specs import save_example, video_spec
from training.sets import write_table
from vidlabel.labels.result import Segment

RECIPE = Recipe(suffix=".mp4", frames=100, options={"g": "10", "bf": "0"})


def with_zeros(path: Path, start: float, end: float) -> Path:
    """Replace a share of the bytes of a file by zeros."""
    data = bytearray(path.read_bytes())
    first, last = int(len(data) * start), int(len(data) * end)
    data[first:last] = bytes(last - first)
    path.write_bytes(data)
    return path


def times(segments: Sequence[Segment]) -> list[tuple[float, float, str]]:
    return [(segment.start, segment.end, segment.label) for segment in segments]


def sure_model(path: Path) -> Path:
    """A model of videos that has an answer to everything."""
    spec = replace(
        video_spec(),
        thresholds=(0.0, 0.0, 0.0),
        minimum_durations_s=(0.0, 0.0, 0.0),
        background=None,
    )
    return save_example(spec, path).path


def test_holes_are_cut_out_of_the_segments(tmp_path: Path) -> None:
    video = with_zeros(write_video(tmp_path / "a.mp4", RECIPE), 0.4, 0.6)
    model = sure_model(tmp_path / "m.safetensors")
    predicted = vidlabel.predict(video, model=model)
    assert predicted.status == "partial"
    covered_s = sum(segment.end - segment.start for segment in predicted.segments)
    assert 2.5 < covered_s < 3.7  # of 4 s, a fifth of which is zeros
    table = write_table(tmp_path, "a.mp4,0,1,walk\n")
    evaluation = vidlabel.evaluate(table, model=model, cache_dir=tmp_path / "cache")
    assert times(evaluation.predictions.segments[0]) == times(predicted.segments)
