"""Labelled clips: two sets of real footage in cross-validation by group, how sure the answers may be, time to train."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

import vidlabel
from accuracy_figures import Row, drawn_row, row_of
from vidlabel.labels.metrics.evaluation import Evaluation
from vidlabel.labels.metrics.samples import expected_calibration_error
from vidlabel.training import features


@dataclass(frozen=True, slots=True)
class Place:
    """Where data lie, and the settings of all parts of the benchmark."""

    data: Path
    """Holds a folder for each set."""
    cache: Path | None
    """Keeps features; None: the usual folder."""
    seed: int

    def table(self, name: str) -> Path:
        """The labels of a set."""
        return self.data / name / "labels.csv"

    def groups(self, name: str) -> Path:
        """Which of its clips belong together."""
        return self.data / name / "groups.csv"


def evaluate_set(place: Place, name: str, folds: int | None) -> Evaluation:
    """Cross-validate the default training on a set; `folds` None: one for each group."""
    return vidlabel.evaluate(
        place.table(name),
        groups=place.groups(name),
        folds=folds,
        leave_one_group_out=folds is None,
        cache_dir=place.cache,
        seed=place.seed,
    )


def evaluate_middle_square(place: Place, name: str) -> Evaluation:
    """One fold for each group, with people looked for where pictures are encoded: how wide a clip was cut is unseen."""
    with mock.patch.object(features, "PEOPLE_VIEWS", features.VIEWS):
        return evaluate_set(place, name, None)


def clip_rows(name: str, evaluation: Evaluation, aim: str) -> list[Row]:
    """Accuracy and calibration error of all clips, and of the groups with several labels."""
    baselines = [evaluation.baselines["mean"], evaluation.baselines["majority"]]
    about = (name, evaluation.split, f"{evaluation.data.videos} clips, {evaluation.data.groups} groups")
    rows = [
        replace(row_of(name, "accuracy", about, evaluation.metrics, baselines), aim=aim),
        row_of(name, "ece", about, evaluation.metrics, baselines),
    ]
    matched = evaluation.matched
    if matched is not None:
        own = (
            f"{name}, groups with several labels",
            evaluation.split,
            f"{matched.videos} clips, {matched.groups} groups",
        )
        beside = [matched.baselines["mean"], matched.baselines["majority"]]
        rows.append(row_of(name, "accuracy", own, matched.metrics, beside))
    return rows


def calibration_row(evaluations: Sequence[Evaluation]) -> Row:
    """The calibration error of all answers of several evaluations together."""
    width = sum(len(evaluation.tested.labels) for evaluation in evaluations)
    scores, truth, groups = [], [], []
    first = 0
    for number, evaluation in enumerate(evaluations):
        own = evaluation.predictions.scores
        scores.append(np.pad(own, ((0, 0), (first, width - first - own.shape[1]))))
        truth.append(evaluation.tested.targets.argmax(axis=1) + first)
        groups += [f"{number} {video.group}" for video in evaluation.tested.videos]
        first += own.shape[1]
    all_scores, all_truth = np.concatenate(scores), np.concatenate(truth)
    count = f"{len(all_truth)} clips, {len(set(groups))} groups"
    row = drawn_row(
        "calibration",
        "ece",
        ("the sets above, pooled", "as above", count),
        lambda items: expected_calibration_error(all_truth[items], all_scores[items]),
        groups,
    )
    return replace(row, aim="at most 0.05")


def training_time_rows(place: Place, name: str) -> list[Row]:
    """Wall and CPU seconds of the default training; features come from the cache, which a first run fills."""
    with tempfile.TemporaryDirectory() as folder:
        train = partial(vidlabel.train, place.table(name), Path(folder) / "model.safetensors")
        train = partial(train, groups=place.groups(name), cache_dir=place.cache)
        train(epochs=1, inner_folds=0)
        wall, cpu = time.perf_counter(), time.process_time()
        train(seed=place.seed)
        seconds = time.perf_counter() - wall, time.process_time() - cpu
    about = (name, "none: all clips are learnt from", "1 training")
    names = ("wall seconds", "CPU seconds")
    rows = [Row("training time", figure, *about, value) for figure, value in zip(names, seconds, strict=True)]
    return [replace(rows[0], aim="below 60"), rows[1]]
