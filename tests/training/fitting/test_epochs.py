"""Training epoch by epoch, on a sum of numbers whose gradient is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress, EpochTrainer


class Slope(EpochTrainer):
    """Lowers one number for ever, in two updates an epoch."""

    def __init__(self, epochs: int, resumed: EpochProgress | None = None) -> None:
        self.number = nn.Parameter(torch.tensor([5.0]))
        self.rates: list[float] = []
        self.seen: list[float] = []
        super().__init__({"number": self.number}, {"number": 0.1}, epochs, resumed)

    def _train_epoch(self, epoch: int) -> EpochFigures:
        for update in range(2):
            self._set_learning_rate(epoch * 2 + update, 2 * self._epochs)
            self.rates.append(self._optimiser.param_groups[0]["lr"])
            self._optimiser.zero_grad()
            (self.number * torch.rand(1)).sum().backward()  # type: ignore[no-untyped-call]
            self._step()
        self.seen.append(self.number.item())
        return EpochFigures(self.number.item(), 0.0)


def train(epochs: int, resumed: EpochProgress | None = None) -> tuple[Slope, list[EpochProgress]]:
    reported: list[EpochProgress] = []
    trainer = Slope(epochs, resumed)
    trainer.run(reported.append)
    return trainer, reported


def test_the_rate_rises_for_a_tenth_and_falls_as_a_cosine() -> None:
    trainer, _ = train(20)
    cosine = [0.05 + 0.95 * (1 + math.cos(math.pi * update / 40)) / 2 for update in range(40)]
    rise = [0.25, 0.5, 0.75] + [1.0] * 37
    assert trainer.rates == pytest.approx([0.1 * up * down for up, down in zip(rise, cosine, strict=True)])


def test_the_last_quarter_of_the_epochs_is_averaged() -> None:
    torch.manual_seed(0)
    trainer, _ = train(8)
    assert trainer.finished_parameters()["number"].item() == pytest.approx(sum(trainer.seen[6:]) / 2)
    assert trainer.number.item() == trainer.seen[-1]


def test_before_them_the_last_epoch_counts() -> None:
    torch.manual_seed(0)
    _, reported = train(8)
    early = Slope(8, reported[3])
    assert early.finished_parameters()["number"].item() == reported[3].history[-1].loss
    assert Slope(8).finished_parameters()["number"].item() == 5.0


def test_every_epoch_is_reported_and_any_can_be_gone_on_from() -> None:
    torch.manual_seed(0)
    whole, reported = train(8)
    assert [one.epochs for one in reported] == list(range(1, 9))
    for progress in (reported[0], reported[5], reported[6]):
        torch.rand(3)  # what is drawn meanwhile is of no matter
        again, rest = train(8, progress)
        assert len(rest) == 8 - progress.epochs
        assert torch.equal(again.finished_parameters()["number"], whole.finished_parameters()["number"])
        assert again.progress.history == whole.progress.history
