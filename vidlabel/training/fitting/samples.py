"""All samples of the clips that are learnt from, as inputs of the heads, and how windows are read from them.

V views of each clip, S samples of all N clips, P inputs, B windows, W steps in a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vidlabel.training.dataset.features import ExampleFeatures
from vidlabel.training.fitting.whitening import Whitening


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


def fill_bank(features: Sequence[ExampleFeatures], whitening: Whitening) -> PackedClips:
    """Whiten the features of clips.

    Args:
        features: of N clips; those with fewer views than others have their first one in place of the missing.
        whitening: learnt from the clips that are learnt from.
    """
    lengths = torch.tensor([len(clip.times) for clip in features])
    views = max(len(clip.views) for clip in features)
    values = [
        torch.cat([whitening.inputs(clip.views[view if view < len(clip.views) else 0]) for clip in features])
        for view in range(views)
    ]
    return PackedClips(torch.stack(values), lengths.cumsum(0) - lengths, lengths)
