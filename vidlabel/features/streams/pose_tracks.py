"""Who is who from sample to sample: people are followed by their boxes, in constant memory.

P people in a sample, K = 17 keypoints.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vidlabel.features.streams.pose_geometry import Body

LEAST_SCORE = 0.15
"""Of a person: below it, most are none (bottles and chairs score up to 0.3, small people in poor pictures 0.2)."""
MEMORY_S = 1.1
"""Who is not seen for longer is somebody new; above 1, so that people are followed at one sample a second."""

_MOST_DIFFERENCE = 0.8
"""Between boxes of one person: distance in box heights, change of size, time."""
_SIZE_WEIGHT = 0.5
_TIME_WEIGHT = 0.4
_USUAL_STEP_S = 0.125
_SPEED_S = 0.2
"""Seconds at least between the two places that give a speed: at 8 samples a second every other one, less noisy."""
_SCALE_S = 8.0
"""Seconds over which the median of a person's torso is the unit: people turn and bend, and their torso gets short."""
_RANK_S = 2.0
"""Time constant of how large a person is: somebody who passes by for a moment takes nobody's place."""

Floats = npt.NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Track:
    """One person over time."""

    body: Body
    """When last seen."""
    time_s: float
    """Of that."""
    rank: float = 0.0
    """Score times box height, averaged over time."""
    present: bool = True
    """Whether the person is in the newest sample."""
    _places: deque[tuple[float, Floats]] = field(default_factory=deque)
    _torsos: deque[tuple[float, float]] = field(default_factory=deque)

    def see(self, body: Body, time_s: float) -> None:
        """Take the person of a sample."""
        self.body, self.time_s, self.present = body, time_s, True
        self._torsos.append((time_s, body.torso))
        while self._torsos[0][0] < time_s - _SCALE_S:
            self._torsos.popleft()
        self._places.append((time_s, body.places))
        while len(self._places) > 2 and self._places[1][0] <= time_s - _SPEED_S:
            self._places.popleft()

    @property
    def unit(self) -> float:
        """The length of the torso, in pixels."""
        return float(np.median([torso for _, torso in self._torsos]))

    @property
    def velocities(self) -> Floats:
        """(K, 2) pixels a second; 0 at first, and while the person is not seen."""
        (first_s, first), (last_s, last) = self._places[0], self._places[-1]
        if not self.present or last_s <= first_s:
            return np.zeros_like(last)
        velocities: Floats = (last - first) / (last_s - first_s)
        return velocities


class Tracker:
    """Follows the people of one video."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._time_s = -math.inf

    def push(self, bodies: list[Body], time_s: float) -> list[Track]:
        """Take the people of the next sample.

        Args:
            bodies: in any order, those with too low a score left out.
            time_s: of the sample.

        Returns:
            Everybody who is there or was there a moment ago, the largest first.
        """
        step_s = min(time_s - self._time_s, MEMORY_S)
        self._time_s = time_s
        self._tracks = [track for track in self._tracks if time_s - track.time_s <= MEMORY_S]
        for track in self._tracks:
            track.present = False
        for track, body in self._pairs(bodies, time_s):
            track.see(body, time_s)
        share = 1 - math.exp(-step_s / _RANK_S)
        for track in self._tracks:
            size = track.body.score * track.body.height if track.present else 0.0
            track.rank += share * (size - track.rank)
        self._tracks.sort(key=lambda track: (-track.rank, -track.body.score * track.body.height))
        return self._tracks

    def _pairs(self, bodies: list[Body], time_s: float) -> list[tuple[Track, Body]]:
        """Each person with their track, the most alike first; who is like nobody gets a new one."""
        differences = sorted(
            (difference, number, other)
            for number, track in enumerate(self._tracks)
            for other, body in enumerate(bodies)
            if (difference := _difference(track, body, time_s)) < _MOST_DIFFERENCE
        )
        tracks: dict[int, int] = {}
        for _, number, other in differences:
            if number not in tracks and other not in tracks.values():
                tracks[number] = other
        pairs = [(self._tracks[number], bodies[other]) for number, other in tracks.items()]
        new = [(Track(body, time_s), body) for other, body in enumerate(bodies) if other not in tracks.values()]
        self._tracks += [track for track, _ in new]
        return pairs + new


def _difference(track: Track, body: Body, time_s: float) -> float:
    earlier = track.body
    distance = math.hypot(*(body.centre - earlier.centre)) / max(earlier.height, body.height)
    size = abs(math.log(body.height / earlier.height))
    waited = max(time_s - track.time_s - _USUAL_STEP_S, 0)
    return distance + _SIZE_WEIGHT * size + _TIME_WEIGHT * waited
