"""How faithful explanations are: deletion and insertion on real footage, the pointing game on videos made for it.

    VIDLABEL_DATA=/data python benchmarks/explain_faithfulness.py [--only curves,pointing] [--cache-dir DIR]
        [--streams frames,motion] [--folds 4] [--videos 100] [--seed N]

`curves`: clips of ut-interaction, each by a model that was trained on other groups. Samples are replaced by the
baseline in the order of their attribution, and in random orders, and the areas under the score are compared.
`pointing`: is the square shown at the sample that counts most, and is it where the peak of that picture lies? Of those
videos whose label the model finds.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

import vidlabel
from evidence_videos import SIDE, SQUARE, EvidenceVideo, make_evidence_videos
from explain_curves import Areas, measure_areas, orders
from vidlabel.errors import InputError
from vidlabel.explanation.explain import ExplainRequest, explain_video
from vidlabel.explanation.explanation import Explanation
from vidlabel.explanation.kept_features import KeptFeatures
from vidlabel.explanation.picture_evidence import HeatMap
from vidlabel.explanation.segment_score import LabelledSamples, SegmentScore
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import FeatureConfig
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model import Model
from vidlabel.prediction.predict import PythonListener
from vidlabel.prediction.video_inputs import feature_config, spec_blocks
from vidlabel.video.isolation.pool import DecodePool

PARTS = ("curves", "pointing")
RANDOM_ORDERS = 5
TRAINING_VIDEOS = 48
TOLERANCE = 15 * SIDE / 224
"""Pixels around the square that count as hit: 15 of what the encoder takes, as in J. Zhang et al., 2018."""
DRAWS = 2000
"""Of the clips, for intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled clip."""

    path: Path
    label: str
    group: str


def read_clips(folder: Path) -> list[Clip]:
    """The clips of a set with `labels.csv` and `groups.csv`."""
    labels, groups = (read_table(folder / name) for name in ("labels.csv", "groups.csv"))
    group_of = {row["video"]: row["group"] for row in groups}
    return [Clip(folder / row["video"], row["label"], group_of[row["video"]]) for row in labels]


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def train_on(clips: list[Clip], folder: Path, asked: argparse.Namespace) -> Model:
    """The default training but for the number of heads and their calibration, which cost most of the time."""
    paths = [str(clip.path.resolve()) for clip in clips]
    labels = [(path, "", "", clip.label) for path, clip in zip(paths, clips, strict=True)]
    write_table(folder / "labels.csv", [("video", "start", "end", "label"), *labels])
    groups = [(path, clip.group) for path, clip in zip(paths, clips, strict=True)]
    write_table(folder / "groups.csv", [("video", "group"), *groups])
    return vidlabel.train(
        folder / "labels.csv",
        folder / "model.safetensors",
        groups=folder / "groups.csv",
        streams=tuple(asked.streams.split(",")),
        members=1,
        inner_folds=0,
        seed=asked.seed,
        cache_dir=asked.cache_dir,
    )


def clip_scores(model: Model, clips: list[Clip], cache: Path | None) -> Iterator[SegmentScore]:
    """The score of each clip's own label, over the whole clip."""
    config = feature_config(model, FeatureConfig())
    extractor = FeatureExtractor(config, spec_blocks(model.spec), FeatureCache(cache))
    for clip in clips:
        features = extractor.features(clip.path)
        kept = KeptFeatures(model, model.spec.stream_names, io.BytesIO())
        kept.add(features.times, np.concatenate(features.values, axis=1))
        label = model.spec.labels.index(clip.label)
        yield SegmentScore(kept, LabelledSamples(label, 0, len(features.times)))


def measure_curves(clips: list[Clip], asked: argparse.Namespace) -> None:
    """Print the areas of each order, over all clips, each by a model that knows no clip of its group."""
    names = sorted({clip.group for clip in clips})
    found: dict[str, list[Areas]] = {}
    for fold in range(asked.folds):
        tested = [clip for clip in clips if names.index(clip.group) % asked.folds == fold]
        with tempfile.TemporaryDirectory() as folder:
            model = train_on([clip for clip in clips if clip not in tested], Path(folder), asked)
        for score in clip_scores(model, tested, cache_folder(asked.cache_dir)):
            for name, own in orders(score, model.spec.rate, range(RANDOM_ORDERS)).items():
                areas = [measure_areas(score, values) for values in own]
                mean = Areas(*(float(np.mean([getattr(one, key) for one in areas])) for key in Areas.__slots__))
                found.setdefault(name, []).append(mean)
    print(f"\n{len(clips)} clips, {len(names)} groups, {asked.folds} folds, {asked.streams}, seed {asked.seed}\n")
    print("| order | deletion (low is faithful) | insertion (high is faithful) | insertion - deletion |")
    print("|---|---|---|---|")
    for name, rows in found.items():
        pairs = np.array([(row.deletion, row.insertion) for row in rows])
        columns = [pairs[:, 0], pairs[:, 1], pairs[:, 1] - pairs[:, 0]]
        print(f"| {name} | " + " | ".join(with_interval(own) for own in columns) + " |")


