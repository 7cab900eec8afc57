"""What recurrent heads make of a clip: means over parts, or attention; several heads, or one that learnt from them.

    VIDLABEL_DATA=/data python benchmarks/pooling.py [--cache-dir DIR] [--set NAME]... [--seed N]

Recurrent heads alone, in four folds of whole groups; streams are not chosen and nothing is calibrated. A model file has
no attention, so answers are taken from heads as they were trained. Prints a Markdown table: accuracy in percent, with
the bootstrap interval over groups.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from accuracy_figures import bootstrap_interval
from vidlabel.evaluation.evaluate import SilentEvaluationListener
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.recurrent import Head
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.feature_dataset import FeatureDataset, subset
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.features import extract_features
from vidlabel.training.fitting import head_trainer
from vidlabel.training.fitting.head_trainer import clip_logits, make_head_task, train_head
from vidlabel.training.fitting.inner_cv import inner_folds
from vidlabel.training.fitting.plans import MemberPlan, TaskShape, label_plans
from vidlabel.training.fitting.seeded_runs import SilentListener, TrainingRuns
from vidlabel.training.fitting.tensors import TrainingTensors, fill_first_motion, learn_whitening, make_training_tensors
from vidlabel.training.fitting.windows import choose_window
from vidlabel.training.options import TrainOptions

SETS = ("ut-interaction", "fight-surv")
TEACHERS = 3
TEACHER_SHARE = 0.5
"""Of the targets of a head that learns from others; the rest is the truth."""
TEACHER_TEMPERATURE = 2.0


class AttentionHead(Head):
    """A head whose states are weighed over time by a softmax."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__(config)
        self.attention = nn.Linear(config.readout_size, 1)


def attended_logits(head: Head, inputs: Tensor, parts: int) -> Tensor:
    """In place of `pooled_logits`, for heads that attend: (B, W, P) to (B, C)."""
    if not isinstance(head, AttentionHead):
        return POOLED(head, inputs, parts)
    hidden, _ = head.recurrence(inputs, (), None)
    mean = (torch.softmax(head.attention(hidden), dim=1) * hidden).sum(dim=1)
    logits: Tensor = head.output(head.dropout(mean))
    return logits


POOLED: Callable[[Head, Tensor, int], Tensor] = head_trainer.pooled_logits


@dataclass(frozen=True, eq=False)
class School:
    """One fold, and what trains heads in it."""

    train: TrainingTensors
    test: TrainingTensors
    clips: tuple[int, ...]
    """That are tested."""
    plan: MemberPlan
    """Of a recurrent head with the defaults."""
    learn: Callable[[str, MemberPlan, TrainingTensors, Callable[[], Head]], Head]

    def with_parts(self, parts: int) -> MemberPlan:
        """The plan with means over so many parts."""
        config = replace(self.plan.config, outputs=self.train.classes * parts)
        return replace(self.plan, config=config, pooled_parts=parts)

    def answers_of(self, name: str, plan: MemberPlan) -> Tensor:
        """(N, C) logits of a head for the clips that it has not learnt from."""
        return clip_logits(plan, self.learn(name, plan, self.train, plan.build), self.test)

    @cached_property
    def teachers(self) -> list[Head]:
        """Heads that differ by their random start."""
        return [self.learn(f"teacher-{number}", self.plan, self.train, self.plan.build) for number in range(TEACHERS)]


def pooled(school: School, parts: int) -> Tensor:
    """One head, means over parts."""
    return school.answers_of(f"parts-{parts}", school.with_parts(parts))


def attending(school: School) -> Tensor:
    """One head, attention over time."""
    plan = school.with_parts(1)
    head = school.learn("attention", plan, school.train, partial(AttentionHead, plan.config))
    return clip_logits(plan, head, school.test)


def ensemble(school: School) -> Tensor:
    """The mean of several heads."""
    scores = [clip_logits(school.plan, head, school.test).softmax(dim=1) for head in school.teachers]
    return torch.stack(scores).mean(dim=0)


