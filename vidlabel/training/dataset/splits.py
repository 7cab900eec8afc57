"""Splitting examples by group: no group is ever split, so that metrics hold for people and rooms never seen.

N examples, each with a group and a set of labels (see `Example.split_labels`), G groups, L labels.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vidlabel.errors import AnnotationError, UsageError
from vidlabel.labels.formats.delimited import shown

LabelSets = Sequence[Collection[str]]
"""The labels of each example."""

_ATTEMPTS = 16
"""Orders of like groups that are tried until every fold leaves all labels in training."""


FoldCount = int | Literal["auto", "groups"]
"""How many folds; `auto`: 5, or one for each group where there are fewer; `groups`: one for each group."""
USUAL_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Fold:
    """A split; indices of examples, ascending."""

    train_indices: tuple[int, ...]
    test_indices: tuple[int, ...]
    """All examples of one or more groups."""


def grouped_folds(groups: Sequence[str], labels: LabelSets, folds: int, seed: int) -> list[Fold]:
    """Split into folds of whole groups with as equal shares of every label as the groups allow.

    Greedy, as scikit-learn's StratifiedGroupKFold: the group with the most uneven labels first, each into the fold
    where it leaves the shares most equal.

    Args:
        groups: N names.
        labels: N sets.
        folds: how many, from 2 to the number of groups.
        seed: orders groups that are alike; the same seed gives the same folds.

    Raises:
        UsageError: more folds than groups, or fewer than 2.
        AnnotationError: all examples of a label are in one group, which would leave a fold without it in training.
    """
    found = _Groups.of(groups, labels)
    if not 2 <= folds <= len(found.names):
        problem = f"{folds} folds cannot be made of {_counted(len(found.names), 'group')}"
        raise UsageError("--folds", problem, "give 2 up to the number of groups")
    _refuse_sole_groups(groups, labels)
    generator = np.random.default_rng(seed)
    attempts = [_folds(found, folds, generator, len(groups)) for _ in range(_ATTEMPTS)]
    whole = [attempt for attempt in attempts if all(_leaves_all_labels(fold, labels) for fold in attempt)]
    return (whole or attempts)[0]


def leave_one_group_out(groups: Sequence[str], labels: LabelSets) -> list[Fold]:
    """One fold for each group, in the order of their names.

    Raises:
        AnnotationError: there is one group only, or one holds all examples of a label.
    """
    found = _Groups.of(groups, labels)
    if len(found.names) < 2:
        raise AnnotationError(shown(found.names[0]), "is the only group", "name groups in a column or with --groups")
    _refuse_sole_groups(groups, labels)
    return [_fold(own, len(groups)) for own in found.members]


def sole_groups(groups: Sequence[str], labels: LabelSets) -> dict[str, str]:
    """For each label whose examples are all in one group, that group."""
    holders: dict[str, set[str]] = {}
    for group, own in zip(groups, labels, strict=True):
        for label in own:
            holders.setdefault(label, set()).add(group)
    return {label: min(held_by) for label, held_by in sorted(holders.items()) if len(held_by) == 1}


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Some groups of the examples."""

    names: tuple[str, ...]
    """G, sorted."""
    members: tuple[tuple[int, ...], ...]
    """Examples of each group."""
    counts: npt.NDArray[np.float64]
    """(G, 1 + L) examples of each group: all, and those that hold each label."""

    @staticmethod
    def of(groups: Sequence[str], labels: LabelSets) -> _Groups:
        """The groups of examples, from the group and the labels of each.

        Raises:
            ValueError: there are none, or not as many labels as groups.
        """
        if len(groups) != len(labels) or not groups:
            raise ValueError("there must be one set of labels for each example, and one example at least")
        names = tuple(sorted(set(groups)))
        members = tuple(tuple(i for i, group in enumerate(groups) if group == name) for name in names)
        held = _held(labels)
        return _Groups(names, members, np.array([held[list(own)].sum(axis=0) for own in members]))


def _held(labels: LabelSets) -> npt.NDArray[np.float64]:
    """(N, 1 + L): 1, and 1 where an example holds a label."""
    names = sorted({label for own in labels for label in own})
    return np.array([[1.0, *(float(name in own) for name in names)] for own in labels])


def _folds(groups: _Groups, folds: int, generator: np.random.Generator, examples: int) -> list[Fold]:
    fold_of = _assign(groups.counts, folds, generator)
    return [
        _fold([i for own, fold in zip(groups.members, fold_of, strict=True) if fold == number for i in own], examples)
        for number in range(folds)
    ]


def _assign(counts: npt.NDArray[np.float64], folds: int, generator: np.random.Generator) -> list[int]:
    """The fold of each group; every fold gets one.

    Args:
        counts: (G, 1 + L) examples.
        folds: G at most.
        generator: orders groups that are alike.
    """
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    order = generator.permutation(len(counts))
    order = order[np.argsort(-shares[order].sum(axis=1) - shares[order].std(axis=1), kind="stable")]
    fold_of = [0] * len(counts)
    held = np.zeros((folds, counts.shape[1]))
    empty = set(range(folds))
    for place, group in enumerate(order.tolist()):
        candidates = empty if len(order) - place <= len(empty) else set(range(folds))
        best = min(candidates, key=lambda fold: (_unevenness(held, fold, shares[group]), held[fold, 0], fold))
        fold_of[group] = best
        held[best] += shares[group]
        empty.discard(best)
    return fold_of


def _unevenness(held: npt.NDArray[np.float64], fold: int, added: npt.NDArray[np.float64]) -> float:
    """How unequal the shares (folds, 1 + L) become when a group joins a fold: mean standard deviation of a column."""
    then = held.copy()
    then[fold] += added
    return round(float(then.std(axis=0).mean()), 12)


def _fold(test: Sequence[int], examples: int) -> Fold:
    held_out = set(test)
    return Fold(tuple(i for i in range(examples) if i not in held_out), tuple(sorted(held_out)))


def _leaves_all_labels(fold: Fold, labels: LabelSets) -> bool:
    left = {label for i in fold.train_indices for label in labels[i]}
    return bool(fold.train_indices) and all(left.issuperset(labels[i]) for i in fold.test_indices)


def _refuse_sole_groups(groups: Sequence[str], labels: LabelSets) -> None:
    for label, group in sole_groups(groups, labels).items():
        problem = f"holds all examples of label {shown(label)}: they cannot be both trained on and tested"
        raise AnnotationError(f"group {shown(group)}", problem, "label it in another group, too, or leave it out")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
