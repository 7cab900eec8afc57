"""What heads are shown: where windows come from, and what is said about them."""

from __future__ import annotations

import numpy as np
import torch

from training.banks import counting_bank
from vidlabel.training.fitting.windows import LEAST_SHARE, WINDOW_STEPS, ClipWindows, TimedWindows


def test_windows_of_clips_hold_most_of_one_clip() -> None:
    torch.manual_seed(0)
    lengths = (10, 31, 5, 1)
    windows = ClipWindows(counting_bank(*lengths, views=2), 3, torch.eye(4), "single")
    assert windows.updates == 2
    seen, views = [], set()
    for batch in [batch for _ in range(20) for batch in windows.batches()]:
        assert batch.inputs.shape == (3, WINDOW_STEPS, 3)
        for window, target in zip(batch.inputs, batch.targets, strict=True):
            clip = int(window[0, 1])
            assert bool((window[:, 1] == clip).all())
            assert int(target.argmax()) == clip
            span = float(window[-1, 2] - window[0, 2]) / max(lengths[clip] - 1, 1)
            assert 0 <= window[0, 2] <= window[-1, 2] <= lengths[clip] - 1
            assert lengths[clip] == 1 or LEAST_SHARE - 1e-5 <= span <= 1 + 1e-5
            seen.append(clip)
            views.add(int(window[0, 0]))
    assert min(np.bincount(seen)) >= 20  # every clip once in each of 20 epochs
    assert views == {0, 1}


def test_windows_of_videos_carry_the_targets_of_their_samples() -> None:
    torch.manual_seed(1)
    bank = counting_bank(100, 12)
    targets = torch.nn.functional.one_hot((torch.arange(112) // 7) % 2, 2).float()
    known = (torch.arange(112) % 5 != 0).float()
    windows = TimedWindows(bank, 4, targets, known, "single", steps=20)
    assert windows.updates == 2
    for batch in [batch for _ in range(10) for batch in windows.batches()]:
        for number in range(4):
            clip = int(batch.inputs[number, 0, 1])
            places = batch.inputs[number, :, 2]
            samples = (places.round() + (100 if clip else 0)).long()
            assert torch.equal(batch.targets[number].argmax(dim=1), targets[samples].argmax(dim=1))
            length = 20 if batch.lengths is None else int(batch.lengths[number])
            inside = torch.arange(20) < length
            assert torch.equal(batch.mask[number], known[samples] * inside)
            steps = places[1:length] - places[: length - 1]
            assert steps.numel() == 0 or (steps.min() > 0.8 and steps.max() < 1.25)
            assert clip == 0 or length < 20
