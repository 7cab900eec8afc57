"""Pictures that the original network has looked at, and what it found: `weights/build_pose.py` writes the file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.drawn_people import drawn, standing

REFERENCE = Path(__file__).with_name("movenet_reference.json")

LEAST_SCORE = 0.1
"""Of the people in the file."""

RED, GREEN, BLUE = (150, 40, 50), (60, 120, 60), (40, 60, 150)


@cache
def known_pictures() -> dict[str, npt.NDArray[np.uint8]]:
    """Pictures by name, of sizes that the network takes without padding: square, wide and tall."""
    both = (standing(118, 100, 45, arms=(0.5, 2.4)), RED), (standing(120, 260, 45, arms=(2.0, 0.4)), GREEN)
    small = [(standing(70 + 10 * number, 40 + 60 * number, 20), RED) for number in range(4)]
    noise = np.random.default_rng(4).integers(0, 256, (160, 256, 3), dtype=np.uint8)
    return {
        "one": drawn(224, 224, (standing(115, 112, 48), RED)),
        "two": drawn(224, 352, *both),
        "tall": drawn(320, 192, (standing(180, 90, 60, arms=(2.6, 2.6), legs=0.3), BLUE)),
        "four": drawn(160, 256, *small),
        "four in noise": (0.7 * drawn(160, 256, *small) + 0.3 * noise).astype(np.uint8),
    }


def reference_people() -> dict[str, npt.NDArray[np.float64]]:
    """What the original network found in each picture: (P, 56) in shares of its height and width, best score first."""
    content: dict[str, list[list[float]]] = json.loads(REFERENCE.read_text(encoding="utf-8"))
    return {name: np.array(people) for name, people in content.items()}
