"""How right a model of falls is on people that it has not seen: GMDCSA24, one person left out at a time.

    VIDLABEL_DATA=/data python benchmarks/falls.py [--cache-dir DIR] [--seed N]

The folder has gmdcsa24 in it. Rows `fall` of its table are taken; other time is background. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import sys
import tempfile
from pathlib import Path

import torch

import vidlabel
from accuracy_figures import Row, print_rows, row_of
from vidlabel.labels.metrics.evaluation import METRICS, Evaluation

FOLDER = "gmdcsa24"


def write_table(data: Path, table: Path) -> int:
    """Falls, and clips in which nobody falls, as a table of labels; the number of falls."""
    clips = {row["video"]: float(row["duration"]) for row in read_table(data / "clips.csv")}
    people = {row["video"]: row["group"] for row in read_table(data / "groups.csv")}
    falls = [row for row in read_table(data / "labels.csv") if row["label"] == "fall"]
    # One row of the published table ends after its clip does.
    rows = [(row["video"], row["start"], min(float(row["end"]), clips[row["video"]]), "fall") for row in falls]
    rows += [(video, "0", clips[video], "background") for video in sorted(set(clips) - {row["video"] for row in falls})]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("video", "start", "end", "label", "group"))
        writer.writerows((data / video, start, end, label, people[video]) for video, start, end, label in rows)
    return len(falls)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_of(evaluation: Evaluation, falls: int) -> list[Row]:
    """All figures that there are."""
    count = f"{evaluation.data.videos} clips, {falls} falls, {evaluation.data.groups} people"
    about = (FOLDER, evaluation.split, count)
    baselines = [evaluation.baselines["mean"], evaluation.baselines["majority"]]
    return [
        row_of("falls", figure, about, evaluation.metrics, baselines)
        for figure in METRICS
        if evaluation.metrics[figure] is not None
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, help="folder that keeps features")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if "VIDLABEL_DATA" not in os.environ:
        sys.exit("set VIDLABEL_DATA to the folder that holds gmdcsa24")
    print(f"{platform.platform()}, Python {platform.python_version()}, torch {torch.__version__}, seed {asked.seed}")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "labels.csv"
        falls = write_table(Path(os.environ["VIDLABEL_DATA"]) / FOLDER, table)
        evaluation = vidlabel.evaluate(table, leave_one_group_out=True, cache_dir=asked.cache_dir, seed=asked.seed)
    print_rows(rows_of(evaluation, falls))


if __name__ == "__main__":
    main()
