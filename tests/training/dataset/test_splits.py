"""Splits keep groups whole and labels in equal shares."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from vidlabel.errors import AnnotationError, UsageError
from vidlabel.training.dataset.splits import Fold, grouped_folds, leave_one_group_out, sole_groups

Labels = list[frozenset[str]]


def some_set(seed: int, count: int = 120, groups: int = 24) -> tuple[list[str], Labels]:
    """Groups of very different sizes, and two labels of which one is rarer; both in two groups at least."""
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.ones(groups))
    chosen = [f"g{number}" for number in generator.choice(groups, count, p=weights)]
    leanings = generator.uniform(0, 0.6, groups)
    labels = [frozenset({"rare" if generator.random() < leanings[int(g[1:])] else "common"}) for g in chosen]
    return [*chosen, "x", "x", "y", "y"], [*labels, *(frozenset({label}) for label in ["rare", "common"] * 2)]


def assert_valid(folds: list[Fold], groups: list[str]) -> None:
    assert sorted(i for fold in folds for i in fold.test_indices) == list(range(len(groups)))
    for fold in folds:
        assert sorted((*fold.train_indices, *fold.test_indices)) == list(range(len(groups)))
        assert list(fold.test_indices) == sorted(fold.test_indices)
        assert fold.test_indices
        assert not {groups[i] for i in fold.test_indices} & {groups[i] for i in fold.train_indices}


def unevenness(tests: list[list[int]], labels: Labels) -> float:
    """Root mean square of what the folds' counts differ from equal ones, over labels."""
    counts = np.array([[sum(name in labels[i] for i in test) for name in ("rare", "common")] for test in tests])
    return float(np.sqrt(((counts / counts.sum(axis=0) - 1 / len(tests)) ** 2).mean()))


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_are_at_least_as_even_as_those_of_scikit_learn(folds: int) -> None:
    ours, theirs = [], []
    for seed in range(12):
        groups, labels = some_set(seed)
        found = grouped_folds(groups, labels, folds, seed)
        assert_valid(found, groups)
        ours.append(unevenness([list(fold.test_indices) for fold in found], labels))
        classes = [min(own) for own in labels]
        split = StratifiedGroupKFold(folds).split(classes, classes, groups)
        theirs.append(unevenness([test.tolist() for _, test in split], labels))
    assert np.mean(ours) <= np.mean(theirs)


def test_folds_depend_on_the_seed_alone() -> None:
    groups, labels = some_set(1)
    assert grouped_folds(groups, labels, 5, 7) == grouped_folds(groups, labels, 5, 7)
    alike = [f"g{number}" for number in range(30)]
    same = [frozenset({"a", "b"})] * 30
    assert grouped_folds(alike, same, 5, 1) != grouped_folds(alike, same, 5, 2)
    assert {len(fold.test_indices) for fold in grouped_folds(alike, same, 5, 1)} == {6}


def test_several_labels_a_clip_are_kept_even() -> None:
    groups = [f"g{number}" for number in range(12)]
    labels = [frozenset({"a"}), frozenset({"a", "b"}), frozenset({"b", "c"})] * 4
    for fold in grouped_folds(groups, labels, 4, 0):
        assert Counter(label for i in fold.test_indices for label in labels[i]) == {"a": 2, "b": 2, "c": 1}


def test_a_label_of_two_groups_is_in_every_training_part() -> None:
    groups = [f"g{number}" for number in range(20)]
    labels = [frozenset({"common"})] * 18 + [frozenset({"common", "rare"})] * 2
    for seed in range(10):
        for fold in grouped_folds(groups, labels, 2, seed):
            assert "rare" in {label for i in fold.train_indices for label in labels[i]}


def test_a_group_that_holds_all_of_a_label_is_refused() -> None:
    groups, labels = ["a", "a", "b", "b"], [frozenset({"x"}), frozenset({"y"}), frozenset({"x"}), frozenset({"x"})]
    assert sole_groups(groups, labels) == {"y": "a"}
    with pytest.raises(AnnotationError, match="group 'a': holds all examples of label 'y'"):
        grouped_folds(groups, labels, 2, 0)
    with pytest.raises(AnnotationError, match="group 'a': holds all examples of label 'y'"):
        leave_one_group_out(groups, labels)


@pytest.mark.parametrize("folds", [-1, 0, 1, 4])
def test_folds_that_cannot_be_made(folds: int) -> None:
    with pytest.raises(UsageError, match=f"--folds: {folds} folds cannot be made of 3 groups"):
        grouped_folds(["a", "b", "c"], [frozenset({"x"})] * 3, folds, 0)


def test_leaving_one_group_out() -> None:
    groups = ["b", "a", "b", "c"]
    found = leave_one_group_out(groups, [frozenset({"x"})] * 4)
    assert [fold.test_indices for fold in found] == [(1,), (0, 2), (3,)]
    assert found[1].train_indices == (1, 3)
    with pytest.raises(AnnotationError, match="'a': is the only group"):
        leave_one_group_out(["a", "a"], [frozenset({"x"})] * 2)