def distilled(school: School) -> Tensor:
    """One head that learns half from the truth and half from what several heads say."""
    said = [
        (clip_logits(school.plan, head, school.train) / TEACHER_TEMPERATURE).softmax(dim=1) for head in school.teachers
    ]
    targets = (1 - TEACHER_SHARE) * school.train.targets + TEACHER_SHARE * torch.stack(said).mean(dim=0)
    head = school.learn("pupil", school.plan, replace(school.train, targets=targets), school.plan.build)
    return clip_logits(school.plan, head, school.test)


VARIANTS: dict[str, Callable[[School], Tensor]] = {
    "one head, 3 parts (default)": partial(pooled, parts=3),
    "one head, mean over the clip": partial(pooled, parts=1),
    "one head, 5 parts": partial(pooled, parts=5),
    "one head, attention": attending,
    f"mean of {TEACHERS} heads, 3 parts": ensemble,
    f"one head that learnt from {TEACHERS}, 3 parts": distilled,
}


def schools(dataset: FeatureDataset, rate: float, seed: int) -> list[School]:
    """The folds."""
    options = TrainOptions(seed=seed, folds=4)
    window = choose_window(dataset, rate)
    runs = TrainingRuns(seed, SilentListener(), None)
    found = []
    for number, fold in enumerate(inner_folds(dataset.training_set.examples, options)):
        seen = subset(dataset, fold.train_indices)
        whitening = learn_whitening(seen)
        train = make_training_tensors(seen, whitening)
        updates = -(-len(seen.features) // options.batch_size)
        plan = label_plans(options, TaskShape(whitening.inputs_size, train.classes, whole=True, updates=updates))[0]

        def learn(
            name: str, plan: MemberPlan, tensors: TrainingTensors, build: Callable[[], Head], fold: int = number
        ) -> Head:
            return train_head(
                runs, f"{fold}-{name}", make_head_task(plan, tensors, options, window), build
            ).finished_head()

        test = make_training_tensors(subset(dataset, fold.test_indices), whitening)
        found.append(School(train, test, fold.test_indices, plan, learn))
    return found


def cell(folds: Sequence[School], groups: Sequence[str], variant: Callable[[School], Tensor]) -> str:
    """Accuracy of heads that had not learnt from a clip's group, with its interval over groups."""
    right = np.zeros(len(groups), np.bool_)
    for school in folds:
        predicted = variant(school).argmax(dim=1)
        right[list(school.clips)] = (predicted == school.test.targets.argmax(dim=1)).numpy()
    bounds = bootstrap_interval(partial(share_of, right), groups)
    return f"{100 * right.mean():.1f} ({100 * bounds.low:.1f} to {100 * bounds.high:.1f})"


def share_of(right: npt.NDArray[np.bool_], rows: npt.NDArray[np.intp]) -> float:
    """The share of these rows that is right."""
    return float(right[rows].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, help="folder that keeps features")
    parser.add_argument("--set", choices=SETS, action="append", help="default: both")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if "VIDLABEL_DATA" not in os.environ:
        sys.exit(f"set VIDLABEL_DATA to the folder that holds {' and '.join(SETS)}")
    torch.set_num_threads(1)
    sets = asked.set or list(SETS)
    taught = []
    for name in sets:
        folder = Path(os.environ["VIDLABEL_DATA"]) / name
        training_set = read_examples(folder / "labels.csv", LabelOptions(groups=folder / "groups.csv"))
        found, facts = extract_features(
            training_set, FeatureOptions(cache=asked.cache_dir), None, SilentEvaluationListener()
        )
        groups = [str(example.group) for example in found.training_set.examples]
        taught.append((schools(fill_first_motion(found), facts.rate, asked.seed), groups))
    print(f"| recurrent heads alone | {' | '.join(sets)} |")
    print("|---|" + "---|" * len(sets))
    with mock.patch.object(head_trainer, "pooled_logits", attended_logits):
        for name, variant in VARIANTS.items():
            cells = [cell(folds, groups, variant) for folds, groups in taught]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
