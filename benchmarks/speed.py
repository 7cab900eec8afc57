"""How fast `vidlabel predict` is: beside what its parts must cost, beside scripts, and as its work grows.

    python benchmarks/speed.py --work DIR [--only runtimes,limit,peers,memory,growth,each] [--repeats 5]

Prints Markdown tables. The videos are made once from real footage in $VIDLABEL_DATA (else from the example) and kept
under --work. Both sides of each ratio are measured in turn, in one run; CPU seconds are those of all processes.
"""

from __future__ import annotations

import argparse
import platform
import time
from importlib.metadata import version
from pathlib import Path

from speed_growth import measure_growth, measure_memory
from speed_limit import measure_limit, measure_limit_of_each, measure_runtimes
from speed_measure import cores
from speed_peers import measure_peers

PARTS = ("runtimes", "limit", "peers", "memory", "growth")


def numbers(text: str) -> list[int]:
    """Whole numbers with commas between."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the videos")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas; `each`: the limit clip by clip")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--runtime", default="auto", choices=("auto", "torch", "openvino"))
    parser.add_argument("--clips", type=int, default=200, help="short clips for the peers")
    parser.add_argument("--minutes", type=numbers, default=[1, 10, 60, 600], help="lengths for memory")
    parser.add_argument("--files", type=numbers, default=[10, 500, 5000], help="numbers of files for memory")
    parser.add_argument("--plot", type=Path, help="draw growth into this file (.svg, .png); needs matplotlib")
    asked = parser.parse_args()
    parts = asked.only.split(",")
    started = time.monotonic()
    print(f"vidlabel {version('vidlabel')}, {platform.platform()}, Python {platform.python_version()}, {cores()} cores")
    if "runtimes" in parts:
        measure_runtimes(asked.repeats)
    if "limit" in parts:
        measure_limit(asked.work, asked.repeats, asked.runtime)
    if "each" in parts:
        measure_limit_of_each(asked.work, asked.repeats, asked.runtime)
    if "peers" in parts:
        measure_peers(asked.work, asked.repeats, asked.runtime, asked.clips)
    if "memory" in parts:
        measure_memory(asked.work, asked.runtime, asked.minutes, asked.files)
    if "growth" in parts:
        measure_growth(asked.work, max(1, asked.repeats - 2), asked.runtime, asked.plot)
    print(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
