"""Training windows: drawn from clips at random, with noise.

Models of whole clips also learn background from clips that show none. People label trimmed clips and predict on whole
recordings, so heads are shown synthetic untrimmed windows, cut at random from two clips with a pause between them. In
the pause the picture hardly moves: the first or last samples of a clip to and fro. A window counts for a label as far
as it covers its clip. Other windows have the signs of their inputs turned at random: as large as real ones, and without
a meaning, they stand for footage of something else.

B windows, W steps in a window, P inputs, C classes. All chance comes from torch's global generator.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from vidlabel.heads.spec import Task
from vidlabel.training.dataset.feature_dataset import FeatureDataset, is_whole
from vidlabel.training.fitting.losses import smoothed
from vidlabel.training.fitting.plans import WINDOW_STEPS
from vidlabel.training.fitting.tensors import PackedClips

LEAST_SHARE = 0.9
"""Of a clip that a window holds. What is cut off may be what the label tells: at 0.7 heads learnt less well how often
something flashed, and were no better on real footage."""
STRETCH = 0.2
"""Windows of long videos last up to e^0.2 times longer or shorter than their number of steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Windows with their targets."""

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


@dataclass(frozen=True, slots=True)
class WindowLength:
    """The windows that a model runs in."""

    samples: int
    rate: float
    """Samples per second."""

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self.samples / self.rate


SPANS_PER_WINDOW = 4
"""Usual lengths of a label in a window: enough to see what comes before and after."""
LEAST_SAMPLES = 32
MOST_SAMPLES = 256


def choose_window(dataset: FeatureDataset, rate: float) -> WindowLength:
    """The usual length of a clip that is labelled as a whole; where labels have times, several of their usual length.

    Args:
        dataset: what is learnt from.
        rate: samples per second.
    """
    if is_whole(dataset):
        return WindowLength(max(1, round(median(len(clip.times) for clip in dataset.features))), rate)
    spans = [span.end - span.start for example in dataset.training_set.examples for span in example.spans]
    samples = round(SPANS_PER_WINDOW * median(spans) * rate)
    return WindowLength(min(max(samples, LEAST_SAMPLES), MOST_SAMPLES), rate)


WITHOUT_PAUSE = 0.4
"""Share of the windows in which one clip follows the other at once."""
LONGEST_PAUSE = 1.5
"""Lengths of a window."""
BACKGROUND_STRETCH = 0.3
"""Windows are up to e^0.3 times longer or shorter than those that the model runs in."""
COVERED = (0.3, 0.7)
"""Shares of the shorter of window and clip at which a label begins to count, and counts in full."""
MEANINGLESS = 0.3
"""Share of the windows with random signs."""
PAUSE_S = 0.4
"""How much of the edge of a clip goes to and fro in a pause."""


class BackgroundWindows(ClipWindows):
    """Whole clips, and as many windows of long videos that are made of them.

    Args:
        bank: of the clips to learn from.
        batch_size: whole clips in a batch; it has as many windows again.
        targets: (N, C) without background in any: its column is 0.
        window: samples in the windows that the model runs in.
        rate: samples per second.
    """

    def __init__(self, bank: PackedClips, batch_size: int, targets: Tensor, window: float, rate: float) -> None:
        super().__init__(bank, batch_size, targets, "single")
        self._labels = targets
        self._window = window
        self._edge = max(1.0, round(PAUSE_S * rate))

    def batches(self) -> Iterator[Batch]:
        """Every clip once, with as many made-up windows."""
        for whole in super().batches():
            inputs, targets = self._made_up(len(whole.inputs))
            yield Batch(
                torch.cat([whole.inputs, inputs]),
                torch.cat([whole.targets, smoothed(targets, "single")]),
                torch.ones(len(whole.inputs) + len(inputs)),
            )

    def _made_up(self, count: int) -> tuple[Tensor, Tensor]:
        """(B, W, P) and (B, C)."""
        first, second = torch.randint(self.bank.clips, (2, count))
        length, next_length = self.bank.lengths[first].float(), self.bank.lengths[second].float()
        paused = torch.rand(count) >= WITHOUT_PAUSE
        pause = torch.rand(count) * LONGEST_PAUSE * self._window * paused
        size = ((torch.rand(count) * 2 - 1) * BACKGROUND_STRETCH).exp() * self._window
        # The window is centred somewhere from the middle of the first clip to the middle of the second.
        start = (length - size) / 2 + torch.rand(count) * (length / 2 + pause + next_length / 2)
        times = start[:, None] + torch.linspace(0, 1, WINDOW_STEPS) * (size - 1)[:, None]
        in_first = times < (length + pause / 2)[:, None]
        place = self._place(times, length)
        next_place = self._place(times - (length + pause)[:, None], next_length)
        clips = torch.where(in_first, first[:, None], second[:, None])
        inputs = self.bank.read(self._views(count), clips, torch.where(in_first, place, next_place))
        targets = _share(start, size, torch.zeros(count), length)[:, None] * self._labels[first]
        targets += _share(start, size, length + pause, next_length)[:, None] * self._labels[second]
        targets /= targets.sum(dim=1, keepdim=True).clamp(min=1)
        meaningless = torch.rand(count) < MEANINGLESS
        signs = torch.where(meaningless[:, None], torch.randint(2, (count, inputs.shape[2])) * 2.0 - 1, 1.0)
        targets[meaningless] = 0
        targets[:, -1] = 1 - targets[:, :-1].sum(dim=1)
        return inputs * signs[:, None], targets

    def _place(self, times: Tensor, lengths: Tensor) -> Tensor:
        """Samples from the start of a clip; before and after it, to and fro within its edge."""
        last = (lengths - 1)[:, None]
        before = _to_and_fro(-times, self._edge)
        after = last - _to_and_fro(times - last, self._edge)
        place = torch.where(times < 0, before, torch.where(times > last, after, times))
        return torch.minimum(place.clamp(min=0), last)


def _to_and_fro(times: Tensor, edge: float) -> Tensor:
    """0 at time 0, `edge` at time `edge`, 0 again at twice that."""
    return edge - (times % (2 * edge) - edge).abs()


def _share(start: Tensor, size: Tensor, clip_start: Tensor, length: Tensor) -> Tensor:
    """How far windows count for the label of a clip, 0 to 1."""
    overlap = torch.minimum(clip_start + length, start + size) - torch.maximum(clip_start, start)
    covered = overlap.clamp(min=0) / torch.minimum(size, length)
    least, full = COVERED
    return ((covered - least) / (full - least)).clamp(0, 1)
