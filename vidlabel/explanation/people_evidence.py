"""Which people, and which of their joints, the evidence of the stream `pose` lies in.

Each person is left out of the numbers of a sample, and each joint put where somebody has it who stands upright and
still: what the score loses is theirs. K = 17 joints, B variants, D numbers in a feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.explanation.drawing import DrawnPerson, people_picture, write_picture
from vidlabel.explanation.explanation import Evidence
from vidlabel.explanation.frame_places import DECIMALS, FramePlaces, Place
from vidlabel.explanation.label_score import LabelScore
from vidlabel.explanation.sample_reading import SAME_TIME_S, SampleReader
from vidlabel.features.streams.pose import bodies_of, moving_bodies, people_numbers
from vidlabel.features.streams.pose_geometry import MovingBody
from vidlabel.features.streams.pose_tracks import Tracker
from vidlabel.features.streams.registry import find_stream
from vidlabel.stream_spec import View
from vidlabel.video.request import Sample

JOINTS = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
).split()
"""The keypoints of COCO, in the order of the pose encoder."""
BONES = (
    *((0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10)),
    *((5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16)),
)
"""Joints that are drawn with a line between them."""

LEFT, RIGHT = 5, 6
"""The shoulders."""
_UPRIGHT = np.array(
    [(-1.45, 0), (-1.5, 0.07), (-1.5, -0.07), (-1.45, 0.17), (-1.45, -0.17)]
    + [(down, side * aside) for down, aside in ((-1, 0.35), (-0.45, 0.4), (0.05, 0.42)) for side in (1, -1)]
    + [(down, side * 0.2) for down in (0, 0.8, 1.6) for side in (1, -1)]
)
"""(K, 2) down and to the left side, in torsos from between the hips, of somebody who stands upright, arms hanging."""

_BEFORE_S = 8.0
"""Seconds before a sample in which people are followed: so far back goes what their numbers depend on."""
_BATCH = 8

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """What one person adds to the score at one sample."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom in the frame, 0 to 1."""
    log_odds: float
    """Lost without the person."""
    joints: dict[str, float]
    """Log-odds lost with each joint where it is of somebody who stands upright and still."""
    places: dict[str, Place]
    """Of each joint in the frame."""


