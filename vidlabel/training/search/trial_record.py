"""What is known of a trial when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidlabel.training.search.model_cost import ModelCost
from vidlabel.training.search.quality import Quality
from vidlabel.training.search.settings import TrialSettings

TrialState = Literal["complete", "pruned", "stopped", "failed"]
"""`pruned`: too far behind others after some folds; `stopped`: out of time; `failed`: without its features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """A trial that has ended."""

    part: int
    """0: on all clips; n: on the training part of outer fold n."""
    number: int
    """0: the defaults of `train`."""
    settings: TrialSettings
    state: TrialState
    fold_values: tuple[float, ...]
    """Quality over the clips of the first fold, of the first two, and so on."""
    quality: Quality | None
    """None where it is not complete."""
    cost: ModelCost | None
    seconds: float
    """Wall time, that of features included."""
    training_seconds: float
    """Wall time of its epochs."""
    epochs: int
    """That were trained, of all heads and folds."""
    final_epochs: int
    """That training the model on everything takes."""

    def scored(self) -> ScoredTrial | None:
        """The same where it is complete."""
        if self.state != "complete" or self.quality is None or self.cost is None:
            return None
        return ScoredTrial(self.number, self.settings, self.quality, self.cost, self.final_seconds)

    @property
    def final_seconds(self) -> float:
        """About how long training the model on everything takes."""
        return self.training_seconds * self.final_epochs / max(1, self.epochs)


@dataclass(frozen=True, slots=True)
class ScoredTrial:
    """A trial that is complete."""

    number: int
    settings: TrialSettings
    quality: Quality
    cost: ModelCost
    final_seconds: float
