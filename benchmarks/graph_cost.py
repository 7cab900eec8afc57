"""What it costs to let OpenVINO read an encoder from ONNX, in place of the graph that vidlabel builds from weights.

    python benchmarks/graph_cost.py [--rounds 5]

Exports EfficientNet-Lite0 with the model `objects`. Each round makes both networks in turn, each in a process of its
own, which has imported OpenVINO before, and runs one picture of 224 x 398 pixels through it. The ONNX file is read
without a look at its digest; the weights are checked. Linux: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from processes import holding
from speed_measure import print_table, spread
from vidlabel.export.export import export_onnx
from vidlabel.features.encoders.efficientnet_layers import efficientnet_graph, load_layers
from vidlabel.features.encoders.openvino import OpenvinoGraph, OpenvinoNetwork, load_openvino
from vidlabel.features.encoders.weights import PUBLISHED_SCALING
from vidlabel.process import give_back_freed_memory

ENCODER = "efficientnet-lite0"
SIDES = ("built", "read")


def measure(side: str, file: Path) -> str:
    """Milliseconds to load, and to compile and run, and MB that the process holds more."""
    load_openvino()
    give_back_freed_memory()
    before, started = holding(os.getpid()).memory_bytes, time.perf_counter()
    network = OpenvinoNetwork(builder(side, file), 1)
    loaded = time.perf_counter()
    network.run(np.zeros((1, 224, 398, 3), np.uint8))
    ended = time.perf_counter()
    give_back_freed_memory()
    return f"{(loaded - started) * 1e3} {(ended - loaded) * 1e3} {(holding(os.getpid()).memory_bytes - before) / 1e6}"


def builder(side: str, file: Path) -> Callable[[OpenvinoGraph], Any]:
    """What makes the model."""
    if side == "built":
        return efficientnet_graph(load_layers(ENCODER), PUBLISHED_SCALING)
    return lambda _: load_openvino().Core().read_model(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side is not None:
        print(measure(asked.side, asked.file))
        return
    found: dict[str, list[list[float]]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as name:
        export_onnx("objects", Path(name) / "objects.onnx")
        file = str(Path(name) / "objects.frames.onnx")
        for _ in range(asked.rounds):
            for side in SIDES:
                command = [sys.executable, __file__, "--side", side, "--file", file]
                output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                found[side].append([float(figure) for figure in output.split()])
    rows = [[side, *(spread(figures, 0) for figures in zip(*found[side], strict=True))] for side in SIDES]
    print_table(f"{ENCODER} in OpenVINO", ["graph", "load, ms", "compile and run, ms", "memory, MB"], rows)


if __name__ == "__main__":
    main()
