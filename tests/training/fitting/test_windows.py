"""Training windows: of clips, of videos with times, of background; and how long they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from training.banks import counting_bank
from training.learnable import RATE, feature_dataset
from training.learnable import clip as labelled_clip
from vidlabel.training.dataset.examples import Span
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting.plans import WINDOW_STEPS
from vidlabel.training.fitting.tensors import PackedClips
from vidlabel.training.fitting.windows import LEAST_SHARE, BackgroundWindows, ClipWindows, TimedWindows, choose_window


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


def of_clips(*samples: int) -> FeatureDataset:
    """Clips of so many samples, labelled as a whole."""
    clips = [labelled_clip(np.zeros((count, 6), np.float32), "red", number=n) for n, count in enumerate(samples)]
    return feature_dataset(clips, ("red",))


def of_spans(*seconds: float) -> FeatureDataset:
    """A video with labels that last so long."""
    spans = tuple(Span(40.0 * number, 40.0 * number + length, "red") for number, length in enumerate(seconds))
    return feature_dataset(
        [labelled_clip(np.zeros((9, 6), np.float32), spans=spans)], ("red",), "binary", unlabelled="background"
    )


def test_clips_give_their_usual_length() -> None:
    window = choose_window(of_clips(12, 40, 15), RATE)
    assert (window.samples, window.seconds) == (15, 3.75)
    assert choose_window(of_clips(1), RATE).samples == 1


@pytest.mark.parametrize(
    ("seconds", "samples"),
    [
        ((3.0, 2.5, 9.0), 48),  # four times the middle one, at 4 samples a second
        ((0.1, 0.2), 32),
        ((30.0,), 256),
    ],
)
def test_labels_with_times_give_four_of_their_usual_length_within_bounds(
    seconds: tuple[float, ...], samples: int
) -> None:
    window = choose_window(of_spans(*seconds), RATE)
    assert (window.samples, window.rate) == (samples, RATE)


def test_labels_of_all_videos_count() -> None:
    videos = of_spans(1.0, 20.0, 6.0)
    example = videos.training_set.examples[0]
    parts = tuple(replace(example, spans=(span,)) for span in example.spans)
    parted = FeatureDataset(replace(videos.training_set, examples=parts), videos.features * 3, videos.streams)
    assert choose_window(parted, RATE).samples == 96


@pytest.mark.parametrize("rate", [2.0, 8.0])
def test_windows_with_background_say_how_much_of_a_clip_they_hold(rate: float) -> None:
    torch.manual_seed(2)
    bank = counting_bank(30, 24, 36)
    bank = PackedClips(bank.values + torch.tensor([1.0, 1.0, 1.0]), bank.starts, bank.lengths)
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


def test_a_label_counts_by_the_share_of_its_clip_in_the_window() -> None:
    """Start and length of a window are read off the places that it shows: a label begins at 0.3, is full at 0.7."""
    torch.manual_seed(5)
    lengths, classes, rate = (30, 24, 36), 4, 4.0
    bank = counting_bank(*lengths)
    ones = torch.ones(1, 90, 20)  # with so many signs turned at random, one is always seen
    bank = PackedClips(torch.cat([bank.values, ones], dim=2), bank.starts, bank.lengths)
    windows = BackgroundWindows(bank, 16, torch.eye(classes)[:3], window=30, rate=rate)
    partly = 0
    for batch in [batch for _ in range(40) for batch in windows.batches()]:
        for window, target in zip(batch.inputs[16:].double(), batch.targets[16:].double(), strict=True):
            if (window[:, 3:] < 0).any():
                continue
            places, clips = window[:, 2].numpy(), window[:, 1].round().long().numpy()
            shown = sorted(set(clips.tolist()))
            found = [_window_of(places, clips == clip) for clip in shown]
            if len(shown) < 2 or any(one is None for one in found):
                continue
            said = (target - 0.1 / classes) / 0.9
            expected = np.zeros(classes)
            for clip, one in zip(shown, found, strict=True):
                start, size = one or (0.0, 0.0)
                covered = max(min(lengths[clip], start + size) - max(0.0, start), 0) / min(size, lengths[clip])
                expected[clip] = np.clip((covered - 0.3) / 0.4, 0, 1)
            expected /= max(expected.sum(), 1)
            expected[3] = 1 - expected.sum()
            np.testing.assert_allclose(said, expected, atol=0.01)
            partly += int(0.05 < expected[shown[0]] < 0.95)
    assert partly > 20


def test_the_picture_hardly_moves_in_a_pause() -> None:
    torch.manual_seed(6)
    lengths, edge = (40, 50), 3  # 0.4 s of 8 samples a second, rounded
    bank = counting_bank(*lengths)
    bank = PackedClips(bank.values + 1, bank.starts, bank.lengths)
    windows = BackgroundWindows(bank, 8, torch.eye(3)[:2], window=45, rate=8.0)
    backwards = 0
    for batch in [batch for _ in range(60) for batch in windows.batches()]:
        for window in batch.inputs[8:].abs():
            places, clips = window[:, 2] - 1, (window[:, 1] - 1).round().long()
            back = (places[1:] < places[:-1] - 1e-3) & (clips[1:] == clips[:-1])
            for place, clip in zip(places[1:][back].tolist(), clips[1:][back].tolist(), strict=True):
                assert place <= edge + 1e-3 or place >= lengths[clip] - 1 - edge - 1e-3
            backwards += int(back.sum())
    assert backwards > 100


def _window_of(
    places: np.ndarray[tuple[int], np.dtype[np.float64]], own: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[float, float] | None:
    """Start (samples from that of a clip) and length of a window, from five steps on end in which its time runs on."""
    for first in range(len(places) - 4):
        steps = np.diff(places[first : first + 5])
        if own[first : first + 5].all() and steps[0] > 0.5 and np.ptp(steps) < 1e-4:
            return float(places[first] - first * steps.mean()), float(steps.mean() * (WINDOW_STEPS - 1) + 1)
    return None
