"""A training set as heads take it: inputs and targets.

N clips, S samples of all of them, P inputs, C classes, D numbers in a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vidlabel.columns import unlike_sizes
from vidlabel.heads.scoring import filled_motion
from vidlabel.heads.spec import Task
from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.dataset.targets import clip_targets, frame_targets
from vidlabel.training.fitting.samples import PackedClips, fill_bank
from vidlabel.training.fitting.whitening import LEAST_DEVIATION, Whitening, fit_whitening


@dataclass(frozen=True, slots=True, eq=False)
class TrainingTensors:
    """Clips to learn from, or to be tested on."""

    bank: PackedClips
    targets: Tensor
    """(N, C) of clips that are labelled as a whole, else (S, C)."""
    mask: Tensor
    """(N,) or (S,): 1 where the target is known."""
    task: Task
    whole: bool
    """Whether all clips are labelled as a whole."""

    @property
    def inputs(self) -> int:
        """P."""
        return self.bank.values.shape[2]

    @property
    def classes(self) -> int:
        """C."""
        return self.targets.shape[1]


def is_whole(gathered: FeatureDataset) -> bool:
    """Whether all clips are labelled as a whole: scores belong to clips then, and to samples otherwise."""
    return gathered.training_set.unlabelled is None


def learn_whitening(gathered: FeatureDataset, least_deviation: float = LEAST_DEVIATION) -> Whitening:
    """The whitening of all clips, in all their views."""
    views = [view for clip in gathered.features for view in clip.views]
    return fit_whitening(views, list(gathered.columns.values()), least_deviation)


def make_training_tensors(gathered: FeatureDataset, whitening: Whitening) -> TrainingTensors:
    """Whiten the features and lay out the targets.

    Args:
        gathered: the clips.
        whitening: learnt from the clips that are learnt from, which may be others.
    """
    training_set = gathered.training_set
    bank = fill_bank(gathered.features, whitening)
    if is_whole(gathered):
        targets = torch.from_numpy(np.stack([clip_targets(training_set, e) for e in training_set.examples]))
        return TrainingTensors(bank, targets, torch.ones(len(targets)), training_set.task, whole=True)
    pairs = zip(training_set.examples, gathered.features, strict=True)
    found = [frame_targets(training_set, example, features.times) for example, features in pairs]
    values = torch.from_numpy(np.concatenate([one.values for one in found]))
    mask = torch.from_numpy(np.concatenate([one.mask for one in found]))
    return TrainingTensors(bank, values, mask, training_set.task, whole=False)


def subset(gathered: FeatureDataset, clips: Sequence[int]) -> FeatureDataset:
    """Some of the clips, with the labels of all."""
    examples = tuple(gathered.training_set.examples[clip] for clip in clips)
    features = tuple(gathered.features[clip] for clip in clips)
    return FeatureDataset(replace(gathered.training_set, examples=examples), features, gathered.streams)


def select_streams(gathered: FeatureDataset, streams: Sequence[str]) -> FeatureDataset:
    """The features of some streams alone, in the order given."""
    if tuple(streams) == gathered.streams:
        return gathered
    places = [gathered.columns[stream] for stream in streams]
    sizes = unlike_sizes([place.stop - place.start for place in places])
    features = []
    for clip in gathered.features:
        views = tuple(np.concatenate([view[:, place] for place in places], axis=1) for view in clip.views)
        features.append(replace(clip, views=views, stream_sizes=sizes))
    return FeatureDataset(gathered.training_set, tuple(features), tuple(streams))


def first_view(gathered: FeatureDataset) -> FeatureDataset:
    """The same without further views, which are mirrored."""
    return replace(gathered, features=tuple(replace(clip, views=clip.views[:1]) for clip in gathered.features))


def fill_first_motion(gathered: FeatureDataset) -> FeatureDataset:
    """The same, where the first sample of each clip has the motion of the second, as scoring has it."""
    if "motion" not in gathered.streams:
        return gathered
    motion = gathered.columns["motion"]
    features = tuple(
        replace(clip, views=tuple(filled_motion(view, motion) for view in clip.views)) for clip in gathered.features
    )
    return replace(gathered, features=features)
