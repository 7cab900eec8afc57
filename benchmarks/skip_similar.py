"""What `--skip-similar` saves and what it changes, on real videos: one line a folder of the data.

    VIDLABEL_DATA=DIR python benchmarks/skip_similar.py --every 10

Each video is labelled with and without it in turn. CPU is that of all processes, loading left out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vidlabel.batch.labelling import Labeller
from vidlabel.batch.listener import PythonListener
from vidlabel.batch.options import PredictOptions
from vidlabel.features.allocator import keep_freed_memory
from vidlabel.labels.result import Result
from vidlabel.stopwatch import Stopwatch
from vidlabel.video.decode_pool import DecodePool

SUFFIXES = {".mp4", ".mkv", ".avi"}


@dataclass(slots=True)
class Total:
    """Sums over the videos of a folder."""

    videos: int = 0
    samples: int = 0
    reused: int = 0
    other_top: int = 0
    """Samples with another label on top."""
    largest: float = 0.0
    """Largest change of any score."""
    shown_s: float = 0.0
    """Seconds of segments in either result."""
    other_s: float = 0.0
    """Seconds of segments in one of the results only."""
    cpu_s: float = 0.0
    plain_cpu_s: float = 0.0

    def add(self, plain: Result, skipped: Result) -> None:
        """Compare two results of a video."""
        assert plain.scores is not None
        assert skipped.scores is not None
        before, after = plain.scores.values, skipped.scores.values
        self.videos += 1
        self.samples += len(before)
        self.reused += skipped.run.reused or 0
        self.other_top += int((before.argmax(axis=1) != after.argmax(axis=1)).sum())
        self.largest = max(self.largest, float(np.abs(before - after).max(initial=0.0)))
        one, other = shown_milliseconds(plain), shown_milliseconds(skipped)
        self.shown_s += len(one | other) / 1000
        self.other_s += len(one ^ other) / 1000

    def row(self, name: str) -> str:
        """One line of the table."""
        share = self.other_s / self.shown_s if self.shown_s else 0.0
        return (
            f"| {name} | {self.videos} | {self.samples} | {self.reused / self.samples:.1%} "
            f"| {self.cpu_s / self.plain_cpu_s:.2f} | {self.other_top / self.samples:.2%} | {share:.1%} "
            f"| {self.largest:.3f} |"
        )


def shown_milliseconds(result: Result) -> set[tuple[str, int]]:
    """Label and millisecond of all that the segments hold."""
    return {
        (segment.label, at)
        for segment in result.segments
        for at in range(round(segment.start * 1000), round(segment.end * 1000))
    }


def label(labeller: Labeller, stopwatch: Stopwatch, path: Path) -> tuple[Result, float]:
    """A result and its CPU seconds."""
    begin = time.process_time()
    result = labeller.label(str(path), PythonListener())
    return result, time.process_time() - begin + stopwatch.take().decode.cpu_s


def totals(folders: list[Path], every: int, options: PredictOptions) -> Iterator[tuple[str, Total]]:
    """Measure folder by folder."""
    plain_watch, watch = Stopwatch(), Stopwatch()
    with DecodePool() as pool:
        plain = Labeller(options, pool, stopwatch=plain_watch)
        skipping = Labeller(replace(options, skip_similar=True), pool, stopwatch=watch)
        for folder in folders:
            total = Total()
            videos = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
            for path in videos[::every]:
                before, plain_cpu_s = label(plain, plain_watch, path)
                after, cpu_s = label(skipping, watch, path)
                total.plain_cpu_s += plain_cpu_s
                total.cpu_s += cpu_s
                total.add(before, after)
            if total.samples:
                yield folder.name, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="of videos; default: those of VIDLABEL_DATA")
    parser.add_argument("--every", type=int, default=10, help="take one video of so many")
    parser.add_argument("--model", default="objects")
    parser.add_argument("--rate", type=float, help="samples a second; default: the model's")
    asked = parser.parse_args()
    folders = asked.folders
    if not folders:
        if "VIDLABEL_DATA" not in os.environ:
            parser.error("name folders of videos, or set VIDLABEL_DATA")
        folders = sorted(path for path in Path(os.environ["VIDLABEL_DATA"]).iterdir() if path.is_dir())
    options = PredictOptions(model=asked.model, rate=asked.rate, scores=True)
    keep_freed_memory()
    print(
        "| folder | videos | samples | reused | CPU, new / plain | other top label | other segments | largest change |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, total in totals(folders, asked.every, options):
        print(total.row(name), flush=True)


if __name__ == "__main__":
    main()
