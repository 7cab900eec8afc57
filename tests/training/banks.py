"""Banks of samples whose numbers tell where they come from."""

from __future__ import annotations

import torch

from vidlabel.training.fitting.tensors import PackedClips


def counting_bank(*lengths: int, views: int = 1) -> PackedClips:
    """Clips whose inputs tell (view, clip, place)."""
    sizes = torch.tensor(lengths)
    clips = torch.cat([torch.full((length,), number) for number, length in enumerate(lengths)]).float()
    places = torch.cat([torch.arange(length) for length in lengths]).float()
    values = torch.stack([torch.stack([torch.full_like(clips, v), clips, places], dim=1) for v in range(views)])
    return PackedClips(values, sizes.cumsum(0) - sizes, sizes)
