"""What `vidlabel predict` takes on one short video, beside what importing torch alone takes.

    python benchmarks/startup.py [VIDEO] [--seconds 5] [--repeats 5] [--runtime auto]

Each command is run in turn in one run. Prints a Markdown table, and the time of predict less that of the import.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from isolation_cost import write_clips
from speed_inputs import EXAMPLE
from speed_measure import PREDICT, cores, cost_rows, in_turn, print_table, run, spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--seconds", type=float, default=5.0, help="how much of the video is taken")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--runtime", default="auto", choices=("auto", "torch", "openvino"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        clip = write_clips(asked.video, Path(name), 1, asked.seconds)[0]
        predict = [*PREDICT, str(clip), "--format", "json", "--quiet", "--device", "cpu", "--runtime", asked.runtime]
        sides = {
            "`python -c 'import torch'`": lambda: run([sys.executable, "-c", "import torch"]),
            "`vidlabel --help`": lambda: run([*PREDICT[:-1], "--help"]),
            f"`vidlabel predict` of {asked.seconds:g} s": lambda: run(predict),
        }
        costs = in_turn(sides, asked.repeats)
    title = f"Start: {asked.video.name} ({cores()} cores, runtime {asked.runtime})"
    print_table(title, ["", "wall s (min / median / max)", "CPU s (min / median / max)"], cost_rows(costs))
    torch, _, whole = costs.values()
    extra = [one.wall_s - other.wall_s for one, other in zip(whole, torch, strict=True)]
    print(f"\npredict less the import of torch: {spread(extra)} s (aim: at most 1.50)")


if __name__ == "__main__":
    main()
