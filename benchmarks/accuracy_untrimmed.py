"""From trimmed clips to long recordings: a model that was trained on clips labels a video in which they happen.

The clips of each sequence of ut-interaction are joined into one video, in random order, with other footage before,
between and after them (what cameras saw in fight-surv where nobody fought). The model has seen neither the sequence nor
any pause. Every picture is cut to its middle square, so that its shape tells nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

import vidlabel
from accuracy_clips import Place
from accuracy_figures import Row, drawn_row
from vidlabel import Segment, segment_metrics, write_labels
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.metrics.segments import OVERLAPS, SegmentMetrics, event_recall
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_examples

CLIPS = "ut-interaction"
FOLDS = 8
SIZE = 240
RATE = 30
PAUSE_S = 2.5
"""At most; most clips of fight-surv last 2 s."""
TOLERANCE_S = 1.0


def untrimmed_rows(place: Place) -> list[Row]:
    """Figures of segments over all recordings."""
    clips = read_clips(place)
    pauses = sorted((place.data / "fight-surv" / "noFight").glob("*.mp4"))
    generator = np.random.default_rng(place.seed)
    groups = [str(group) for group in generator.permutation(sorted({str(clip.group) for clip in clips}))]
    truth: dict[str, list[Segment]] = {}
    predicted: dict[str, Sequence[Segment]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for fold in range(FOLDS):
            held_out = set(groups[fold::FOLDS])
            write_labels([clip for clip in clips if clip.group not in held_out], folder / "labels.csv")
            model = vidlabel.train(
                folder / "labels.csv", folder / "model.safetensors", cache_dir=place.cache, seed=place.seed
            )
            for group in sorted(held_out):
                video = folder / f"{group}.mp4"
                own = [clip for clip in clips if clip.group == group]
                truth[group] = write_recording(video, own, pauses, generator)
                predicted[group] = vidlabel.predict(video, model=str(model.path)).segments
    return segment_rows(truth, predicted)


def read_clips(place: Place) -> list[Annotation]:
    """The clips of ut-interaction with their groups."""
    options = LabelOptions(groups=place.groups(CLIPS))
    examples = read_examples(place.table(CLIPS), options).examples
    return [Annotation(str(clip.path), None, None, clip.clip_labels[0], clip.group) for clip in examples]


def write_recording(
    path: Path, clips: Sequence[Annotation], pauses: Sequence[Path], generator: np.random.Generator
) -> list[Segment]:
    """Write one long video, and tell what happens when in it."""
    order = [clips[place] for place in generator.permutation(len(clips))]
    between = [pauses[place] for place in generator.choice(len(pauses), len(order) + 1, replace=False)]
    written = 0
    segments = []
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "18"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, "yuv420p"

        def add(source: Path, most_s: float) -> None:
            nonlocal written
            for picture in pictures(source, most_s):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = written
                sink.mux(stream.encode(frame))
                written += 1

        add(between[0], PAUSE_S)
        for clip, pause in zip(order, between[1:], strict=True):
            start = written
            add(Path(clip.video), float("inf"))
            segments.append(Segment(start / RATE, written / RATE, clip.label, 1.0))
            add(pause, PAUSE_S)
        sink.mux(stream.encode(None))
    return segments


def pictures(path: Path, most_s: float) -> Iterator[npt.NDArray[np.uint8]]:
    """The middle squares of a video's frames, at `RATE`."""
    given = 0
    with av.open(str(path)) as source:
        first = None
        for frame in source.decode(video=0):
            first = frame.time if first is None else first
            time = frame.time - first
            if time >= most_s:
                return
            short = min(frame.width, frame.height)
            size = (round(frame.width * SIZE / short), round(frame.height * SIZE / short))
            whole = frame.reformat(*size, format="rgb24").to_ndarray().astype(np.uint8, copy=False)
            top, left = (size[1] - SIZE) // 2, (size[0] - SIZE) // 2
            middle = np.ascontiguousarray(whole[top : top + SIZE, left : left + SIZE])
            while given <= time * RATE:
                yield middle
                given += 1


def segment_rows(truth: Mapping[str, Sequence[Segment]], predicted: Mapping[str, Sequence[Segment]]) -> list[Row]:
    """F1, edit score and recall of events: means over the recordings."""
    names = sorted(truth)
    found = {f"F1@{overlap}": [_metrics(truth, predicted, name).f1[overlap] for name in names] for overlap in OVERLAPS}
    found["edit score"] = [_metrics(truth, predicted, name).edit for name in names]
    found[f"events found within {TOLERANCE_S:g} s"] = [_recall(truth, predicted, name) for name in names]
    events = sum(map(len, truth.values()))
    about = (
        "ut-interaction, joined, with pauses of fight-surv",
        f"{FOLDS} folds of whole groups",
        f"{len(names)} recordings, {events} events",
    )
    rows = []
    for figure, values in found.items():
        own = np.array(values)
        row = drawn_row("untrimmed", figure, about, partial(_mean_of, own), names)
        rows.append(replace(row, aim="at least 75" if figure == "F1@25" else ""))
    return rows


def _mean_of(values: npt.NDArray[np.float64], items: npt.NDArray[np.intp]) -> float:
    return float(values[items].mean())


def _metrics(
    truth: Mapping[str, Sequence[Segment]], predicted: Mapping[str, Sequence[Segment]], name: str
) -> SegmentMetrics:
    return segment_metrics({name: truth[name]}, {name: predicted[name]}, background=None, averaging="per video")


def _recall(truth: Mapping[str, Sequence[Segment]], predicted: Mapping[str, Sequence[Segment]], name: str) -> float:
    labels = sorted({segment.label for segment in truth[name]})
    found = [event_recall({name: truth[name]}, predicted, label=label, tolerance_s=TOLERANCE_S) for label in labels]
    return 100 * sum(one.found for one in found) / sum(one.events for one in found)
