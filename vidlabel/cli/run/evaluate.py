"""What `vidlabel evaluate` does with the options it was given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidlabel.cli.console import print_bytes, print_line, print_warning
from vidlabel.cli.render.evaluation_progress import EvaluationProgress
from vidlabel.cli.render.evaluation_table import print_evaluation
from vidlabel.cli.run.labels import read_training_set
from vidlabel.errors import UsageError
from vidlabel.evaluation.evaluate import run_evaluation
from vidlabel.evaluation.request import (
    EvaluationRequest,
    fold_count,
    label_options_for,
    request_warnings,
)
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.model import load_model
from vidlabel.labels.metrics.evaluation_json import evaluation_text
from vidlabel.process import keep_freed_memory
from vidlabel.report.evaluation_folder import STATE_FOLDER, check_folder, write_evaluation
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.features import DEFAULT_RATE, FeatureOptions, wanted_streams
from vidlabel.training.options import TrainOptions

DONE = 0
SOME_FAILED = 3
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedEvaluation:
    """What the command line asks for."""

    labels: str | None
    from_folders: str | None
    label_options: LabelOptions
    options: TrainOptions
    model: str | None
    folds: int | None
    leave_one_group_out: bool
    output: str | None
    as_json: bool
    tolerance: float
    rate: float | None
    cache_dir: str | None
    device: Device
    runtime: Runtime
    quiet: bool


def run_evaluate(asked: AskedEvaluation) -> int:
    """Measure, show and write.

    Returns:
        The exit status.
    """
    if asked.output == "":
        raise UsageError("--output", "is empty", "give a folder")
    if asked.output is not None:
        check_folder(Path(asked.output))
    if asked.model is not None and asked.rate is not None:
        raise UsageError("--rate", "is the model's own where one is measured", "leave it out")
    keep_freed_memory()
    request = _request(asked)
    for warning in request_warnings(request):
        print_warning(warning)
    examples = request.training_set.examples
    try:
        with EvaluationProgress(len(examples), quiet=asked.quiet) as progress:
            evaluation = run_evaluation(request, progress)
    except KeyboardInterrupt:
        kept = "what was done is kept; the same command goes on" if request.state else "with -o it could go on"
        print_line(f"interrupted: {kept}")
        return INTERRUPTED
    if asked.output is not None:
        write_evaluation(evaluation, Path(asked.output))
    if asked.as_json:
        print_bytes(evaluation_text(evaluation).encode("utf-8", errors="backslashreplace"))
    elif not asked.quiet or asked.output is None:
        print_evaluation(evaluation)
    return SOME_FAILED if request.training_set.unusable or progress.failed else DONE


def _request(asked: AskedEvaluation) -> EvaluationRequest:
    folds = fold_count(asked.folds, leave_one_group_out=asked.leave_one_group_out)
    model = None if asked.model is None else load_model(asked.model)
    cache = None if asked.cache_dir is None else Path(asked.cache_dir)
    label_options = label_options_for(model, asked.label_options)
    return EvaluationRequest(
        training_set=read_training_set("evaluate", asked.labels, asked.from_folders, label_options),
        source=asked.labels or asked.from_folders or "",
        model=model,
        folds=folds,
        options=asked.options,
        features=FeatureOptions(
            recipe=FeatureConfig(rate=asked.rate or DEFAULT_RATE, runtime=asked.runtime),
            streams=wanted_streams(asked.options),
            cache=cache,
            device=asked.device,
        ),
        tolerance_s=asked.tolerance,
        state=None if asked.output is None or model is not None else Path(asked.output) / STATE_FOLDER,
    )
