"""People and sound encoded on a GPU, beside the CPU."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from features.drawn_people import SHIRT, drawn, standing
from gpu_check_encoding import Values, timed
from gpu_check_rows import NO_GPU, Figure, Row, Setting, judged
from vidlabel.features.encoders.hardware import UsedRuntime
from vidlabel.features.encoders.people import KEYPOINT_COLUMNS, PERSON_SIZE, SCORE_COLUMN
from vidlabel.features.encoders.pose_encoder import load_pose_encoder
from vidlabel.features.encoders.sound_encoder import load_sound_encoder

_FOUND = 0.3
"""People whose keypoints are compared have this score at least on the CPU: drawn ones have about 0.75."""
_MOST_PIXELS = {"torch": 0.1, "torch-half": 4.0}
"""That a keypoint may lie elsewhere: the maps have cells of 4 pixels."""
_MOST_SCORE = {"torch": 1e-3, "torch-half": 0.05}
_MOST_SOUND = {"torch": 1e-3, "torch-half": 0.2}


def check_streams(setting: Setting) -> Iterator[Row]:
    """The streams `pose` and `audio` in both precisions."""
    if setting.device == "none":
        yield Row("pose", "not possible here", NO_GPU)
        yield Row("audio", "not possible here", NO_GPU)
        return
    pictures, windows = _pictures(4 if setting.quick else 64), _windows(4 if setting.quick else 64)
    runtimes: tuple[UsedRuntime, ...] = ("torch", "torch-half") if setting.device == "cuda" else ("torch",)
    people, people_speed = timed(load_pose_encoder("cpu", 1, "torch").encode, pictures)
    sounds, sound_speed = timed(load_sound_encoder("cpu", 1, "torch").encode, windows)
    for runtime in runtimes:
        found, speed = timed(load_pose_encoder(setting.device, 1, runtime).encode, pictures)
        yield _pose_row(runtime, people, found, speed / people_speed)
        heard, speed = timed(load_sound_encoder(setting.device, 1, runtime).encode, windows)
        yield _sound_row(runtime, sounds, heard, speed / sound_speed)


def _pictures(count: int) -> npt.NDArray[np.uint8]:
    """(B, 224, 398, 3): one person who walks from left to right."""
    places = np.linspace(80, 320, count)
    return np.stack([drawn(224, 398, (standing(120, x, 40, arms=(0.3, 0.3 + x / 400)), SHIRT)) for x in places])


def _windows(count: int) -> Values:
    """(B, 15600): tones of rising frequency in noise."""
    times = np.arange(15600) / 16000
    noise = np.random.default_rng(0).normal(0, 0.02, (count, len(times)))
    tones = [0.3 * np.sin(2 * math.pi * frequency * times) for frequency in np.geomspace(100, 4000, count)]
    sounds: Values = (noise + np.stack(tones)).astype(np.float32)
    return sounds


def _pose_row(runtime: UsedRuntime, expected: Values, found: Values, faster: float) -> Row:
    before, after = (values.reshape(len(values), -1, PERSON_SIZE)[:, 0] for values in (expected, found))
    there = before[:, SCORE_COLUMN] >= _FOUND
    moved = np.abs(after - before)[there]
    places = moved[:, KEYPOINT_COLUMNS].reshape(len(moved), -1, 3)[:, :, :2]
    figures: dict[str, Figure] = {
        "pictures": len(before),
        "with a person": int(there.sum()),
        "largest change of a score": float(moved[:, SCORE_COLUMN].max(initial=0)),
        "of a keypoint, pixels": float(places.max(initial=0)),
        "over one core": faster,
    }
    conditions = {
        "fewer than half of the drawn people were found": 2 * int(there.sum()) >= len(before),
        "a keypoint lies elsewhere": bool(places.max(initial=0) <= _MOST_PIXELS[runtime]),
        "scores differ": bool(moved[:, SCORE_COLUMN].max(initial=0) <= _MOST_SCORE[runtime]),
    }
    return judged(f"pose, {runtime}", conditions, figures)


def _sound_row(runtime: UsedRuntime, expected: Values, found: Values, faster: float) -> Row:
    moved = np.abs(found - expected)
    figures: dict[str, Figure] = {
        "windows": len(found),
        "mean feature": float(expected.mean()),
        "largest change": float(moved.max()),
        "mean change": float(moved.mean()),
        "over one core": faster,
    }
    return judged(f"audio, {runtime}", {"features differ": bool(moved.max() <= _MOST_SOUND[runtime])}, figures)
