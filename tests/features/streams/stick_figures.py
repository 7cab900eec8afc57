"""People as the pose encoder gives them, made of joints at known places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.drawn_people import Joints

Floats = npt.NDArray[np.float32]

SWAPPED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
"""Left for right."""


def row(joints: Joints, score: float = 0.7, margin: float = 0.05) -> Floats:
    """(56,): one person in a box around the joints, wider by this share of its sides."""
    low, high = joints.min(axis=0), joints.max(axis=0)
    border = margin * (high - low)
    keypoints = np.concatenate([joints, np.full((17, 1), 0.8)], axis=1).ravel()
    return np.concatenate([keypoints, low - border, high + border, [score]]).astype(np.float32)


def people(*rows: Floats) -> Floats:
    """(6 * 56,): one sample, as the encoder fills it up."""
    return np.concatenate([*rows, np.zeros(56 * (6 - len(rows)), np.float32)])


def mirrored(samples: Floats, width: float) -> Floats:
    """(T, 6 * 56) in a picture of this width, mirrored."""
    found = samples.reshape(-1, 6, 56).copy()
    there = found[..., 55:] > 0
    keypoints = found[..., :51].reshape(*found.shape[:2], 17, 3)[:, :, SWAPPED]
    keypoints[..., 1] = width - keypoints[..., 1]
    left, right = width - found[..., 54], width - found[..., 52]
    found[..., :51] = keypoints.reshape(*found.shape[:2], 51)
    found[..., 52], found[..., 54] = left, right
    return np.where(there, found, 0).astype(np.float32).reshape(len(samples), -1)


def moved(samples: Floats, scale: float, shift: Sequence[float]) -> Floats:
    """(T, 6 * 56) larger by this factor, and then moved by so many pixels down and to the right."""
    found = samples.reshape(-1, 6, 56).astype(np.float64)
    there = found[..., 55:] > 0
    offset = np.zeros(56)
    factor = np.ones(56)
    for first, amount in enumerate(shift):
        columns = [*range(first, 51, 3), 51 + first, 53 + first]
        offset[columns], factor[columns] = amount, scale
    return np.where(there, found * factor + offset, 0).astype(np.float32).reshape(len(samples), -1)
