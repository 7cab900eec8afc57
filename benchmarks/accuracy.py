"""How right vidlabel's models are that are trained with the defaults, on videos that they have not learnt from.

    VIDLABEL_DATA=DIR python benchmarks/accuracy.py [--only ut,fight,untrimmed,time] [--cache-dir DIR] [--seed 0]

Prints Markdown tables. Each figure stands with its 95 % interval (percentile bootstrap over groups, 1000 draws), beside
a head without recurrence that is trained the same way (`mean`) and beside the most frequent label (`majority`). All
choices of training (streams, temperatures, thresholds) are made inside the training part of each fold.
"""

from __future__ import annotations

import argparse
import os
import time
from importlib.metadata import version
from pathlib import Path

from accuracy_clips import measure_fights, measure_interactions
from accuracy_time import measure_time
from accuracy_untrimmed import measure_untrimmed

PARTS = ("ut", "fight", "untrimmed", "time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--cache-dir", type=Path, help="where features are kept; default: as vidlabel itself")
    parser.add_argument("--seed", type=int, default=0, help="of folds and training")
    asked = parser.parse_args()
    parts = asked.only.split(",")
    if "VIDLABEL_DATA" not in os.environ:
        parser.error("VIDLABEL_DATA must name the folder of labelled videos")
    data = Path(os.environ["VIDLABEL_DATA"])
    started = time.monotonic()
    print(f"vidlabel {version('vidlabel')}, seed {asked.seed}")
    if "ut" in parts:
        measure_interactions(data, asked.cache_dir, asked.seed)
    if "fight" in parts:
        measure_fights(data, asked.cache_dir, asked.seed)
    if "untrimmed" in parts:
        measure_untrimmed(data, asked.cache_dir, asked.seed)
    if "time" in parts:
        measure_time(data, asked.cache_dir, asked.seed)
    print(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
