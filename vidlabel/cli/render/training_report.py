"""Lines of `vidlabel train`: the labels before training, the metrics after it."""

from __future__ import annotations

from vidlabel.heads.spec import ModelSpec
from vidlabel.training.dataset.report import CheckReport
from vidlabel.training.fitting.calibration import Validation
from vidlabel.training.fitting.ensemble import UNDECIDED
from vidlabel.training.train import Trained


def check_lines(report: CheckReport) -> list[str]:
    """The labels of a training set, as a table."""
    width = max([len("label"), *(len(count.label) for count in report.labels)])
    lines = [
        f"{report.clips} clips in {report.groups} groups, {report.seconds:.1f} s; task {report.task}",
        f"{'label':<{width}}  clips  groups  rows  seconds  share",
    ]
    lines += [
        f"{count.label:<{width}}  {count.clips:5d}  {count.groups:6d}  {count.rows:4d}  {count.seconds:7.1f}"
        f"  {count.share:5.1%}"
        for count in report.labels
    ]
    if report.unlabelled is not None:
        lines.append(f"{report.unlabelled_s:.1f} s without a row: {report.unlabelled}")
    lines += [f"the same content in several groups: {', '.join(leak.videos)}" for leak in report.leaks]
    return lines


def fitted_lines(trained: Trained) -> list[str]:
    """The model, and its metrics beside the baselines."""
    spec, validation = trained.model.spec, trained.fitted.validation
    lines = [
        f"{trained.model.path}: {_label_count(spec)}, {spec.head_name}, streams {', '.join(spec.stream_names)}",
    ]
    if spec.training.get("mirrored"):
        lines[0] += ", trained on mirrored pictures too"
    if validation is None:
        chosen = "" if spec.pooled else "; minimum durations were chosen on the training videos"
        return [*lines, f"no metrics: no group was held out{chosen}"]
    unit = "clips" if spec.pooled else "samples"
    count, alone = int(validation.mask.sum()), validation.stream_accuracies
    return [
        *lines,
        f"accuracy on {count} held-out {unit}, {_split(validation)}:",
        f"  {spec.head_name:<12}{validation.accuracy:6.1%}",
        f"  {'mean':<12}{validation.baseline_accuracy:6.1%}   (ignores order in time)",
        f"  {'majority':<12}{validation.majority_accuracy:6.1%}   (always the most frequent label)",
        *(f"  {name:<12}{share:6.1%}   (heads of this stream alone)" for name, share in alone.items()),
        f"  calibration error {validation.calibration_error:.3f}",
    ]


def uncalibrated_warning(trained: Trained) -> str:
    """Warning about the scores of a model for which no group could be held out."""
    spec = trained.model.spec
    thresholds = "" if spec.task == "single" else f"; every threshold is {UNDECIDED:g}"
    return (
        f"there are too few groups to hold one out: scores are not calibrated{thresholds}; "
        "add clips of other groups, or do not trust the scores"
    )


def _label_count(spec: ModelSpec) -> str:
    count = len(spec.shown_labels)
    background = "" if spec.background is None else " and background"
    return f"1 label{background}" if count == 1 else f"{count} labels{background}"


def _split(validation: Validation) -> str:
    return "in one split by group" if validation.folds == 1 else f"in {validation.folds} folds by group"
