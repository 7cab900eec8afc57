"""Listeners of a search: its own progress, and the one that ends a trial when the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from vidlabel.training.features import FeatureListener
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.seeded_runs import FitListener
from vidlabel.training.search.budget import Clock
from vidlabel.training.search.settings import TrialSettings
from vidlabel.training.search.trial_record import TrialRecord


class SearchListener(FeatureListener, FitListener, Protocol):
    """Receives the progress of a search, from the first video to the model."""

    def part_begun(self, part: int, parts: int, left_s: float) -> None:
        """The search on all clips begins (0), or that within an outer fold, with the time left for everything."""

    def trial_begun(self, number: int, settings: TrialSettings, left_s: float) -> None:
        """A trial begins, with the time left for all trials of this part."""

    def trial_ended(self, record: TrialRecord, left_s: float) -> None:
        """A trial has ended; it is in the journal."""

    def final_begun(self, number: int) -> None:
        """The model with the settings of a trial is trained on all clips of this part."""


class EndingListener:
    """Passes progress on, counts epochs and their time, and ends what is in hand when the time is over.

    Args:
        listener: of the search.
        check: raises when the time is over; called after each epoch, and with each piece of a video that is encoded.
        clock: tells the time.
    """

    def __init__(self, listener: SearchListener, check: Callable[[], None], clock: Clock = time.monotonic) -> None:
        self._listener = listener
        self._check = check
        self._clock = clock
        self._training_began_s: float | None = None
        self.epochs = 0
        """Number of epochs that were trained."""

    @property
    def training_s(self) -> float:
        """Seconds since training began: features, which are computed before, are not computed anew for the model."""
        return 0.0 if self._training_began_s is None else self._clock() - self._training_began_s

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """Check the time."""
        self._listener.progress(encoded_s, duration_s, name)
        self._check()

    def ended(self, name: str, failure: str | None) -> None:
        """Pass it on."""
        self._listener.ended(name, failure)

    def warn(self, text: str) -> None:
        """Pass it on."""
        self._listener.warn(text)

    def begun(self, stage: str, heads: int, epochs: int) -> None:
        """Pass it on."""
        if self._training_began_s is None:
            self._training_began_s = self._clock()
        self._listener.begun(stage, heads, epochs)

    def head_begun(self, name: str) -> None:
        """Pass it on."""
        self._listener.head_begun(name)

    def epoch_done(self, run: str, figures: EpochFigures) -> None:
        """Check the time."""
        self.epochs += 1
        self._listener.epoch_done(run, figures)
        self._check()
