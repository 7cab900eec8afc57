"""The inner cross-validation: groups are never torn apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from training.learnable import coloured_clips, feature_dataset
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting.inner_cv import inner_folds
from vidlabel.training.options import TrainOptions

CLIPS = coloured_clips(12, ("blue", "red", "green"))


def labelled(groups: list[int], labels: list[int]) -> FeatureDataset:
    """Clips in these groups with these labels."""
    names = ("blue", "red", "green")
    clips = [
        (replace(example, group=f"g{group}", clip_labels=(names[label],)), features)
        for (example, features), group, label in zip(CLIPS, groups, labels, strict=False)
    ]
    return feature_dataset(clips, names)


PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=12)


@given(PAIRS, st.integers(2, 5))
def test_folds_hold_whole_groups_and_every_label_is_learnt(pairs: list[tuple[int, int]], folds: int) -> None:
    groups, labels = [group for group, _ in pairs], [label for _, label in pairs]
    found = inner_folds(labelled(groups, labels).training_set.examples, TrainOptions(folds=folds))
    assert len(found) in (0, *range(2, folds + 1))
    tested = [clip for fold in found for clip in fold.test_indices]
    assert len(tested) == len(set(tested))
    for fold in found:
        assert sorted((*fold.train_indices, *fold.test_indices)) == list(range(len(pairs)))
        assert not {groups[clip] for clip in fold.train_indices} & {groups[clip] for clip in fold.test_indices}
    of_label = {label: {g for g, own in pairs if own == label} for label in set(labels)}
    sole = {group for own in of_label.values() if len(own) == 1 for group in own}
    assert not {groups[clip] for clip in tested} & sole  # a group that alone holds a label is always learnt from


def test_without_folds_there_are_none() -> None:
    clips = labelled([0, 1, 2, 3], [0, 0, 1, 1])
    assert inner_folds(clips.training_set.examples, TrainOptions(folds=0)) == []
    assert len(inner_folds(clips.training_set.examples, TrainOptions(folds=5))) == 4
