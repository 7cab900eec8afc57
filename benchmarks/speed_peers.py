"""vidlabel beside the scripts of `speed_peer.py`, on one folder of short clips."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from speed_inputs import short_clips
from speed_measure import PREDICT, Cost, cores, cost_rows, in_turn, print_table, run, spread

PEER = Path(__file__).with_name("speed_peer.py")
AIMS = {"plain": 3.0, "loader": 1.5}


def measure_peers(work: Path, repeats: int, runtime: str, count: int) -> None:
    """Print the peers' times over vidlabel's; whole commands, start included."""
    if importlib.util.find_spec("efficientnet_lite_pytorch") is None:
        raise SystemExit("the peers need: pip install --no-deps efficientnet-lite-pytorch==0.1.0")
    folder = short_clips(work, count)

    def predict() -> Cost:
        shutil.rmtree(work / "out", ignore_errors=True)
        options = ("-o", str(work / "out"), "--device", "cpu", "--runtime", runtime, "--quiet")
        return run([*PREDICT, str(folder), *options])

    costs = in_turn(
        {
            "`vidlabel predict`": predict,
            "plain": lambda: run([sys.executable, str(PEER), "plain", str(folder)]),
            "loader": lambda: run([sys.executable, str(PEER), "loader", str(folder)]),
        },
        repeats,
    )
    head = ["", "wall s (min / median / max)", "CPU s (min / median / max)"]
    print_table(f"Peers: {count} short clips ({cores()} cores, runtime {runtime})", head, cost_rows(costs))
    ours = costs["`vidlabel predict`"]
    print()
    for name, aim in AIMS.items():
        wall = [theirs.wall_s / our.wall_s for theirs, our in zip(costs[name], ours, strict=True)]
        cpu = [theirs.cpu_s / our.cpu_s for theirs, our in zip(costs[name], ours, strict=True)]
        print(f"{name} / vidlabel: wall {spread(wall)} (aim: at least {aim:g}), CPU {spread(cpu)}")
