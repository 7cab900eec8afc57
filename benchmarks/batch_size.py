"""What one picture costs the encoder on the CPU, by how many go through it at once, on one thread.

    python benchmarks/batch_size.py [--runtimes torch,openvino] [--batches 1,2,8,32] [--pictures 128] [--repeats 5]

All are measured in turn in one run. Prints a Markdown table: CPU milliseconds a picture, and over the first row's.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

from speed_measure import in_turn, print_table, run_reporting, spread

ENCODE = """
import sys
import time
import numpy as np
import torch
from vidlabel.process import keep_freed_memory
from vidlabel.features.encoders.efficientnet import EfficientNetLite
from vidlabel.features.encoders.efficientnet_layers import efficientnet_graph, load_layers
from vidlabel.features.encoders.openvino import OpenvinoNetwork
from vidlabel.features.encoders.torch_networks import torch_network
from vidlabel.features.encoders.weights import PUBLISHED_SCALING

runtime, batch, pictures = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
keep_freed_memory()
torch.set_num_threads(1)
layers = load_layers("efficientnet-lite0")
if runtime == "openvino":
    encoder = OpenvinoNetwork(efficientnet_graph(layers, PUBLISHED_SCALING), threads=1)
else:
    encoder = torch_network(EfficientNetLite(layers), "cpu", "torch", PUBLISHED_SCALING)
frames = np.random.default_rng(0).integers(0, 256, (batch, 224, 398, 3), dtype=np.uint8)
encoder.run(frames)
wall_s, cpu_s = time.perf_counter(), time.process_time()
for _ in range(pictures // batch):
    encoder.run(frames)
print(time.perf_counter() - wall_s, time.process_time() - cpu_s)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtimes", default="torch,openvino", help="with commas")
    parser.add_argument("--batches", default="1,2,8,32", help="with commas; compared to the first")
    parser.add_argument("--pictures", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    for runtime in asked.runtimes.split(","):
        sides = {
            batch: partial(run_reporting, [sys.executable, "-c", ENCODE, runtime, batch, str(asked.pictures)])
            for batch in asked.batches.split(",")
        }
        costs = in_turn(sides, asked.repeats)
        first = next(iter(costs.values()))
        rows = []
        for batch, found in costs.items():
            milliseconds = [1000 * cost.cpu_s / asked.pictures for cost in found]
            ratios = [cost.cpu_s / base.cpu_s for cost, base in zip(found, first, strict=True)]
            rows.append([batch, spread(milliseconds, 1), spread(ratios)])
        head = ["pictures at once", "CPU ms a picture (min / median / max)", "over the first row"]
        print_table(f"Batches: {runtime}, 224x398, one thread", head, rows)


if __name__ == "__main__":
    main()
