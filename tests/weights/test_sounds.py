"""The shipped model `sounds`: its numbers, its labels, what it says about videos."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import vidlabel
from sounds import Clip, write_clip
from vidlabel.features.encoders.sound_encoder import load_sound_classifier
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.scoring import make_scorer

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "speech-and-music.mp4"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("sounds")


def test_scores_are_those_of_the_published_classifier(model: Model) -> None:
    """By its rows in the published list of classes, each sample alone."""
    with (REPOSITORY / "weights" / "audioset_classes.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    rows = [names.index(label.capitalize()) for label in model.spec.labels]
    assert rows[:2] == [0, 132]  # as in the list that was published with YAMNet
    features = np.random.default_rng(1).exponential(0.3, (70, 1024)).astype(np.float32)
    classifier, scorer = load_sound_classifier(), make_scorer(model)
    logits = features.astype(np.float64) @ classifier.weight[rows].T + classifier.bias[rows]
    found = np.concatenate([scorer.push(features), scorer.finish()])
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits)), rtol=0, atol=1e-5)


def covered(segments: tuple[vidlabel.Segment, ...], label: str) -> npt.NDArray[np.bool_]:
    """Whether the label holds at each tenth of a second of the example."""
    tenths = np.arange(200) / 10
    own = [segment for segment in segments if segment.label == label]
    holds = np.zeros(len(tenths), np.bool_)
    for segment in own:
        holds |= (tenths >= segment.start) & (tenths < segment.end)
    return holds


def test_speech_and_music_are_found_when_they_are_to_be_heard() -> None:
    """`examples/speech_and_music.py` says when: a voice from 2 s to about 8.5 s, strings from 11 s to 19 s."""
    segments = vidlabel.predict(str(EXAMPLE), model="sounds").segments
    assert {segment.label for segment in segments} == {"speech", "music"}
    speech, music = covered(segments, "speech"), covered(segments, "music")
    assert speech[25:80].all()
    assert not speech[:15].any()
    assert not speech[95:].any()
    assert music[115:190].mean() > 0.9
    assert not music[:105].any()


def test_silence_says_nothing(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.mov", Clip("pcm_s16le", 16000, "mono", bursts=()))
    assert vidlabel.predict(str(silent), model="sounds").segments == ()


def test_one_window_is_not_enough(model: Model) -> None:
    """A click scores in the window around it at most; two samples may stand a frame nearer than half a second."""
    assert all(0.5 + 0.1 < duration < 1.0 - 0.1 for duration in model.spec.minimum_durations_s)
