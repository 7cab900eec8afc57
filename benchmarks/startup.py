"""What `vidlabel predict` takes on one short video, with OpenVINO, with torch, and with the default models.

    python benchmarks/startup.py [VIDEO] [--seconds 5] [--repeats 5]

Each command is run in turn in one run. Prints a Markdown table, how many times as long torch takes, and the memory of
two workers on 8 such videos (Linux).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from isolation_cost import write_clips
from processes import peak_memory
from speed_inputs import EXAMPLE
from speed_measure import PREDICT, cores, cost_rows, in_turn, print_table, run, spread

CLIPS = 8
RUNTIMES = ("openvino", "torch")
HEAD = ["", "wall s (min / median / max)", "CPU s (min / median / max)"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--seconds", type=float, default=5.0, help="how much of the video is taken")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        clip = write_clips(asked.video, Path(name), 1, asked.seconds)[0]
        options = (str(clip), "--format", "json", "--quiet", "--device", "cpu")
        command, objects = PREDICT[:4], ("--model", "objects")
        sides = {
            "`vidlabel --help`": lambda: run([*PREDICT[:3], "--help"]),
            "`import torch`": lambda: run([sys.executable, "-c", "import torch"]),
            "`predict -m objects`, OpenVINO": lambda: run([*command, *objects, *options]),
            "`predict -m objects`, torch": lambda: run([*command, *objects, *options, "--runtime", "torch"]),
            "`predict`, the default models": lambda: run([*command, *options]),
        }
        costs = in_turn(sides, asked.repeats)
        held = {runtime: workers_memory(asked.video, Path(name), asked.seconds, runtime) for runtime in RUNTIMES}
    print_table(f"Start: {asked.seconds:g} s of {asked.video.name} ({cores()} cores)", HEAD, cost_rows(costs))
    _, _, openvino, torch, _ = costs.values()
    ratios = [other.cpu_s / one.cpu_s for one, other in zip(openvino, torch, strict=True)]
    print(f"\nCPU with torch over that with OpenVINO: {spread(ratios)}; aim for OpenVINO: 0.60 s wall")
    megabytes = ", ".join(f"{runtime} {memory / 1e6:.0f} MB" for runtime, memory in held.items())
    print(f"Most memory of all processes, two workers on {CLIPS} clips: {megabytes}; aim: half")


def workers_memory(video: Path, folder: Path, seconds: float, runtime: str) -> int:
    """The most bytes that two workers and their processes hold together, with `objects`."""
    clips = folder / f"clips-{runtime}"
    clips.mkdir()
    write_clips(video, clips, CLIPS, seconds)
    options = ("--workers", "2", "--quiet", "--device", "cpu", "--runtime", runtime, "-o", str(folder / runtime))
    return peak_memory([*PREDICT, *options, str(clips)])


if __name__ == "__main__":
    main()
