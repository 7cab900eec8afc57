"""Models of the folds are asked about what they were not trained on, by what they themselves have learnt from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.learnable import FACTS, clip, coloured_clips, feature_dataset
from vidlabel.evaluation.folds import EvaluationCheckpoints, FoldCheckpoints, train_fold
from vidlabel.evaluation.predictions import evaluation_classes
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress
from vidlabel.training.fitting.seeded_runs import SilentListener
from vidlabel.training.options import TrainOptions

pytestmark = pytest.mark.usefixtures("short_windows")


@pytest.mark.parametrize("stream", ["frames", "motion"])
def test_a_model_of_one_stream_is_asked_with_that_stream(stream: str) -> None:
    """The other stream says the opposite in the test part."""
    clips = []
    for number in range(24):
        values = np.random.default_rng(number).normal(0, 0.1, (12, 12)).astype(np.float32)
        tested = number >= 16
        for place, name in ((0, "frames"), (6, "motion")):
            values[:, place] += 3 * (number % 2 if name == stream or not tested else 1 - number % 2)
        clips.append(clip(values, ("blue", "red")[number % 2], number=number))
    both = feature_dataset(clips, ("blue", "red"), streams=("frames", "motion"))
    fold = Fold(tuple(range(16)), tuple(range(16, 24)))
    options = TrainOptions(hidden=4, members=1, epochs=30, folds=0, streams=(stream,))
    classes = evaluation_classes(both, None)
    models = train_fold(both, fold, FACTS, options, classes, SilentListener(), FoldCheckpoints(None, None))
    assert models.spec.stream_names == (stream,)
    for said in (models.predictions, models.baseline):
        assert [answer.decided.argmax() for answer in said] == [number % 2 for number in range(16, 24)]


CLIPS = feature_dataset(coloured_clips(4), ("blue", "red"))
PROGRESS = EpochProgress(1, {"weight.x": torch.ones(2)}, (EpochFigures(1.0, 0.5),))


def is_found(folder: Path, clips: FeatureDataset, options: str, fold: int = 1, name: str = "own") -> bool:
    states = EvaluationCheckpoints.of(folder, clips, options).of_fold(fold, name)
    assert states is not None
    return states.find("head") is not None


def test_only_the_same_evaluation_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    kept = EvaluationCheckpoints.of(folder, CLIPS, "seed 0")
    states = kept.of_fold(1, "own")
    assert states is not None
    states.keep("head", PROGRESS, last=True)
    assert is_found(folder, CLIPS, "seed 0")
    assert not is_found(folder, CLIPS, "seed 1")
    assert not is_found(folder, CLIPS, "seed 0", fold=2)
    assert not is_found(folder, CLIPS, "seed 0", name="baseline")
    first = CLIPS.features[0]
    louder = replace(first, views=(first.views[0] * np.float32(1.001),))
    assert not is_found(folder, replace(CLIPS, features=(louder, *CLIPS.features[1:])), "seed 0")
    relabelled = replace(CLIPS.training_set.examples[0], clip_labels=("red",))
    examples = (relabelled, *CLIPS.training_set.examples[1:])
    assert not is_found(folder, replace(CLIPS, training_set=replace(CLIPS.training_set, examples=examples)), "seed 0")
    kept.remove()
    assert not folder.exists()


def test_nothing_is_kept_without_a_folder() -> None:
    states = EvaluationCheckpoints.of(None, CLIPS, "seed 0")
    assert states.of_fold(1, "own") is None
    states.remove()
