"""What heads are shown: where windows come from, and what is said about them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vidlabel.training.learning.background import BackgroundWindows
from vidlabel.training.learning.bank import SampleBank
from vidlabel.training.learning.windows import LEAST_SHARE, WINDOW_STEPS, ClipWindows, TimedWindows


def counting_bank(*lengths: int, views: int = 1) -> SampleBank:
    """Clips whose inputs tell (view, clip, place)."""
    sizes = torch.tensor(lengths)
    clips = torch.cat([torch.full((length,), number) for number, length in enumerate(lengths)]).float()
    places = torch.cat([torch.arange(length) for length in lengths]).float()
    values = torch.stack([torch.stack([torch.full_like(clips, v), clips, places], dim=1) for v in range(views)])
    return SampleBank(values, sizes.cumsum(0) - sizes, sizes)


def test_places_between_samples_are_interpolated() -> None:
    bank = counting_bank(5, 3)
    random = torch.randn(1, 8, 4, generator=torch.Generator().manual_seed(0))
    bank = SampleBank(random, bank.starts, bank.lengths)
    clips, places = torch.tensor([[0, 0, 1, 1]]), torch.tensor([[0.0, 3.75, 0.5, 2.0]])
    found = bank.read(torch.tensor([0]), clips, places)[0].numpy()
    first, second = random[0, :5].numpy(), random[0, 5:].numpy()
    for column in range(4):
        expected = [
            np.interp(0.0, range(5), first[:, column]),
            np.interp(3.75, range(5), first[:, column]),
            np.interp(0.5, range(3), second[:, column]),
            np.interp(2.0, range(3), second[:, column]),
        ]
        np.testing.assert_allclose(found[:, column], expected, atol=1e-6)


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


@pytest.mark.parametrize("rate", [2.0, 8.0])
def test_windows_with_background_say_how_much_of_a_clip_they_hold(rate: float) -> None:
    torch.manual_seed(2)
    bank = counting_bank(30, 24, 36)
    bank = SampleBank(bank.values + torch.tensor([1.0, 1.0, 1.0]), bank.starts, bank.lengths)
    targets = torch.eye(4)[:3]
    windows = BackgroundWindows(bank, 16, targets, window=30, rate=rate)
    held, nothing, meaningless = 0, 0, 0
    for batch in [batch for _ in range(40) for batch in windows.batches()]:
        assert batch.inputs.shape == (32, WINDOW_STEPS, 3)
        np.testing.assert_allclose(batch.targets.sum(dim=1), 1, rtol=1e-5)
        assert batch.targets[:16, 3].max() < 0.03  # whole clips are never background
        for window, target in zip(batch.inputs[16:], batch.targets[16:], strict=True):
            if (window < 0).any():
                meaningless += 1
                assert target.argmax() == 3
                continue
            clips = window[:, 1].round().long() - 1
            places = window[:, 2] - 1
            assert bool((clips[1:] >= 0).all())
            assert places.min() >= 0
            for clip in set(clips.tolist()):
                if target[clip] > 0.9:  # a label in full: the window shows most of its clip
                    own = places[clips == clip]
                    assert own.max() - own.min() >= 0.5 * min(30 * np.exp(-0.3), float(bank.lengths[clip]))
            held += int(target[:3].max() > 0.9)
            nothing += int(target[3] > 0.9)
    assert held > 50
    assert nothing > 50
    assert 0.2 < meaningless / 640 < 0.4  # 0.3 of them, seldom with all signs kept
