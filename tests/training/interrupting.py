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
