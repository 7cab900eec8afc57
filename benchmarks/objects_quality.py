"""What the shipped `objects` models say about real videos, and how much of it is right.

    VIDLABEL_DATA=/data python benchmarks/objects_quality.py             # the models as they are shipped
    VIDLABEL_DATA=/data python benchmarks/objects_quality.py --settings  # other settings too

The folder holds `intel-samples` and `gmdcsa24`. Every label that was shown for a video has been looked at by a person,
beside the frames: `objects_judged.csv` keeps the verdicts, so that the figures can be computed again. A segment whose
video and label nobody has judged yet is counted as `unjudged`.
"""

from __future__ import annotations

import argparse
import csv
import itertools
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
from vidlabel.heads.recurrent import build_head
from vidlabel.heads.scoring import make_scorer
from vidlabel.labels.result import Segment
from vidlabel.labels.segmentation import SingleLabelBuilder
from vidlabel.stream_spec import View

JUDGED = Path(__file__).with_name("objects_judged.csv")
DATA_SETS = ("intel-samples", "gmdcsa24")
SUFFIXES = {".mp4", ".mkv"}

VIEWS: tuple[View, ...] = ("whole", "centre")
SMOOTHINGS = (0.1, 0.3, 1.0)
TEMPERATURES_AND_THRESHOLDS = ((1.0, 0.3), (1.0, 0.5), (0.8, 0.3), (0.65, 0.3), (0.65, 0.4), (0.65, 0.5), (0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Shown:
    """One segment that a model gave."""

    model: str
    video: str
    segment: Segment


def videos(folder: Path) -> list[Path]:
    found = (path for name in DATA_SETS for path in (folder / name).rglob("*"))
    return sorted(path for path in found if path.suffix in SUFFIXES)


def read_verdicts() -> dict[tuple[str, str, str], str]:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        return {(row["model"], row["video"], row["label"]): row["verdict"] for row in csv.DictReader(file)}


def count(shown: Iterable[Shown], verdicts: dict[tuple[str, str, str], str]) -> str:
    tally = Counter(verdicts.get((s.model, s.video, s.segment.label), "unjudged") for s in shown)
    return ", ".join(f"{tally[verdict]} {verdict}" for verdict in ("right", "wrong", "unjudged"))


def show_shipped(folder: Path, name: str) -> None:
    verdicts = read_verdicts()
    shown = []
    for path in videos(folder):
        video = path.relative_to(folder).as_posix()
        for segment in vidlabel.predict(str(path), model=name).segments:
            shown.append(Shown(name, video, segment))
            verdict = verdicts.get((name, video, segment.label), "unjudged")
            times = f"{segment.start:.1f}-{segment.end:.1f} s"
            print(f"  {video}  {times}  {segment.label}  {segment.score:.2f}  {verdict}")
    print(f"{name}: {len(shown)} segments in {len({s.video for s in shown})} videos of {len(videos(folder))}: ", end="")
    print(count(shown, verdicts))


def read_features(path: Path, encoder: Encoder, view: View) -> Features:
    samples, blocks = vidlabel.samples(str(path), rate=2.0), [FeatureBlock("frames", view)]
    pieces = list(encode_samples(samples, {"frames": encoder}, blocks))
    return Features(np.concatenate([p.times for p in pieces]), (np.concatenate([p.joined() for p in pieces]),))


def with_settings(model: Model, smoothing: float, temperature: float) -> Model:
    (member,) = model.spec.members
    changed = replace(member, head=replace(member.head, scaled_identity=smoothing), temperature=temperature)
    head = build_head(changed.head).eval()
    head.load_state_dict(model.heads[0].state_dict())
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
        features = {p.relative_to(folder).as_posix(): read_features(p, encoder, view) for p in videos(folder)}
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
            print(f"| {name} {settings} {count(shown, verdicts)}; {held:.1f} s bottle |")


if __name__ == "__main__":
    main()
