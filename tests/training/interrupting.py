"""A listener that interrupts training, as Ctrl-C does."""

from __future__ import annotations

import numpy as np

from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.seeded_runs import SilentListener


class StopsAfter(SilentListener):
    """Interrupts training after a number of epochs, and records the runs that they belong to.

    Args:
        epochs: None: it never interrupts.
    """

    def __init__(self, epochs: int | None = None) -> None:
        self.epochs = epochs
        self.runs: list[str] = []

    def epoch_done(self, run: str, figures: EpochFigures) -> None:
        """Count an epoch."""
        assert np.isfinite(figures.loss)
        self.runs.append(run)
        if len(self.runs) == self.epochs:
            raise KeyboardInterrupt


class StopsBefore(SilentListener):
    """Interrupts training before it trains a head of the model.

    Args:
        number: of the head among those of the model, from 0 on.
    """

    def __init__(self, number: int) -> None:
        self._left: int | None = None
        self._number = number

    def begun(self, stage: str, heads: int, epochs: int) -> None:  # noqa: ARG002
        """Count the heads of the model alone."""
        self._left = self._number if stage == "training" else None

    def head_begun(self, name: str) -> None:  # noqa: ARG002
        """Interrupt the one that is asked for."""
        if self._left == 0:
            raise KeyboardInterrupt
        self._left = None if self._left is None else self._left - 1
