"""What an evaluation is asked for, and what speaks against its figures before they are there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from vidlabel.errors import UsageError
from vidlabel.evaluation.folds import FoldCount, FoldListener, refuse_model_options
from vidlabel.heads.model import Model
from vidlabel.labels.metrics.segments import DEFAULT_TOLERANCE_S
from vidlabel.training.dataset.examples import LabelOptions, TrainingSet
from vidlabel.training.dataset.report import check_report
from vidlabel.training.features import FeatureOptions
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import SilentTrainListener


class EvaluationListener(FoldListener, Protocol):
    """Told how an evaluation goes, from the first video to the last epoch."""


class SilentEvaluationListener(SilentTrainListener):
    """Tells nobody."""

    def fold_begun(self, number: int, folds: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """What is to be measured on what.

    Raises:
        UsageError: options of training, or folds, beside a model file.
    """

    training_set: TrainingSet
    source: str
    """Name of the table or folder, for messages."""
    model: Model | None = None
    """None: models are trained in cross-validation."""
    folds: FoldCount = "auto"
    options: TrainOptions = DEFAULT_OPTIONS
    features: FeatureOptions = field(default_factory=FeatureOptions)
    tolerance_s: float = DEFAULT_TOLERANCE_S
    """How far the start of an event may be off to count as found."""
    state: Path | None = None
    """Folder that keeps what was trained, until all is done; None: nothing is kept."""

    def __post_init__(self) -> None:
        if self.model is not None:
            refuse_model_options(self.options, self.folds)
        if not 0 <= self.tolerance_s < float("inf"):
            raise UsageError("--tolerance", f"{self.tolerance_s:g} is out of range", "give seconds, 0 or more")


def label_options_for(model: Model | None, asked: LabelOptions) -> LabelOptions:
    """A table means what the model takes it for, where the user says nothing else."""
    if model is None:
        return asked
    spec, task = model.spec, asked.wanted_task or model.spec.task
    positive = spec.labels[0] if task == spec.task == "binary" and asked.positive is None else asked.positive
    return replace(asked, task=task, positive=positive, rate=spec.rate)


def fold_count(folds: int | None, *, leave_one_group_out: bool) -> FoldCount:
    """What two options ask for.

    Raises:
        UsageError: both are given.
    """
    if folds is not None and leave_one_group_out:
        raise UsageError("--leave-one-group-out", "gives the number of folds already", "leave --folds out")
    return "groups" if leave_one_group_out else "auto" if folds is None else folds


def request_warnings(request: EvaluationRequest) -> tuple[str, ...]:
    """What speaks against trusting the figures, as far as it can be known before anything is computed."""
    report = check_report(request.training_set)
    if request.model is None:
        return report.warnings
    warnings = [text for text in report.warnings if "whether it is learnt cannot be checked" not in text]
    spec = request.model.spec
    known = {"clips": report.clips, "groups": report.groups, "seconds": round(report.seconds, 3)}
    same = bool(spec.data) and all(spec.data.get(name) == value for name, value in known.items())
    if same or (request.source and request.source in spec.command.split()):
        warnings.append(f"{spec.name} was trained on these videos, as it seems: the figures will be too good")
    unknown = sorted(set(request.training_set.labels) - set(spec.labels) - {"background"})
    if unknown:
        warnings.append(f"{spec.name} does not know {', '.join(unknown)}: it cannot be right there")
    return tuple(warnings)
