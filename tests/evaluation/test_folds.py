"""Models of the folds are asked about what they were not trained on, by what they themselves have learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from training.learnable import FACTS, clip, gathered
from vidlabel.evaluation.folds import FoldCheckpoints, train_fold
from vidlabel.evaluation.predictions import evaluation_classes
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.fitting.seeded_runs import SilentListener
from vidlabel.training.options import TrainOptions


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
    both = gathered(clips, ("blue", "red"), streams=("frames", "motion"))
    fold = Fold(tuple(range(16)), tuple(range(16, 24)))
    options = TrainOptions(hidden=4, members=1, epochs=30, folds=0, streams=(stream,))
    classes = evaluation_classes(both, None)
    models = train_fold(both, fold, FACTS, options, classes, SilentListener(), FoldCheckpoints(None, None))
    assert models.spec.streams == (stream,)
    for said in (models.answers, models.baseline):
        assert [answer.decided.argmax() for answer in said] == [number % 2 for number in range(16, 24)]
