"""What is to be evaluated, on what and how, and what is known of it before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.heads.model import Model
from vidlabel.labels.metrics.segments import DEFAULT_TOLERANCE_S
from vidlabel.training.dataset.examples import LabelOptions, TrainingSet
from vidlabel.training.dataset.report import NOT_VALIDATED, check_report
from vidlabel.training.dataset.splits import FoldCount
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS
from vidlabel.training.options import TrainOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """An evaluation to run: data, model and options.

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
            _refuse_model_options(self.options, self.folds)
        if not 0 <= self.tolerance_s < float("inf"):
            raise UsageError("--tolerance", f"{self.tolerance_s:g} is out of range", "give seconds, 0 or more")


def label_options_for(model: Model | None, asked: LabelOptions) -> LabelOptions:
    """The options for reading the labels; those of the model where the user gives no other.

    Raises:
        UsageError: a rate is given although the model has one.
    """
    if model is None:
        return asked
    if asked.rate is not None:
        raise UsageError("--rate", "cannot be changed for a model that is measured", "leave --rate or --model out")
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
    """Reasons not to trust the metrics that are known before anything is computed."""
    report = check_report(request.training_set)
    if request.model is None:
        return report.warnings
    warnings = [text for text in report.warnings if NOT_VALIDATED not in text]
    spec = request.model.spec
    known = {"clips": report.clips, "groups": report.groups, "seconds": round(report.seconds, 3)}
    same = bool(spec.data) and all(spec.data.get(name) == value for name, value in known.items())
    if same or (request.source and request.source in spec.command.split()):
        warnings.append(f"{spec.name} was trained on these videos, it seems: the metrics will be too good")
    unknown = sorted(set(request.training_set.labels) - set(spec.labels) - {"background"})
    if unknown:
        warnings.append(f"{spec.name} has no label {', '.join(unknown)}: it cannot predict it")
    return tuple(warnings)


def _refuse_model_options(options: TrainOptions, folds: FoldCount) -> None:
    """Refuse options of training where a model file is measured.

    Raises:
        UsageError: there are some.
    """
    if folds != "auto":
        raise UsageError("--model", "is measured as it is, without folds", "leave --folds or --model out")
    if options != TrainOptions():
        raise UsageError("--model", "is measured as it is, not trained", "leave the options of training or --model out")
