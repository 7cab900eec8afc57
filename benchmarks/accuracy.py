"""How good vidlabel's training is: real footage by cross-validation over groups, and made-up tasks of order.

    VIDLABEL_DATA=/data python benchmarks/accuracy.py [--cache-dir DIR] [--json FILE] [--seed N]
        [--only ut-interaction,fight-surv,calibration,middle-square,untrimmed,order,shapes,time]

Prints a Markdown table after each part, with 95 % bootstrap intervals over groups. `calibration` pools the answers of
`ut-interaction` and `fight-surv`; `middle-square` is `ut-interaction` with people looked for in the middle of pictures
alone. The first run computes features, later ones take them from the cache.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from accuracy_clips import (
    Place,
    calibration_row,
    clip_rows,
    evaluate_middle_square,
    evaluate_set,
    training_time_rows,
)
from accuracy_figures import Row, print_rows, write_rows
from accuracy_order import order_rows
from accuracy_shapes import shapes_rows
from accuracy_untrimmed import untrimmed_rows

PARTS = ("ut-interaction", "fight-surv", "calibration", "middle-square", "untrimmed", "order", "shapes", "time")
SETS = {"ut-interaction": (None, "at least 97"), "fight-surv": (10, "at least 82")}
"""Folds (None: one for each group) and what accuracy is aimed at."""


def parse_parts(text: str) -> list[str]:
    """Names of parts with commas between."""
    names = text.split(",")
    unknown = sorted(set(names).difference(PARTS))
    if unknown:
        raise argparse.ArgumentTypeError(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return names


def measure_sets(place: Place, parts: Sequence[str]) -> list[Row]:
    """The sets of clips that are asked for, and their calibration together."""
    rows, evaluations = [], []
    for name, (folds, aim) in SETS.items():
        if name in parts or "calibration" in parts:
            evaluations.append(evaluate_set(place, name, folds))
            rows.append(clip_rows(name, evaluations[-1], aim))
            print_rows(rows[-1])
    if "calibration" in parts:
        rows.append([calibration_row(evaluations)])
        print_rows(rows[-1])
    return [row for own in rows for row in own]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=parse_parts, default=list(PARTS), help="parts, with commas")
    parser.add_argument("--cache-dir", type=Path, help="folder that keeps features")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = os.environ.get("VIDLABEL_DATA")
    if data is None and not set(asked.only) <= {"order", "shapes"}:
        sys.exit(
            "set VIDLABEL_DATA to the folder that holds ut-interaction and fight-surv, or give --only order,shapes"
        )
    print(f"{platform.platform()}, Python {platform.python_version()}, torch {torch.__version__}, seed {asked.seed}")
    place = Place(Path(data or ""), asked.cache_dir, asked.seed)
    rows = measure_sets(place, asked.only)
    if "middle-square" in asked.only:
        found = clip_rows("middle-square", evaluate_middle_square(place, "ut-interaction"), "at least 97")
        print_rows(found)
        rows += found
    if "untrimmed" in asked.only:
        found = untrimmed_rows(place)
        print_rows(found)
        rows += found
    if "order" in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            found = order_rows(Path(folder), asked.seed)
        print_rows(found)
        rows += found
    if "shapes" in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            found = shapes_rows(Path(folder), asked.cache_dir, asked.seed)
        print_rows(found)
        rows += found
    if "time" in asked.only:
        found = training_time_rows(place, "ut-interaction")
        print_rows(found)
        rows += found
    if asked.json is not None:
        write_rows(rows, asked.json)


if __name__ == "__main__":
    main()
