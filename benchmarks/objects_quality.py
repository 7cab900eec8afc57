"""What the shipped `objects` models say about real videos, and how much of it is right.

    VIDLABEL_DATA=/data python benchmarks/objects_quality.py             # the models as they are shipped
    VIDLABEL_DATA=/data python benchmarks/objects_quality.py --settings  # other settings, on the set `choose`

The folder holds `intel-samples`, `gmdcsa24`, `fight-surv` and `ut-interaction`. Settings were chosen on the first two,
the set `choose`; the set `measure` had no part in that. Every label that was shown for a video was judged by eye from
frames of its segments: `objects_judged.csv` keeps the verdicts and what was seen. A label that nobody has judged for
its video counts as `unjudged`. Precision is right / (right + wrong), with its 95 % interval (Wilson).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import vidlabel
from vidlabel.features.config import FeatureBlock
from vidlabel.features.encoders.frame_encoder import Encoder, load_encoder
from vidlabel.features.pipeline import Features, encode_samples
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.scoring import make_scorer
from vidlabel.labels.result import Segment
from vidlabel.labels.segmentation import SingleLabelBuilder
from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.stream_spec import View
from vidlabel.video.isolation.pool import DecodePool

JUDGED = Path(__file__).with_name("objects_judged.csv")
DATA_SETS = {"choose": ("intel-samples", "gmdcsa24"), "measure": ("fight-surv", "ut-interaction")}
SUFFIXES = {".mp4", ".mkv", ".avi"}
VERDICTS = ("right", "wrong", "unclear", "unjudged")
NORMAL_QUANTILE = 1.959964  # of 97.5 %: 2.5 % of a normal distribution lie beyond it on either side

VIEWS: tuple[View, ...] = ("whole", "centre")
SMOOTHINGS = (0.1, 0.3, 1.0)
TEMPERATURES_AND_THRESHOLDS = ((1.0, 0.3), (1.0, 0.5), (0.8, 0.3), (0.65, 0.3), (0.65, 0.4), (0.65, 0.5), (0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Shown:
    """One segment that a model gave."""

    model: str
    video: str
    segment: Segment


def videos(folder: Path, chosen_on: str) -> list[Path]:
    found = (path for name in DATA_SETS[chosen_on] for path in (folder / name).rglob("*"))
    return sorted(path for path in found if path.suffix in SUFFIXES)


def read_verdicts() -> dict[tuple[str, str, str], str]:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        return {(row["model"], row["video"], row["label"]): row["verdict"] for row in csv.DictReader(file)}


def tally(shown: Iterable[Shown], verdicts: dict[tuple[str, str, str], str]) -> Counter[str]:
    return Counter(verdicts.get((s.model, s.video, s.segment.label), "unjudged") for s in shown)


def wilson_interval(right: int, judged: int) -> tuple[float, float]:
    """Where a share lies with 95 % confidence if `right` of `judged` were right."""
    squared = NORMAL_QUANTILE**2 / judged
    share = right / judged
    centre = (share + squared / 2) / (1 + squared)
    half = NORMAL_QUANTILE * math.sqrt(share * (1 - share) / judged + squared / judged / 4) / (1 + squared)
    return max(0.0, centre - half), min(1.0, centre + half)


def describe(counts: Counter[str]) -> str:
    """The verdicts, and the precision where there is one."""
    numbers = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    judged = counts["right"] + counts["wrong"]
    if not judged:
        return numbers
    low, high = wilson_interval(counts["right"], judged)
    return f"{numbers}; precision {counts['right'] / judged:.0%} ({low:.0%} to {high:.0%})"


def label_videos(labeller: Labeller, name: str, folder: Path, paths: Iterable[Path]) -> Iterator[Shown]:
    for path in paths:
        video = path.relative_to(folder).as_posix()
        for segment in labeller.label(str(path), PythonListener()).segments:
            yield Shown(name, video, segment)


def show_shipped(folder: Path, name: str) -> None:
    verdicts = read_verdicts()
    with DecodePool() as pool:
        labeller = Labeller(PredictOptions(models=(name,), device="cpu"), pool)
        for chosen_on in DATA_SETS:
            paths = videos(folder, chosen_on)
            shown = list(label_videos(labeller, name, folder, paths))
            for one in shown:
                verdict = verdicts.get((name, one.video, one.segment.label), "unjudged")
                times = f"{one.segment.start:.1f}-{one.segment.end:.1f} s"
                print(f"  {one.video}  {times}  {one.segment.label}  {one.segment.score:.2f}  {verdict}")
            for label in sorted({one.segment.label for one in shown}):
                counts = tally((one for one in shown if one.segment.label == label), verdicts)
                print(f"{name} {chosen_on} {label}: {describe(counts)}")
            labelled = len({one.video for one in shown})
            print(f"{name} {chosen_on}: {len(shown)} segments in {labelled} of {len(paths)} videos: ", end="")
            print(describe(tally(shown, verdicts)))


def read_features(path: Path, encoder: Encoder, view: View) -> Features:
    samples, blocks = vidlabel.samples(str(path), rate=2.0), [FeatureBlock("frames", view)]
    pieces = list(encode_samples(samples, {"frames": encoder}, blocks))
    return Features(np.concatenate([p.times for p in pieces]), (np.concatenate([p.joined() for p in pieces]),))


def with_settings(model: Model, smoothing: float, temperature: float) -> Model:
    (member,) = model.spec.members
    changed = replace(member, head=replace(member.head, scaled_identity=smoothing), temperature=temperature)
    head = NumpyHead(changed.head, model.heads[0].parameters)
    return replace(model, spec=replace(model.spec, members=(changed,)), heads=(head,))


def segments(model: Model, features: Features, threshold: float) -> tuple[Segment, ...]:
    scorer = make_scorer(model)
    scores = np.concatenate([scorer.push(features.joined()), scorer.finish()])
    spec = model.spec
    builder = SingleLabelBuilder(
        spec.labels, [threshold] * len(spec.labels), spec.minimum_durations_s, background=spec.background
    )
    builder.push(features.times, scores)
    return builder.finish(features.times[-1] + 1 / spec.rate)


def try_settings(folder: Path, name: str) -> Iterator[tuple[str, list[Shown]]]:
    """What would be shown with each of the settings: a line that names them, and the segments."""
    model, encoder = load_model(name), load_encoder()
    for view in VIEWS:
        paths = videos(folder, "choose")
        features = {path.relative_to(folder).as_posix(): read_features(path, encoder, view) for path in paths}
        for smoothing, (temperature, threshold) in itertools.product(SMOOTHINGS, TEMPERATURES_AND_THRESHOLDS):
            changed = with_settings(model, smoothing, temperature)
            shown = [Shown(name, v, s) for v, f in features.items() for s in segments(changed, f, threshold)]
            yield f"| {view} | {smoothing} | {temperature} | {threshold} |", shown


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--settings", action="store_true", help="try other settings")
    asked = options.parse_args()
    folder = Path(os.environ["VIDLABEL_DATA"])
    for name in ("objects", "objects-coarse"):
        if not asked.settings:
            show_shipped(folder, name)
            continue
        verdicts = read_verdicts()
        for settings, shown in try_settings(folder, name):
            held = sum(s.segment.end - s.segment.start for s in shown if "bottle" in s.segment.label)
            print(f"| {name} {settings} {describe(tally(shown, verdicts))}; {held:.1f} s bottle |")


if __name__ == "__main__":
    main()
