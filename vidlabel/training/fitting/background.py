"""Background from clips that show none: windows of long videos that never were.

People label trimmed clips and predict on whole recordings. So heads are shown windows cut at random from two clips with
a pause between them. In the pause the picture hardly moves: the first or last samples of a clip to and fro. A window
counts for a label as far as it covers its clip. Other windows have the signs of their inputs turned at random: as large
as real ones, and without a meaning, they stand for footage of something else.

B windows, W steps in a window, P inputs, C classes, background last.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from vidlabel.training.fitting.losses import smoothed
from vidlabel.training.fitting.samples import PackedClips
from vidlabel.training.fitting.windows import WINDOW_STEPS, Batch, ClipWindows

WITHOUT_PAUSE = 0.4
"""Share of the windows in which one clip follows the other at once."""
LONGEST_PAUSE = 1.5
"""Lengths of a window."""
STRETCH = 0.3
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
        size = ((torch.rand(count) * 2 - 1) * STRETCH).exp() * self._window
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
