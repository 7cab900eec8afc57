"""What was trained for folds is found again by the same evaluation alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from training.learnable import coloured_clips, gathered
from vidlabel.evaluation.fold_checkpoints import EvaluationCheckpoints
from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress

CLIPS = gathered(coloured_clips(4), ("blue", "red"))
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
