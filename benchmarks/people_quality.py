"""What the shipped model `people` says about real videos, and how much of it is right.

    VIDLABEL_DATA=/data python benchmarks/people_quality.py

The folder holds `gmdcsa24`, `intel-samples`, `fight-surv` and `ut-interaction`. A frame from the middle of each segment
was looked at: `people_judged.csv` keeps the verdicts. Thresholds were chosen on the videos of the set `choose`; the set
`measure` had no part in that. A segment that begins elsewhere than those that were judged is counted as `unjudged`.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vidlabel.labels.result import Segment
from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.video.isolation.pool import DecodePool

JUDGED = Path(__file__).with_name("people_judged.csv")
SUFFIXES = {".mp4", ".mkv", ".avi"}
SAME_S = 0.3


@dataclass(frozen=True, slots=True)
class Judged:
    """A segment that was looked at."""

    video: str
    label: str
    start_s: float
    verdict: str


def videos(folder: Path) -> Iterator[tuple[str, Path]]:
    """The set of each video. Of ut-interaction every third clip in two ways, so that its people are all there."""
    for name in ("gmdcsa24", "intel-samples", "fight-surv", "ut-interaction"):
        found = sorted(path for path in (folder / name).rglob("*") if path.suffix in SUFFIXES)
        if name == "ut-interaction":
            found = [path for place, path in enumerate(found) if place % 6 in (0, 1, 4)]
        for path in found:
            chosen_on = name == "gmdcsa24" or path.parent.name == "intel-samples"
            yield "choose" if chosen_on else "measure", path


def read_judged() -> list[Judged]:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [Judged(row["video"], row["label"], float(row["start"]), row["verdict"]) for row in rows]


def verdict_of(judged: list[Judged], video: str, segment: Segment) -> str:
    for known in judged:
        if (known.video, known.label) == (video, segment.label) and abs(known.start_s - segment.start) < SAME_S:
            return known.verdict
    return "unjudged"


def main() -> None:
    folder, judged = Path(os.environ["VIDLABEL_DATA"]), read_judged()
    tally: Counter[tuple[str, str, str]] = Counter()
    with DecodePool() as pool:
        labeller = Labeller(PredictOptions(models=("people",), device="cpu"), pool)
        for chosen, path in videos(folder):
            video = path.relative_to(folder).as_posix()
            segments = labeller.label(str(path), PythonListener()).segments
            tally[chosen, "person", "videos"] += 1
            tally[chosen, "person", "videos with a segment"] += any(one.label == "person" for one in segments)
            for segment in segments:
                verdict = verdict_of(judged, video, segment)
                tally[chosen, segment.label, verdict] += 1
                if verdict != "right":
                    print(f"  {video}  {segment.start:.1f}-{segment.end:.1f} s  {segment.label}  {verdict}")
    for (chosen, label, what), count in sorted(tally.items()):
        print(f"{chosen} {label}: {count} {what}")


if __name__ == "__main__":
    main()
