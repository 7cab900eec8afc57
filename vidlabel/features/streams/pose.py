"""The stream `pose`: people, how they hold themselves, move, and come near each other.

No number says where in the picture somebody is, how large, or what shape the picture has: on clips that were cut out
around people, these tell most labels (accuracy of 61 % on ut-interaction without looking). Mirrored people give the
same numbers. Measured there with logistic regression over 16 groups: these numbers 97 %, without speeds 93 %, the
picture encoder's 91 %.

T samples, P = 6 people, D = 99 numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureBlock
from vidlabel.features.encoders.hardware import resolve_runtime
from vidlabel.features.encoders.shipped_weights import MOVENET, MOVENET_SCALING
from vidlabel.features.streams.pictures import RESIZE_FILTER, Picture, PictureStream
from vidlabel.features.streams.pose_geometry import (
    FAR,
    PERSON_NUMBERS,
    Body,
    MovingBody,
    body_of,
    contact,
    distance,
    pair_numbers,
    person_numbers,
)
from vidlabel.features.streams.pose_tracks import LEAST_SCORE, Track, Tracker
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec

if TYPE_CHECKING:
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.streams.base import StreamEncoder
    from vidlabel.stream_spec import View
    from vidlabel.video.request import Sample

POSE_NUMBERS = 99
"""D."""
LIKELIEST_SCORE = 55
"""The number that is the score of the likeliest person, 0 for nobody."""
WIDEST_BOX = 80
"""The number that is the log of width over height of the widest box of a person, 0 for nobody."""

_ENCODER = EncoderInfo(name=MOVENET.name, sha256=MOVENET.sha256)
_PERSON_ROW = 56
_PAIR_NUMBERS = 10
_SURE_SCORES = (0.2, 0.35)
"""How many people have a higher score is counted."""

Floats = npt.NDArray[np.float64]


class PoseStream(PictureStream):
    """People in the frames as they are."""

    name = "pose"
    needs_earlier_frame = False
    encoder_kind = "pose"

    def picture(self, sample: Sample) -> Picture:
        """The frame itself."""
        return sample.rgb

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:
        """The pose encoder, and the pictures that it takes, whatever encodes those of other streams."""
        pictures = PicturePreprocessing(
            short_side=config.short_side,
            view=view,
            mean=MOVENET_SCALING.mean,
            scale=MOVENET_SCALING.scale,
            resize_filter=RESIZE_FILTER,
        )
        return StreamSpec(name=self.name, size=POSE_NUMBERS, encoder=_ENCODER, pictures=pictures)

    def problem(self, wanted: StreamSpec) -> str | None:
        """Another encoder than the one that is shipped, or pictures that decoding does not give."""
        pictures = wanted.pictures
        if wanted.encoder is None or pictures is None:
            return f"{self.name}, and does not say of what pictures"
        if wanted.encoder != _ENCODER or wanted.size != POSE_NUMBERS:
            found = f"{wanted.size} numbers of {wanted.encoder.title} ({wanted.encoder.sha256[:8]})"
            return f"{found}, and this version has {POSE_NUMBERS} of {MOVENET.name} ({MOVENET.sha256[:8]})"
        if (pictures.mean, pictures.scale) != (MOVENET_SCALING.mean, MOVENET_SCALING.scale):
            return f"pictures for {MOVENET.name} with pixels scaled in another way than this version does"
        return self.picture_problem(pictures)

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:
        """Weights, sampling and pictures; the runtime, since its last digits differ."""
        block, runtime = str(FeatureBlock(self.name, view)), resolve_runtime(config.runtime, "auto")
        return MOVENET.sha256, config.rate, config.short_side, config.decoder, block, runtime

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:
        """Load the pose encoder, as `vidlabel.features.encoders.pose_encoder.load_pose_encoder`."""
        from vidlabel.features.encoders.pose_encoder import load_pose_encoder  # names of streams do without

        return load_pose_encoder(device, threads, config.runtime)

    def start(self) -> PoseStage:
        """People are followed through one video."""
        return PoseStage()


class PoseStage:
    """Turns the people of each sample into numbers, with what is known of them from earlier samples."""

    def __init__(self) -> None:
        self._tracker = Tracker()

    def push(self, encoded: npt.NDArray[np.float32], times: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """(T, P * 56) people of the next samples, and their times in seconds, (T,), to (T, D)."""
        features = np.zeros((len(times), POSE_NUMBERS), np.float32)
        for row, (people, time_s) in enumerate(zip(encoded, times, strict=True)):
            features[row] = sample_numbers(self._tracker.push(bodies_of(people), float(time_s)))
        return features


def bodies_of(people: npt.NDArray[np.float32]) -> list[Body]:
    """The people of one sample, (P * 56,), as far as they are taken for people."""
    return [body_of(person) for person in people.reshape(-1, _PERSON_ROW) if person[-1] >= LEAST_SCORE]


def moving_bodies(tracks: list[Track]) -> tuple[list[MovingBody], list[float]]:
    """People as their numbers are made of them, and the score of each, 0 for who is not in the newest sample."""
    moving = [MovingBody(track.body, track.unit, track.velocities) for track in tracks]
    return moving, [track.body.score if track.present else 0.0 for track in tracks]


def sample_numbers(tracks: list[Track]) -> Floats:
    """The numbers of one sample.

    Args:
        tracks: everybody who is there or was there a moment ago, the largest first.

    Returns:
        (D,): 52 of the two largest people and of them together, 47 of everybody who is there.
    """
    return people_numbers(*moving_bodies(tracks))


def people_numbers(moving: list[MovingBody], present_scores: Sequence[float]) -> Floats:
    """The same (D,), of what `moving_bodies` gives."""
    numbers = np.array([person_numbers(person) for person in moving]).reshape(-1, PERSON_NUMBERS)
    scores = np.array(present_scores)
    return np.concatenate([_largest_two(moving[:2], numbers[:2], scores[:2]), _everybody(moving, numbers, scores)])


def _largest_two(moving: list[MovingBody], numbers: Floats, scores: Floats) -> Floats:
    """(52,): the larger and the smaller of each number, so that it does not matter who is who; 0 for nobody."""
    missing = 2 - len(moving)
    numbers, scores = np.pad(numbers, [(0, missing), (0, 0)]), np.pad(scores, (0, missing))
    together = np.zeros(_PAIR_NUMBERS) if missing else pair_numbers(*moving)
    return np.concatenate([numbers.max(axis=0), numbers.min(axis=0), together, [scores.max(), scores.min()]])


def _everybody(moving: list[MovingBody], numbers: Floats, scores: Floats) -> Floats:
    """(47,): how many there are, how near each other, and mean (by score) and maximum of each number."""
    there = np.flatnonzero(scores)
    if len(there) == 0:
        counts = [0.0] * 4 + [FAR, FAR, 0.0]
        return np.concatenate([counts, np.zeros(2 * PERSON_NUMBERS)])
    pairs = [(moving[one], moving[other]) for one, other in combinations(there, 2)]
    shares = scores[there] / scores[there].sum()
    visible = [float(moving[number].body.scores.mean()) for number in there]
    counts = [
        *(float((scores > sure).sum()) for sure in _SURE_SCORES),
        float(scores.sum()),
        float(scores.max()),
        min([distance(*pair) for pair in pairs], default=FAR),
        min([contact(*pair) for pair in pairs], default=FAR),
        float(shares @ visible),
    ]
    return np.concatenate([counts, shares @ numbers[there], numbers[there].max(axis=0)])
