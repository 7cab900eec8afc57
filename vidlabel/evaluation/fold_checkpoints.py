"""Where what was trained for the folds is kept until all is done."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.fitting.checkpoint import Checkpoints, training_identity


@dataclass(frozen=True, slots=True)
class EvaluationCheckpoints:
    """Keeps the heads of each fold, so that the same evaluation goes on where it was ended."""

    folder: Path | None
    """None: nothing is kept."""
    identity: str
    """Of the evaluation; states of another are as good as missing."""

    @staticmethod
    def of(folder: Path | None, gathered: FeatureDataset, options: str) -> EvaluationCheckpoints:
        """The states of an evaluation.

        Args:
            folder: made when it is first needed.
            gathered: all videos.
            options: everything else that training depends on.
        """
        if folder is None:
            return EvaluationCheckpoints(None, "")
        training_set = gathered.training_set
        facts: dict[str, object] = {
            "options": options,
            "labels": repr((training_set.labels, training_set.task, training_set.examples)),
        }
        arrays = [view for clip in gathered.features for view in clip.views]
        return EvaluationCheckpoints(folder, training_identity(facts, arrays))

    def of_fold(self, number: int, name: str) -> Checkpoints | None:
        """Where a model of a fold keeps its heads."""
        if self.folder is None:
            return None
        return Checkpoints(self.folder / f"fold-{number}-{name}", f"{self.identity}/{number}/{name}")

    def remove(self) -> None:
        """Delete all states: the figures are there."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