@dataclass(frozen=True, slots=True)
class PeopleEvidence:
    """The people of one sample, the largest first; who was there a moment ago and is not found now is left out."""

    people: tuple[PersonEvidence, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _People:
    """The people at one sample."""

    sample: Sample
    moving: list[MovingBody]
    scores: list[float]


def find_people_evidence(
    score: LabelScore, stream: str, steps: list[int], reader: SampleReader, folder: Path
) -> list[Evidence]:
    """Measure people and joints at some samples, and draw them.

    Args:
        score: of the label.
        stream: `pose`.
        steps: numbers of samples.
        reader: of the video.
        folder: for the pictures.

    Raises:
        OutputError: see `find_evidence`.
    """
    view = score.model.spec.stream(stream).view
    found: dict[int, Evidence] = {}
    for people in _people_at([float(score.times[step]) for step in steps], stream, view, reader):
        time_s = people.sample.time_s
        step = min(steps, key=lambda own: abs(float(score.times[own]) - time_s))
        measured = _measured(score, stream, step, people, FramePlaces.of_view(people.sample.rgb, view))
        if measured:
            file = f"{stream}-{time_s:09.3f}.png"
            write_picture(people_picture(people.sample.rgb, _drawn(measured, people.sample), BONES), folder / file)
            summary = f"{stream} at {time_s:.2f} s: {_in_words(measured)}"
            found[step] = Evidence(stream, time_s, "people", file, summary, PeopleEvidence(measured))
    return [found[step] for step in steps if step in found]


def _people_at(times: Sequence[float], stream: str, view: View, reader: SampleReader) -> Iterator[_People]:
    """The people at some times, followed from a while before on; stretches that overlap are read once."""
    own = find_stream(stream)
    encoder = own.load_encoder(reader.config, "cpu", None)
    for start_s, wanted in _stretches(sorted(times)):
        tracker, missing, samples = Tracker(), list(wanted), reader.between(stream, start_s, wanted[-1] + SAME_TIME_S)
        while batch := list(islice(samples, _BATCH)):
            encoded = encoder.encode(own.prepare(batch, [view])[0])
            for sample, people in zip(batch, encoded, strict=True):
                tracks = tracker.push(bodies_of(people), sample.time_s)
                for time_s in [other for other in missing if abs(other - sample.time_s) < SAME_TIME_S]:
                    missing.remove(time_s)
                    yield _People(sample, *moving_bodies(tracks))
        for time_s in missing:
            reader.warn_missing(stream, time_s)


def _stretches(times: Sequence[float]) -> list[tuple[float, list[float]]]:
    """Where to begin reading, and the times that are reached from there."""
    found: list[tuple[float, list[float]]] = []
    for time_s in times:
        if found and time_s - _BEFORE_S <= found[-1][1][-1]:
            found[-1][1].append(time_s)
        else:
            found.append((time_s - _BEFORE_S, [time_s]))
    return found


def _measured(
    score: LabelScore, stream: str, step: int, people: _People, places: FramePlaces
) -> tuple[PersonEvidence, ...]:
    """What each person who is there, and each of their joints, adds."""
    there = [number for number, own in enumerate(people.scores) if own > 0]
    whole = people_numbers(people.moving, people.scores)
    variants = [numbers for person in there for numbers in _without(people, person)]
    if not variants:
        return ()
    # People are followed from later on than in labelling, which may change numbers a little: differences alone count.
    changes = np.concatenate([np.zeros((1, len(whole))), np.stack(variants) - whole])
    found = score.replaced(stream, step, (score.features[stream][step] + changes).astype(np.float32))
    lost = (found[0] - found[1:]).reshape(len(there), 1 + len(JOINTS))
    return tuple(_person_evidence(people.moving[person], own, places) for person, own in zip(there, lost, strict=True))


def _without(people: _People, person: int) -> Iterator[Floats]:
    """(D,) numbers of the sample without a person, then with each of their joints upright and still."""
    moving, scores = people.moving, people.scores
    others = [number for number in range(len(moving)) if number != person]
    yield people_numbers([moving[number] for number in others], [scores[number] for number in others])
    for joint in range(len(JOINTS)):
        yield people_numbers([*moving[:person], upright(moving[person], joint), *moving[person + 1 :]], scores)


def upright(moving: MovingBody, joint: int) -> MovingBody:
    """A person with one joint where somebody has it who stands upright and still."""
    body = moving.body
    turned = np.array([1, 1 if body.places[LEFT, 1] >= body.places[RIGHT, 1] else -1])
    places, velocities = body.places.copy(), moving.velocities.copy()
    places[joint] = moving.hips + moving.unit * turned * _UPRIGHT[joint]
    velocities[joint] = 0
    return replace(moving, body=replace(body, places=places), velocities=velocities)


def _person_evidence(moving: MovingBody, lost: Floats, places: FramePlaces) -> PersonEvidence:
    """Of what is lost without the person, and with each joint upright, (1 + K,)."""
    body = moving.body
    half = np.array([body.height, body.width]) / 2
    ends = [places.place(*(body.centre + sign * half).tolist()) for sign in (-1, 1)]
    (left, right), (top, bottom) = (sorted(axis) for axis in zip(*ends, strict=True))
    whole, *joints = (round(value, DECIMALS) + 0.0 for value in lost.tolist())
    return PersonEvidence(
        box=(left, top, right, bottom),
        log_odds=whole,
        joints=dict(zip(JOINTS, joints, strict=True)),
        places={name: places.place(*place) for name, place in zip(JOINTS, body.places.tolist(), strict=True)},
    )


def _drawn(people: Sequence[PersonEvidence], sample: Sample) -> list[DrawnPerson]:
    """Joints as large and bright as what is lost with them, next to the most that any joint in the picture has."""
    height, width = sample.rgb.shape[:2]
    most = max(max(person.joints.values()) for person in people)
    first = max(people, key=lambda person: person.log_odds)
    return [
        DrawnPerson(
            joints=tuple((width * x, height * y) for x, y in person.places.values()),
            weights=tuple(max(0.0, own) / most if most > 0 else 0.0 for own in person.joints.values()),
            box=tuple(side * end for side, end in zip((width, height) * 2, person.box, strict=True)),
            counts_most=person is first,
        )
        for person in people
    ]


def _in_words(people: Sequence[PersonEvidence]) -> str:
    """`1 person, most by left wrist and left elbow`."""
    most = max(people, key=lambda person: person.log_odds)
    joints = [name.replace("_", " ") for name, own in sorted(most.joints.items(), key=lambda j: -j[1])[:2] if own > 0]
    left, _, right, _ = most.box
    who = "the person" if len(people) == 1 else f"of {len(people)} people the one at x {(left + right) / 2:.2f}"
    return f"{who}, most by {' and '.join(joints)}" if joints else who
