"""A training set as heads take it: all clips packed one after the other, with their targets.

N clips, S samples of all of them, V views of each clip, P inputs, C classes, B windows, W steps in a window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from vidlabel.heads.inputs import filled_motion
from vidlabel.heads.spec import Task
from vidlabel.stream_spec import motion_columns
from vidlabel.training.dataset.feature_dataset import ExampleFeatures, FeatureDataset, is_whole
from vidlabel.training.dataset.targets import clip_targets, frame_targets
from vidlabel.training.fitting.whitening import LEAST_DEVIATION, Whitening, WhiteningMemory, fit_whitening


@dataclass(frozen=True, slots=True, eq=False)
class PackedClips:
    """The clips one after the other, without padding."""

    values: Tensor
    """(V, S, P)."""
    starts: Tensor
    """(N,) first sample of each clip."""
    lengths: Tensor
    """(N,) samples of each clip, at least 1."""

    @property
    def clips(self) -> int:
        """N."""
        return len(self.lengths)

    def read(self, views: Tensor, clips: Tensor, places: Tensor) -> Tensor:
        """Inputs at places between samples, linearly interpolated.

        Args:
            views: (B,) which view of each window.
            clips: (B, W) which clip each step is of.
            places: (B, W) samples from the start of that clip, 0 to its length - 1.

        Returns:
            (B, W, P).
        """
        before = places.floor().long()
        share = (places - before).to(self.values.dtype)[..., None]
        after = torch.minimum(before + 1, self.lengths[clips] - 1)
        starts, chosen = self.starts[clips], views[:, None].expand_as(clips)
        return self.values[chosen, starts + before] * (1 - share) + self.values[chosen, starts + after] * share

    def whole(self, steps: int) -> Tensor:
        """All clips in their first view, each resampled from its first to its last sample: (N, `steps`, P)."""
        places = torch.linspace(0, 1, steps, dtype=torch.float64) * (self.lengths - 1)[:, None]
        clips = torch.arange(self.clips)[:, None].expand(-1, steps)
        return self.read(torch.zeros(self.clips, dtype=torch.long), clips, places)

    def clip(self, number: int) -> Tensor:
        """One clip in its first view, (T, P)."""
        start = int(self.starts[number])
        return self.values[0, start : start + int(self.lengths[number])]

    def select(self, clips: Sequence[int], inputs: Sequence[int]) -> PackedClips:
        """Some of the clips, and some of the P inputs."""
        lengths = self.lengths[list(clips)]
        values = self.values[:, self.samples(clips)][..., list(inputs)]
        return PackedClips(values, lengths.cumsum(0) - lengths, lengths)

    def samples(self, clips: Sequence[int]) -> Tensor:
        """Where the samples of some clips lie."""
        ends = self.starts + self.lengths
        return torch.cat([torch.arange(int(self.starts[clip]), int(ends[clip])) for clip in clips])


def fill_bank(features: Sequence[ExampleFeatures], whitening: Whitening, streams: Sequence[str]) -> PackedClips:
    """Whiten the features of clips.

    Args:
        features: of N clips; those with fewer views than others have their first one in place of the missing.
        whitening: learnt from the clips that are learnt from.
        streams: of the features, by name.
    """
    missing = [[number for number, name in enumerate(streams) if name in clip.missing] for clip in features]
    lengths = torch.tensor([len(clip.times) for clip in features])
    views = max(len(clip.views) for clip in features)
    values = [
        torch.cat(
            [
                whitening.inputs(clip.views[view if view < len(clip.views) else 0], lacking)
                for clip, lacking in zip(features, missing, strict=True)
            ]
        )
        for view in range(views)
    ]
    return PackedClips(torch.stack(values), lengths.cumsum(0) - lengths, lengths)


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
    columns: Mapping[str, slice] = field(default_factory=dict)
    """Where the inputs of each stream stand among the P."""
    missing: tuple[frozenset[str], ...] = ()
    """(N,) streams that each clip does not have."""

    def clips_for(self, streams: Sequence[str], *, some: bool) -> list[int]:
        """The clips that have all of these streams, or `some` of them."""
        lacking = [len(own.intersection(streams)) for own in self.missing]
        return [clip for clip, count in enumerate(lacking) if count < (len(streams) if some else 1)]

    def rows_of(self, clips: Sequence[int]) -> Tensor:
        """Which rows of the targets are of some clips."""
        return torch.tensor(clips, dtype=torch.long) if self.whole else self.bank.samples(clips)

    def select(self, streams: Sequence[str], clips: Sequence[int]) -> TrainingTensors:
        """Some of the streams of some of the clips."""
        if tuple(streams) == tuple(self.columns) and len(clips) == self.bank.clips:
            return self
        inputs = [place for name in streams for place in range(self.inputs)[self.columns[name]]]
        rows = self.rows_of(clips)
        sizes = [len(range(self.inputs)[self.columns[name]]) for name in streams]
        ends = list(accumulate(sizes))
        return TrainingTensors(
            self.bank.select(clips, inputs),
            self.targets[rows],
            self.mask[rows],
            self.task,
            self.whole,
            {name: slice(end - size, end) for name, end, size in zip(streams, ends, sizes, strict=True)},
            tuple(self.missing[clip].intersection(streams) for clip in clips),
        )

    @property
    def inputs(self) -> int:
        """P."""
        return self.bank.values.shape[2]

    @property
    def classes(self) -> int:
        """C."""
        return self.targets.shape[1]


def learn_whitening(
    dataset: FeatureDataset, least_deviation: float = LEAST_DEVIATION, memory: WhiteningMemory | None = None
) -> Whitening:
    """The whitening of each stream, of the clips that have it, in all their views."""
    samples = []
    for stream in dataset.streams:
        columns = dataset.columns[stream.name]
        found = [view[:, columns] for clip in dataset.having(stream.name) for view in clip.views]
        samples.append(np.concatenate([np.zeros((0, stream.size), np.float32), *found]))
    return fit_whitening(samples, least_deviation, memory)


def make_training_tensors(dataset: FeatureDataset, whitening: Whitening) -> TrainingTensors:
    """Whiten the features and lay out the targets.

    Args:
        dataset: the clips.
        whitening: learnt from the clips that are learnt from, which may be others.
    """
    training_set = dataset.training_set
    bank = fill_bank(dataset.features, whitening, dataset.stream_names)
    columns = dict(zip(dataset.stream_names, whitening.columns, strict=True))
    missing = tuple(clip.missing for clip in dataset.features)
    task = training_set.task
    if is_whole(dataset):
        targets = torch.from_numpy(np.stack([clip_targets(training_set, e) for e in training_set.examples]))
        return TrainingTensors(bank, targets, torch.ones(len(targets)), task, True, columns, missing)
    pairs = zip(training_set.examples, dataset.features, strict=True)
    found = [frame_targets(training_set, example, features.times) for example, features in pairs]
    values = torch.from_numpy(np.concatenate([one.values for one in found]))
    mask = torch.from_numpy(np.concatenate([one.mask for one in found]))
    return TrainingTensors(bank, values, mask, task, False, columns, missing)


def fill_first_motion(dataset: FeatureDataset) -> FeatureDataset:
    """The same, where the first sample of each clip has the motion of the second, as scoring has it."""
    motion = motion_columns(dataset.streams)
    if not motion:
        return dataset
    features = tuple(
        replace(clip, views=tuple(filled_motion(view, motion) for view in clip.views)) for clip in dataset.features
    )
    return replace(dataset, features=features)
