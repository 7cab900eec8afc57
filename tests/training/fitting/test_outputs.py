"""What heads say about windows and clips: against pooling after the output layer, and against each clip alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.banks import counting_bank
from vidlabel.heads.fusion import pool_parts
from vidlabel.training.fitting.outputs import clip_logits, pooled_logits
from vidlabel.training.fitting.plans import MemberPlan, TaskShape, label_plans
from vidlabel.training.fitting.samples import PackedClips
from vidlabel.training.fitting.tensors import TrainingTensors
from vidlabel.training.options import TrainOptions

LENGTHS = (9, 24, 5)


def plan(*, whole: bool) -> MemberPlan:
    """A small recurrent head for two classes."""
    return label_plans(TrainOptions(hidden=4), TaskShape(inputs=3, classes=2, whole=whole, updates=9))[0]


def material() -> TrainingTensors:
    """Three clips of random inputs."""
    bank = counting_bank(*LENGTHS)
    values = torch.randn(2, sum(LENGTHS), 3, generator=torch.Generator().manual_seed(0))
    return TrainingTensors(
        PackedClips(values, bank.starts, bank.lengths), torch.eye(3, 2), torch.ones(3), "single", whole=True
    )


@pytest.mark.parametrize("steps", [24, 7, 2])
def test_pooling_before_the_output_layer_gives_the_same(steps: int) -> None:
    torch.manual_seed(1)
    head = plan(whole=True).build().eval()
    with torch.no_grad():
        head.output.bias.uniform_(-1, 1)
    inputs = torch.randn(5, steps, 3)
    torch.testing.assert_close(pooled_logits(head, inputs, 3), pool_parts(head(inputs)[0], 3))


def test_whole_clips_are_resampled_in_their_first_view() -> None:
    torch.manual_seed(2)
    chosen, clips = plan(whole=True), material()
    head = chosen.build().eval()
    found = clip_logits(chosen, head, clips)
    values = clips.bank.values[0].numpy()
    for number, (start, length) in enumerate(zip((0, 9, 33), LENGTHS, strict=True)):
        places = np.linspace(0, length - 1, 24)
        own = [np.interp(places, range(length), values[start : start + length, column]) for column in range(3)]
        inputs = torch.tensor(np.stack(own, axis=1), dtype=torch.float32)
        torch.testing.assert_close(found[number], pool_parts(head(inputs[None])[0], 3)[0], atol=1e-5, rtol=1e-4)


def test_samples_are_asked_clip_by_clip() -> None:
    torch.manual_seed(3)
    chosen, clips = plan(whole=False), material()
    head = chosen.build().eval()
    found = clip_logits(chosen, head, clips)
    assert found.shape == (38, 2)
    alone = [head(clips.bank.values[0, start : start + length])[0] for start, length in ((0, 9), (9, 24), (33, 5))]
    torch.testing.assert_close(found, torch.cat(alone))
