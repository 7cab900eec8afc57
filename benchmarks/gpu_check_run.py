"""One check of `gpu_check`, in its own process: prints a line of JSON for each row as soon as it is known.

python -m gpu_check_run NAME FOLDER [--quick] [--rehearse]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Literal

from gpu_check_rows import Row, Setting, to_line

HOMES = {
    "machine": "gpu_check_machine",
    "features": "gpu_check_encoding",
    "streams": "gpu_check_streams",
    "encoders": "gpu_check_encoders",
    "decoding": "gpu_check_decoding",
    "predict": "gpu_check_predicting",
    "batches": "gpu_check_encoding",
    "speed": "gpu_check_speed",
    "short-clips": "gpu_check_speed",
    "feature-speed": "gpu_check_speed",
    "training": "gpu_check_speed",
}
"""The module of each check, loaded when it runs: one that cannot be loaded costs its own rows alone."""


def rows_of(name: str, setting: Setting) -> Iterator[Row]:
    """The rows of a check, as they are found."""
    check: Callable[[Setting], Iterator[Row]] = getattr(import_module(HOMES[name]), f"check_{name.replace('-', '_')}")
    yield from check(setting)


def used_device(*, rehearse: bool) -> Literal["cuda", "cpu", "none"]:
    """The GPU where torch can use one; in a rehearsal the CPU."""
    import torch

    if rehearse:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=HOMES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rehearse", action="store_true")
    asked = parser.parse_args()
    setting = Setting(asked.folder, used_device(rehearse=asked.rehearse), asked.quick)
    for row in rows_of(asked.name, setting):
        print(to_line(row), flush=True)


if __name__ == "__main__":
    main()
