"""Where the evidence for a label lies: which steps of which streams are looked at, by which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from vidlabel.explanation.explanation import MOST_PLACES, Evidence, Floats
from vidlabel.explanation.label_score import LabelScore
from vidlabel.explanation.people_evidence import find_people_evidence
from vidlabel.explanation.picture_evidence import find_picture_evidence
from vidlabel.explanation.sample_reading import SampleReader
from vidlabel.explanation.sound_evidence import find_sound_evidence
from vidlabel.explanation.text_evidence import find_text_evidence
from vidlabel.features.config import FeatureConfig
from vidlabel.video.isolation.pool import DecodePool

LEAST_SHARE = 0.1
"""Of the attribution of a stream's highest sample: one that adds less is not looked at."""

Method = Callable[[LabelScore, str, list[int], SampleReader, Path], list[Evidence]]
"""Looks at some samples of a stream, numbers in the order of their attribution, and draws pictures into a folder."""

_METHODS: Mapping[str, Method] = {
    "frames": find_picture_evidence,
    "motion": find_picture_evidence,
    "pose": find_people_evidence,
    "audio": find_sound_evidence,
    "text": find_text_evidence,
}


def find_evidence(
    video: Path,
    config: FeatureConfig,
    score: LabelScore,
    attributions: Mapping[str, Floats],
    folder: Path,
    pool: DecodePool,
    warn: Callable[[str], None],
    most: int = MOST_PLACES,
) -> tuple[Evidence, ...]:
    """Look at the samples of each stream that add most to the score; each is read again, and nothing else.

    Args:
        video: the file.
        config: how its features were made.
        score: of the label.
        attributions: (T,) what each sample of each stream adds to the log-odds.
        folder: where pictures are drawn; it is there.
        pool: of decoding processes.
        warn: receives one line for each sample that cannot be read again, and for each stream of pictures whose encoder
            is a network in a file or takes clips: they have no evidence.
        most: samples of a stream at most.

    Returns:
        By stream in the order of the model, and in a stream those that add most first.

    Raises:
        OutputError: a picture cannot be written.
    """
    reader = SampleReader(video, config, pool, warn)
    found: list[Evidence] = []
    for stream, values in attributions.items():
        steps = choose_steps(values, most)
        if steps and stream not in _METHODS:
            warn(f"{video}: no pictures of {stream}, whose evidence in clips is not looked for")
        elif steps and config.file is not None and _METHODS[stream] is find_picture_evidence:
            warn(f"{video}: no heat maps of {stream}, since {config.file.name} is no encoder that vidlabel knows")
        elif steps:
            found += _METHODS[stream](score, stream, steps, reader, folder)
    return tuple(found)


def choose_steps(values: Floats, most: int) -> list[int]:
    """The samples that add most, the highest first, no two side by side: neighbours show the same.

    Args:
        values: (T,) attributions.
        most: samples at most.
    """
    chosen: list[int] = []
    for step in np.argsort(-values, kind="stable").tolist():
        if (
            len(chosen) == most
            or values[step] <= 0
            or values[step] < LEAST_SHARE * values[chosen[0] if chosen else step]
        ):
            break
        if all(abs(step - other) > 1 for other in chosen):
            chosen.append(step)
    return chosen
