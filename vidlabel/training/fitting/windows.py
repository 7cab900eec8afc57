"""What a head is shown in an update: windows drawn from clips at random, with noise.

B windows, W steps in a window, P inputs, C classes. All chance comes from torch's global generator.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vidlabel.heads.spec import Task
from vidlabel.training.fitting.losses import smoothed
from vidlabel.training.fitting.samples import PackedClips

WINDOW_STEPS = 24
"""Steps that whole clips are resampled to: 16 and 32 were no better."""
LEAST_SHARE = 0.9
"""Of a clip that a window holds. What is cut off may be what the label tells: at 0.7 heads learnt less well how often
something flashed, and were no better on real footage."""
STRETCH = 0.2
"""Windows of long videos last up to e^0.2 times longer or shorter than their number of steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Windows and what is to be said about them."""

    inputs: Tensor
    """(B, W, P)."""
    targets: Tensor
    """(B, C) for whole windows, (B, W, C) for each step; smoothed."""
    mask: Tensor
    """(B,) or (B, W): 1 where the target counts."""
    lengths: Tensor | None = None
    """(B,) steps in each window, where some have fewer than W; None: all have W."""


class Windows(ABC):
    """Draws the windows of an epoch.

    Args:
        bank: of the clips to learn from.
        batch_size: B.
    """

    def __init__(self, bank: PackedClips, batch_size: int) -> None:
        self.bank = bank
        self.batch_size = batch_size

    @property
    @abstractmethod
    def updates(self) -> int:
        """Batches in an epoch."""

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """The batches of the next epoch."""

    def _views(self, count: int) -> Tensor:
        return torch.randint(len(self.bank.values), (count,))


class ClipWindows(Windows):
    """Windows of clips that are labelled as a whole: most of a clip, resampled, so that its length does not matter.

    Args:
        bank: of the clips to learn from.
        batch_size: B; the last batch of an epoch is filled up with the first clips.
        targets: (N, C).
        task: of the targets.
    """

    def __init__(self, bank: PackedClips, batch_size: int, targets: Tensor, task: Task) -> None:
        super().__init__(bank, batch_size)
        self.targets = smoothed(targets, task)

    @property
    def updates(self) -> int:
        """Batches in an epoch."""
        return -(-self.bank.clips // self.batch_size)

    def batches(self) -> Iterator[Batch]:
        """Every clip once."""
        order = torch.randperm(self.bank.clips)
        order = order.repeat(-(-self.updates * self.batch_size // len(order)))
        for clips in order[: self.updates * self.batch_size].view(-1, self.batch_size):
            yield Batch(self._read(clips), self.targets[clips], torch.ones(len(clips)))

    def _read(self, clips: Tensor) -> Tensor:
        last = (self.bank.lengths[clips] - 1).float()
        share = torch.rand(len(clips)) * (1 - LEAST_SHARE) + LEAST_SHARE
        start = torch.rand(len(clips)) * (1 - share) * last
        places = start[:, None] + torch.linspace(0, 1, WINDOW_STEPS) * (share * last)[:, None]
        return self.bank.read(self._views(len(clips)), clips[:, None].expand_as(places), places)


class TimedWindows(Windows):
    """Windows of videos with labels at times: stretches of them, a little faster or slower than they were.

    Args:
        bank: of the videos to learn from.
        batch_size: B.
        targets: (S, C) of all samples of the bank.
        mask: (S,) 1 where they are known.
        task: of the targets.
        steps: W.
    """

    def __init__(
        self, bank: PackedClips, batch_size: int, targets: Tensor, mask: Tensor, task: Task, steps: int
    ) -> None:
        super().__init__(bank, batch_size)
        self.targets = smoothed(targets, task)
        self.mask = mask
        self.steps = steps

    @property
    def updates(self) -> int:
        """Batches in an epoch: as many as hold all samples once, and all clips."""
        windows = timed_windows(int(self.bank.lengths.sum()), self.bank.clips, self.steps)
        return -(-windows // self.batch_size)

    def batches(self) -> Iterator[Batch]:
        """Windows with random starts; long videos have more of them."""
        chances = self.bank.lengths.float().clamp(min=self.steps)
        for _ in range(self.updates):
            yield self._batch(torch.multinomial(chances, self.batch_size, replacement=True))

    def _batch(self, clips: Tensor) -> Batch:
        last = (self.bank.lengths[clips] - 1).float()
        speed = ((torch.rand(len(clips)) * 2 - 1) * STRETCH).exp()
        start = torch.rand(len(clips)) * (last - (self.steps - 1) * speed).clamp(min=0)
        places = start[:, None] + torch.arange(self.steps) * speed[:, None]
        inside = places <= last[:, None]
        places = torch.minimum(places, last[:, None])
        expanded = clips[:, None].expand_as(places)
        samples = self.bank.starts[expanded] + places.round().long()
        lengths = inside.sum(dim=1)
        return Batch(
            self.bank.read(self._views(len(clips)), expanded, places),
            self.targets[samples],
            self.mask[samples] * inside,
            None if bool((lengths == self.steps).all()) else lengths,
        )


def timed_windows(samples: int, clips: int, steps: int) -> int:
    """Windows in an epoch of videos with labels at times: as many as hold all samples once, and all clips."""
    return max(-(-samples // steps), clips)
