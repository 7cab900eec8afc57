"""How long `vidlabel train` takes where the features are in the cache."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from speed_measure import cores, cost_rows, in_turn, print_table, run

REPEATS = 3


def measure_time(data: Path, cache: Path | None, seed: int) -> None:
    """Train the default head on ut-interaction, with its inner cross-validation."""
    folder = data / "ut-interaction"
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "vidlabel", "train", str(folder / "labels.csv"), "--quiet"]
        command += ["--groups", str(folder / "groups.csv"), "-o", str(Path(name) / "model.safetensors")]
        command += ["--seed", str(seed)] + ([] if cache is None else ["--cache-dir", str(cache)])
        run(command)  # fills the cache
        costs = in_turn({"`vidlabel train`": lambda: run(command)}, REPEATS)
    title = f"Time of training: ut-interaction, 96 clips, cached features ({cores()} cores; aim: under 60 s)"
    print_table(title, ["", "wall s (min / median / max)", "CPU s (min / median / max)"], cost_rows(costs))
