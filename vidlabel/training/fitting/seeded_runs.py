"""Heads that are trained one after the other, each from a seed of its own, each kept when it is done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol, TypeVar

import torch

from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress, EpochTrainer

SomeTrainer = TypeVar("SomeTrainer", bound=EpochTrainer)


class FitListener(Protocol):
    """Receives the progress of training heads."""

    def begun(self, stage: str, heads: int, epochs: int) -> None:
        """A stage begins: `validating`, `comparing streams`, `training`; with all epochs of all its heads."""

    def head_begun(self, name: str) -> None:
        """The next head of the stage begins; its name is for a person: `motion, fold 4`."""

    def epoch_done(self, run: str, figures: EpochFigures) -> None:
        """A head has been through its clips once more."""


class SilentListener:
    """Ignores progress."""

    def begun(self, stage: str, heads: int, epochs: int) -> None:
        """Nothing."""

    def head_begun(self, name: str) -> None:
        """Nothing."""

    def epoch_done(self, run: str, figures: EpochFigures) -> None:
        """Nothing."""


class TrainingRuns:
    """Trains heads.

    Args:
        seed: all random numbers follow from it and from the names of the runs.
        listener: receives progress.
        checkpoints: where to keep states, and to find those of an earlier run.
    """

    def __init__(self, seed: int, listener: FitListener, checkpoints: Checkpoints | None) -> None:
        self._seed = seed
        self.listener = listener
        self._checkpoints = checkpoints
        self.running: EpochTrainer | None = None
        """The latest trainer, which an interruption may have cut short."""

    def run(self, run: str, make: Callable[[EpochProgress | None], SomeTrainer], epochs: int) -> SomeTrainer:
        """Train something epoch by epoch, to its end.

        Args:
            run: unlike all others.
            make: makes what trains, from where an earlier run stood; may draw from torch's global generator.
            epochs: how many it has.

        Raises:
            OutputError: its state cannot be kept.
        """
        digest = hashlib.sha256(f"{self._seed}/{run}".encode()).digest()
        torch.manual_seed(int.from_bytes(digest[:7], "little"))
        self.running = None
        trainer = make(None if self._checkpoints is None else self._checkpoints.find(run))
        self.running = trainer
        try:
            trainer.run(lambda progress: self._after_epoch(run, epochs, progress))
        except KeyboardInterrupt:
            if self._checkpoints is not None and trainer.progress.epochs > 0:
                self._checkpoints.keep(run, trainer.progress, last=True)
            raise
        return trainer

    def _after_epoch(self, run: str, epochs: int, progress: EpochProgress) -> None:
        self.listener.epoch_done(run, progress.history[-1])
        if self._checkpoints is not None:
            self._checkpoints.keep(run, progress, last=progress.epochs == epochs)
