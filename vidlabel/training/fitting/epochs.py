"""Training epoch by epoch: the learning rate, the average of the last epochs, and what is needed to go on."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

WARM_UP = 0.1
"""Share of the updates in which the learning rate rises from 0."""
LEAST_RATE = 0.05
"""Share of the learning rate that the cosine ends at."""
AVERAGED = 0.25
"""Share of the epochs, the last ones, whose weights are averaged: better than the best epoch, and steadier."""
WEIGHT_DECAY = 0.01
GRADIENT_NORM = 1.0
_AVERAGE = "average."
_WEIGHT = "weight."
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """How an epoch went."""

    loss: float
    """Mean over the updates."""
    accuracy: float
    """Accuracy on the training windows, as they were shown to the head."""
    validation_loss: float | None = None
    """After the epoch, on clips that are not learnt from."""
    validation_accuracy: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EpochProgress:
    """The state of training after an epoch: all that is needed to resume as if nothing had happened."""

    epochs: int
    """Number of epochs that are done."""
    tensors: dict[str, Tensor]
    """Weights, their average, moments of the optimiser and the state of torch's generator."""
    history: tuple[EpochFigures, ...]


class EpochTrainer(ABC):
    """Trains parameters epoch by epoch.

    Args:
        parameters: by name.
        rates: the largest learning rate of each.
        epochs: how many.
        resumed: where an earlier run of the same stood.
    """

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        rates: Mapping[str, float],
        epochs: int,
        resumed: EpochProgress | None,
    ) -> None:
        self._parameters = parameters
        self._rates = rates
        self._epochs = epochs
        # One tensor at a time: the joined form has no advantage without a GPU.
        self._optimiser = torch.optim.AdamW(
            [{"params": [tensor], "lr": rates[name]} for name, tensor in parameters.items()],
            weight_decay=WEIGHT_DECAY,
            foreach=False,
        )
        self._progress = resumed or EpochProgress(0, self._weights(), ())
        if resumed is not None:
            self._restore(resumed)

    @property
    def progress(self) -> EpochProgress:
        """The state after the last whole epoch."""
        return self._progress

    def finished_parameters(self) -> dict[str, Tensor]:
        """The average of the last epochs, or the last epoch if it has not come to them."""
        tensors = self._progress.tensors
        prefix = _AVERAGE if any(name.startswith(_AVERAGE) for name in tensors) else _WEIGHT
        return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}

    def run(self, after_epoch: Callable[[EpochProgress], None]) -> None:
        """Train to the last epoch; what is raised in between leaves `progress` at the last whole one."""
        while self._progress.epochs < self._epochs:
            figures = self._train_epoch(self._progress.epochs)
            done = self._progress.epochs + 1
            tensors = {**self._weights(), **self._averaged(done), **self._moments(), "generator": torch.get_rng_state()}
            self._progress = EpochProgress(done, tensors, (*self._progress.history, figures))
            after_epoch(self._progress)

    @abstractmethod
    def _train_epoch(self, epoch: int) -> EpochFigures:
        """Go through everything once."""

    def _set_learning_rate(self, update: int, updates: int) -> None:
        cosine = 0.5 * (1 + math.cos(math.pi * update / updates))
        factor = min(1.0, (update + 1) / (WARM_UP * updates)) * (cosine * (1 - LEAST_RATE) + LEAST_RATE)
        for group, name in zip(self._optimiser.param_groups, self._parameters, strict=True):
            group["lr"] = self._rates[name] * factor

    def _step(self) -> None:
        nn.utils.clip_grad_norm_(self._parameters.values(), GRADIENT_NORM)
        self._optimiser.step()

    def _weights(self) -> dict[str, Tensor]:
        return {f"{_WEIGHT}{name}": tensor.detach().clone() for name, tensor in self._parameters.items()}

    def _averaged(self, done: int) -> dict[str, Tensor]:
        """The running mean of the weights, from the first of the last epochs on."""
        count = done - math.ceil(self._epochs * (1 - AVERAGED))
        if count < 1:
            return {}
        before = self._progress.tensors
        return {
            f"{_AVERAGE}{name}": tensor.detach().clone()
            if count == 1
            else torch.lerp(before[f"{_AVERAGE}{name}"], tensor.detach(), 1 / count)
            for name, tensor in self._parameters.items()
        }

    def _moments(self) -> dict[str, Tensor]:
        return {
            f"{moment}.{name}": self._optimiser.state[parameter][moment].clone()
            for name, parameter in self._parameters.items()
            for moment in _MOMENTS
        }

    def _restore(self, progress: EpochProgress) -> None:
        tensors = progress.tensors
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(tensors[f"{_WEIGHT}{name}"])
        if progress.epochs == 0:
            return
        for name, parameter in self._parameters.items():
            self._optimiser.state[parameter] = {moment: tensors[f"{moment}.{name}"].clone() for moment in _MOMENTS}
        torch.set_rng_state(tensors["generator"])
