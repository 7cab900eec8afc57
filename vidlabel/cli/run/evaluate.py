"""Runs `vidlabel evaluate`."""

from __future__ import annotations

from pathlib import Path

from vidlabel.cli.console import print_bytes, print_line, print_warning
from vidlabel.cli.render.evaluation_table import print_evaluation
from vidlabel.cli.render.training_progress import EvaluationProgress
from vidlabel.errors import DONE, INTERRUPTED, SOME_FAILED, UsageError
from vidlabel.evaluation.evaluate import run_evaluation
from vidlabel.evaluation.request import EvaluationRequest, fold_count, label_options_for, request_warnings
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.model import load_model
from vidlabel.labels.metrics.evaluation import Evaluation
from vidlabel.labels.metrics.evaluation_json import evaluation_text
from vidlabel.process import keep_freed_memory
from vidlabel.report.evaluation_folder import STATE_FOLDER, check_folder, write_evaluation
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.feature_options import feature_options
from vidlabel.training.options import TrainOptions


def run_evaluate(
    labels: str | None,
    from_folders: str | None,
    label_options: LabelOptions,
    options: TrainOptions,
    *,
    model: str | None,
    folds: int | None,
    leave_one_group_out: bool,
    output: str | None,
    as_json: bool,
    tolerance: float,
    rate: float | None,
    encoder: str | None,
    audio_stream: int | None,
    speech: str | None,
    cache_dir: str | None,
    device: Device,
    runtime: Runtime,
    quiet: bool,
) -> int:
    """Measure, show and write.

    Returns:
        The exit status.
    """
    _check_output(output)
    keep_freed_memory()
    fold_number = fold_count(folds, leave_one_group_out=leave_one_group_out)
    loaded = None if model is None else load_model(model)
    request = EvaluationRequest(
        training_set=read_training_set("evaluate", labels, from_folders, label_options_for(loaded, label_options)),
        source=labels or from_folders or "",
        model=loaded,
        folds=fold_number,
        options=options,
        features=feature_options(
            options,
            rate,
            cache_dir,
            encoder=encoder,
            model=loaded,
            device=device,
            runtime=runtime,
            audio_stream=audio_stream,
            speech=speech,
        ),
        tolerance_s=tolerance,
        state=None if output is None or loaded is not None else Path(output) / STATE_FOLDER,
    )
    for warning in request_warnings(request):
        print_warning(warning)
    try:
        with EvaluationProgress(len(request.training_set.examples), quiet=quiet) as progress:
            evaluation = run_evaluation(request, progress)
    except KeyboardInterrupt:
        kept = "finished work is kept; the same command continues" if request.state else "with -o it could continue"
        print_line(f"interrupted: {kept}")
        return INTERRUPTED
    _show(evaluation, output, as_json=as_json, quiet=quiet)
    return SOME_FAILED if request.training_set.unusable or progress.failed else DONE


def _check_output(output: str | None) -> None:
    if output == "":
        raise UsageError("--output", "is empty", "give a folder")
    if output is not None:
        check_folder(Path(output))


def _show(evaluation: Evaluation, output: str | None, *, as_json: bool, quiet: bool) -> None:
    """Write the files of an evaluation, and print it."""
    if output is not None:
        write_evaluation(evaluation, Path(output))
    if as_json:
        print_bytes(evaluation_text(evaluation).encode("utf-8", errors="backslashreplace"))
    elif not quiet or output is None:
        print_evaluation(evaluation)
