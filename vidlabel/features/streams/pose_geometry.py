"""Numbers of a person, and of two, that do not depend on where they are, how large, nor which side is left.

Lengths are in torsos of the person, speeds in torsos a second; of two alike parts of a body, the smaller number comes
first. K = 17 keypoints, (y, x), y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NOSE, EARS = [0], [3, 4]
SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = [5, 6], [7, 8], [9, 10], [11, 12], [13, 14], [15, 16]

PERSON_NUMBERS = 20
FAR = 8.0
"""Torsos: two people who are further apart count as this far."""

_LONGEST = 4.0
_FASTEST = 20.0
_SHORTEST_TORSO = 0.25
"""Of the box: the torso of somebody who bends towards the camera."""
_SMALLEST = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A person in one sample."""

    places: Floats
    """(K, 2) pixels."""
    scores: Floats
    """(K,)."""
    centre: Floats
    """(2,) of the box."""
    height: float
    """Of the box, above 0."""
    width: float
    score: float

    @property
    def torso(self) -> float:
        """From the middle of the shoulders to that of the hips, pixels, above 0."""
        length = math.dist(self.places[SHOULDERS].mean(axis=0), self.places[HIPS].mean(axis=0))
        return max(length, _SHORTEST_TORSO * self.height)


def body_of(person: npt.NDArray[np.float32]) -> Body:
    """One row of what the pose encoder gives, (56,)."""
    numbers = person.astype(np.float64)
    keypoints, (top, left, bottom, right) = numbers[:51].reshape(-1, 3), numbers[51:55]
    return Body(
        places=keypoints[:, :2],
        scores=keypoints[:, 2],
        centre=np.array([top + bottom, left + right]) / 2,
        height=max(bottom - top, _SMALLEST),
        width=max(right - left, _SMALLEST),
        score=float(numbers[55]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class MovingBody:
    """A person with their unit of length, and how they move."""

    body: Body
    unit: float
    """Pixels."""
    velocities: Floats
    """(K, 2) pixels a second."""

    @property
    def hips(self) -> Floats:
        """(2,) pixels: between the hips."""
        middle: Floats = self.body.places[HIPS].mean(axis=0)
        return middle

    @property
    def hip_velocity(self) -> Floats:
        """(2,) torsos a second."""
        return _limited(self.velocities[HIPS].mean(axis=0) / self.unit)


def person_numbers(moving: MovingBody) -> Floats:
    """(20,): posture, then speeds."""
    places, unit = moving.body.places, moving.unit
    shoulders = places[SHOULDERS].mean(axis=0)
    torso = shoulders - moving.hips
    speeds = np.linalg.norm(_limited(moving.velocities / unit), axis=1)
    reach = [
        np.sort((places[SHOULDERS, 0] - places[WRISTS, 0]).clip(-_LONGEST * unit, _LONGEST * unit)),
        np.sort(np.linalg.norm(places[WRISTS] - shoulders, axis=1).clip(0, _LONGEST * unit)),
        np.sort(np.linalg.norm(places[ANKLES] - moving.hips, axis=1).clip(0, _LONGEST * unit)),
    ]
    return np.concatenate(
        [
            [math.atan2(abs(torso[1]), -torso[0]) / math.pi],  # 0: upright, 0.5: lying, 1: head down
            [math.log(moving.body.width / moving.body.height)],
            *(lengths / unit for lengths in reach),
            *(np.sort(speeds[pair]) for pair in (WRISTS, ANKLES, ELBOWS, KNEES)),
            [np.linalg.norm(moving.hip_velocity), moving.hip_velocity[0], speeds[NOSE[0]], speeds.mean()],
        ]
    )


def pair_numbers(one: MovingBody, other: MovingBody) -> Floats:
    """(10,): how near hands and feet of either come to the other, how far apart they are, and how fast that changes.

    The order of the two does not matter.
    """
    unit = (one.unit + other.unit) / 2
    ends = ((WRISTS, NOSE + EARS), (WRISTS, SHOULDERS + HIPS), (WRISTS, WRISTS), (ANKLES, HIPS + KNEES))
    near = [
        [_nearest(first, second, part, target) for part, target in ends]
        for first, second in ((one, other), (other, one))
    ]
    apart = math.dist(one.hips, other.hips)
    lengths = np.append(np.sort(near, axis=0).ravel(), apart) / unit
    return np.append(lengths.clip(0, FAR), np.linalg.norm(other.hip_velocity - one.hip_velocity))


def distance(one: MovingBody, other: MovingBody) -> float:
    """Between the hips of two people, in torsos."""
    return min(2 * math.dist(one.hips, other.hips) / (one.unit + other.unit), FAR)


def contact(one: MovingBody, other: MovingBody) -> float:
    """From the hands of either to the trunk or the nose of the other, in torsos: the smallest."""
    trunk = NOSE + SHOULDERS + HIPS
    nearest = min(_nearest(one, other, WRISTS, trunk), _nearest(other, one, WRISTS, trunk))
    return min(2 * nearest / (one.unit + other.unit), FAR)


def _nearest(first: MovingBody, second: MovingBody, part: list[int], target: list[int]) -> float:
    """Pixels from some keypoints of one to some of the other: the smallest."""
    gaps = first.body.places[part][:, None] - second.body.places[target][None]
    return float(np.sqrt(np.square(gaps).sum(axis=2).min()))


def _limited(velocities: Floats) -> Floats:
    return velocities.clip(-_FASTEST, _FASTEST)