def with_interval(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """The mean of clips, and its interval of 95 % by bootstrap."""
    draws = np.random.default_rng(0).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def peaks(explanation: Explanation) -> dict[str, float]:
    """The time of the sample that counts most, by each method."""
    times = explanation.times
    found = {f"occlusion, {one.width} samples": float(times[one.log_odds.argmax()]) for one in explanation.occlusions}
    return {"integrated gradients": float(times[explanation.gradients.samples.argmax()]), **found}


def train_on_made(folder: Path, count: int, seed: int) -> Path:
    """Make videos and train a small model on them."""
    make_evidence_videos(folder / "training", count, seed)
    table, model = folder / "training" / "labels.csv", folder / "model.safetensors"
    vidlabel.train(table, model, streams=("frames",), rate=4.0, members=1, inner_folds=0)
    return model


def place_hits(video: EvidenceVideo, explanation: Explanation) -> dict[str, bool]:
    """Whether the peak within the picture of the sample that counts most lies on the square, by each method."""
    found = explanation.evidence[0]
    assert isinstance(found.details, HeatMap)
    shown = video.start_s <= found.time_s < video.end_s
    places = {
        "class activation map, in the picture": found.details.peak,
        "occlusion of patches, in the picture": found.details.occlusion_peak,
    }
    return {
        method: shown
        and -TOLERANCE <= x * SIDE - video.left < SQUARE + TOLERANCE
        and -TOLERANCE <= y * SIDE - video.top < SQUARE + TOLERANCE
        for method, (x, y) in places.items()
    }


def point(model: Path, videos: list[EvidenceVideo], folder: Path) -> list[tuple[EvidenceVideo, Explanation]]:
    """Explain the label of each video; those of which the model finds another label, or none, do not count."""
    found = []
    # One decoding process for all: to start one for each video takes most of the time.
    with DecodePool() as pool, patch("vidlabel.explanation.explain.DecodePool", lambda: contextlib.nullcontext(pool)):
        for video in videos:
            request = ExplainRequest(str(video.path), (str(model),), output=folder / video.path.stem, most_places=1)
            with contextlib.suppress(InputError):  # no label holds
                found.append((video, explain_video(request, PythonListener())))
    return [(video, explanation) for video, explanation in found if explanation.label == video.label]


def measure_pointing(asked: argparse.Namespace) -> None:
    """Print how often the sample that counts most shows the square."""
    with tempfile.TemporaryDirectory() as name:
        model = train_on_made(Path(name), TRAINING_VIDEOS, asked.seed)
        videos = make_evidence_videos(Path(name) / "test", asked.videos, asked.seed + 1)
        found = point(model, videos, Path(name) / "explained")
    hits: dict[str, list[bool]] = {}
    for video, explanation in found:
        for method, time_s in peaks(explanation).items():
            hits.setdefault(method, []).append(video.start_s <= time_s < video.end_s)
        for method, hit in place_hits(video, explanation).items():
            hits.setdefault(method, []).append(hit)
        start, end = explanation.peak
        hits.setdefault("half of the evidence", []).append(start < video.end_s and end > video.start_s)
    print(f"\n{len(found)} of {len(videos)} videos with the right label, {TRAINING_VIDEOS} others trained on\n")
    print("| method | the peak shows the square |\n|---|---|")
    for method, own in hits.items():
        print(f"| {method} | {sum(own)} of {len(own)} ({np.mean(own):.1%}) |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--cache-dir", type=Path, help="folder that keeps features")
    parser.add_argument("--streams", default="frames,motion", help="of the models of ut-interaction")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--videos", type=int, default=100, help="of the pointing game")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = os.environ.get("VIDLABEL_DATA")
    if "curves" in asked.only.split(","):
        if data is None:
            sys.exit("set VIDLABEL_DATA to the folder that holds ut-interaction, or give --only pointing")
        measure_curves(read_clips(Path(data) / "ut-interaction"), asked)
    if "pointing" in asked.only.split(","):
        measure_pointing(asked)


if __name__ == "__main__":
    main()
