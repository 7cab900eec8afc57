"""What heads are given to learn: which windows, and how much each class counts."""

from __future__ import annotations

import pytest
import torch

from training.banks import counting_bank
from vidlabel.training.fitting.background import BackgroundWindows
from vidlabel.training.fitting.head_task import WindowLength, make_head_task
from vidlabel.training.fitting.members import new_background_members, new_members
from vidlabel.training.fitting.plans import TaskShape
from vidlabel.training.fitting.tensors import TrainingTensors
from vidlabel.training.fitting.windows import ClipWindows, TimedWindows
from vidlabel.training.options import TrainOptions

OPTIONS = TrainOptions(hidden=3, batch_size=2, learning_rate=0.01)
WINDOW = WindowLength(8, 4.0)
# Three of one class, one of the other.
TARGETS = torch.tensor([[1.0, 0], [1, 0], [1, 0], [0, 1]])


def whole_clips() -> TrainingTensors:
    return TrainingTensors(counting_bank(5, 6, 7, 8), TARGETS, torch.ones(4), "single", whole=True)


def test_a_window_in_seconds() -> None:
    assert WINDOW.seconds == 2.0


def test_labels_of_whole_clips_count_the_same() -> None:
    plan = new_members(OPTIONS, TaskShape(3, 2, True, 2))[0].plan
    lesson = make_head_task(plan, whole_clips(), OPTIONS, WINDOW)
    assert isinstance(lesson.windows, ClipWindows)
    torch.testing.assert_close(lesson.class_weights, torch.tensor([4 / 6, 4 / 2]))
    assert (lesson.task, lesson.learning_rate) == ("single", 0.01)


def test_rare_labels_of_samples_count_by_the_root() -> None:
    material = TrainingTensors(counting_bank(4), TARGETS, torch.ones(4), "single", whole=False)
    plan = new_members(OPTIONS, TaskShape(3, 2, False, 2))[0].plan
    lesson = make_head_task(plan, material, OPTIONS, WINDOW)
    assert isinstance(lesson.windows, TimedWindows)
    torch.testing.assert_close(lesson.class_weights, torch.tensor([(4 / 6) ** 0.5, (4 / 2) ** 0.5]))


def test_background_is_one_class_more() -> None:
    plan = new_background_members(OPTIONS, TaskShape(3, 2, True, 2))[0].plan
    lesson = make_head_task(plan, whole_clips(), OPTIONS, WINDOW)
    assert isinstance(lesson.windows, BackgroundWindows)
    assert lesson.class_weights.tolist() == [1, 1, 1]
    targets = next(iter(lesson.windows.batches())).targets
    assert targets.shape[1] == 3
    assert targets.sum(dim=1).tolist() == pytest.approx([1.0] * len(targets))
