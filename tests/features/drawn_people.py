"""Drawn people: where their joints are is known by equations, and the pose network takes them for people."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Joints = npt.NDArray[np.float64]
"""(17, 2): y and x of the COCO keypoints, pixels."""
Colour = tuple[int, int, int]

HEAD = ((-1.45, 0.0), (-1.53, 0.07), (-1.53, -0.07), (-1.48, 0.17), (-1.48, -0.17))
"""Nose, eyes and ears, in torso lengths from the middle of the hips."""
SKIN, HAIR, DARK, LIPS = (205, 160, 130), (50, 35, 25), (30, 25, 25), (140, 50, 50)
SHIRT, TROUSERS = (150, 40, 50), (40, 50, 90)


def standing(y: float, x: float, torso: float, arms: tuple[float, float] = (0.3, 0.3), legs: float = 0.12) -> Joints:
    """The joints of somebody who stands and faces the camera.

    Args:
        y: of the middle of the hips.
        x: of it.
        torso: length in pixels.
        arms: angles of the left and of the right arm, 0 hanging, pi straight up.
        legs: angle of both legs, 0 together.
    """
    joints = np.zeros((17, 2))
    joints[:5] = HEAD
    for side, sign in ((0, 1), (1, -1)):
        shoulder, hip = (-1.0, sign * 0.35), (0.0, sign * 0.2)
        elbow, knee = _along(shoulder, 0.55, arms[side], sign), _along(hip, 0.8, legs, sign)
        wrist, ankle = _along(elbow, 0.5, 1.3 * arms[side], sign), _along(knee, 0.8, 0.5 * legs, sign)
        joints[[5 + side, 7 + side, 9 + side]] = shoulder, elbow, wrist
        joints[[11 + side, 13 + side, 15 + side]] = hip, knee, ankle
    moved: Joints = joints * torso + (y, x)
    return moved


def _along(start: tuple[float, float], length: float, angle: float, sign: int) -> tuple[float, float]:
    return start[0] + length * math.cos(angle), start[1] + sign * length * math.sin(angle)


def drawn(height: int, width: int, *people: tuple[Joints, Colour]) -> npt.NDArray[np.uint8]:
    """A picture (H, W, 3) of people in shirts of these colours, before a grey wall."""
    picture = np.ones((height, width, 3)) * (125, 135, 140) * np.linspace(1.1, 0.8, height)[:, None, None]
    picture[int(0.8 * height) :] *= 0.8
    for joints, shirt in people:
        _draw_person(picture, joints, shirt)
    return picture.clip(0, 255).astype(np.uint8)


def _draw_person(picture: npt.NDArray[np.float64], joints: Joints, shirt: Colour) -> None:
    shoulders, hips = joints[[5, 6]].mean(axis=0), joints[[11, 12]].mean(axis=0)
    torso = float(np.linalg.norm(shoulders - hips))
    down, across = np.array([torso, 0.0]), np.array([0.0, torso])

    def limb(start: Joints, end: Joints, widths: tuple[float, float], colour: Colour) -> None:
        _draw_limb(picture, start, end, (widths[0] * torso, widths[1] * torso), colour)

    for side, sign in ((0, -1), (1, 1)):
        limb(joints[11 + side], joints[13 + side], (0.19, 0.14), TROUSERS)
        limb(joints[13 + side], joints[15 + side], (0.13, 0.09), TROUSERS)
        limb(
            joints[15 + side] + 0.08 * down, joints[15 + side] + 0.12 * down + 0.18 * sign * across, (0.08, 0.07), DARK
        )
    for share in np.linspace(0, 1, 9):
        top = joints[5] * (1 - share) + joints[6] * share + 0.05 * down
        limb(top, joints[11] * (1 - share) + joints[12] * share, (0.13, 0.14), shirt)
    limb(shoulders, shoulders - 0.25 * down, (0.1, 0.1), SKIN)
    for side in (0, 1):
        limb(joints[5 + side], joints[7 + side], (0.13, 0.1), shirt)
        limb(joints[7 + side], joints[9 + side], (0.09, 0.06), SKIN)
        limb(joints[9 + side], 1.18 * joints[9 + side] - 0.18 * joints[7 + side], (0.08, 0.05), SKIN)
    nose = joints[0]
    limb(nose - 0.12 * down, nose + 0.06 * down, (0.2, 0.17), SKIN)
    limb(nose - 0.25 * down - 0.08 * across, nose - 0.25 * down + 0.08 * across, (0.13, 0.13), HAIR)
    limb(joints[1], joints[1], (0.035, 0.035), DARK)
    limb(joints[2], joints[2], (0.035, 0.035), DARK)
    limb(nose, nose, (0.04, 0.04), (170, 110, 90))
    limb(nose + 0.1 * down - 0.06 * across, nose + 0.1 * down + 0.06 * across, (0.02, 0.02), LIPS)


def _draw_limb(
    picture: npt.NDArray[np.float64], start: Joints, end: Joints, widths: tuple[float, float], colour: Colour
) -> None:
    """A line that is so wide at its ends, darker at its edges."""
    reach = max(widths) + 1
    low = np.maximum(np.floor(np.minimum(start, end) - reach), 0).astype(int)
    high = np.maximum(np.ceil(np.maximum(start, end) + reach), 0).astype(int)
    near = picture[low[0] : high[0], low[1] : high[1]]
    rows, columns = np.mgrid[: near.shape[0], : near.shape[1]].astype(np.float64)
    rows, columns = rows + low[0], columns + low[1]
    line = end - start
    share = ((rows - start[0]) * line[0] + (columns - start[1]) * line[1]) / max(float(line @ line), 1e-9)
    share = share.clip(0, 1)
    width = widths[0] + (widths[1] - widths[0]) * share
    distance = np.hypot(rows - start[0] - share * line[0], columns - start[1] - share * line[1])
    cover = (width - distance + 0.5).clip(0, 1)[..., None]
    shade = 1 - 0.25 * (distance / width).clip(0, 1)[..., None]
    near[:] = near * (1 - cover) + np.array(colour) * shade * cover
