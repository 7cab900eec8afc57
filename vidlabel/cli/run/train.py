"""Runs `vidlabel train`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from vidlabel.cli.console import print_line, print_output, print_warning
from vidlabel.cli.render.training_progress import TrainProgress
from vidlabel.cli.render.training_report import check_lines, fitted_lines, uncalibrated_warning
from vidlabel.errors import DONE, INTERRUPTED, NOTHING_DONE, SOME_FAILED
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.model import load_model
from vidlabel.process import keep_freed_memory
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.dataset.report import check_report
from vidlabel.training.feature_options import feature_options
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import Trained, TrainRequest, label_options_from, run_training


def check_labels(labels: str | None, from_folders: str | None, options: LabelOptions) -> int:
    """Show what the labels and their videos hold.

    Returns:
        The exit status: 1 if nothing can be learnt from them, 3 if some videos cannot be used.
    """
    report = check_report(read_training_set("train", labels, from_folders, options))
    for line in check_lines(report):
        print_output(line)
    for warning in report.warnings:
        print_warning(warning)
    for error in report.errors:
        print_line(f"error: {labels or from_folders}: {error}")
    if report.errors:
        return NOTHING_DONE
    return SOME_FAILED if report.unusable else DONE


def run_train(
    labels: str | None,
    from_folders: str | None,
    label_options: LabelOptions,
    options: TrainOptions,
    *,
    output: str,
    rate: float | None,
    encoder: str | None,
    init: str | None,
    resume: bool,
    licence: str,
    audio_stream: int | None,
    speech: str | None,
    cache_dir: str | None,
    device: Device,
    runtime: Runtime,
    quiet: bool,
) -> int:
    """Train, and show the model and its metrics.

    Returns:
        The exit status.
    """
    keep_freed_memory()
    start = None if init is None else load_model(Path(init))
    training_set = read_training_set("train", labels, from_folders, label_options_from(start, label_options))
    for warning in check_report(training_set).warnings:
        print_warning(warning)
    request = TrainRequest(
        training_set=training_set,
        source=labels or from_folders or "",
        output=Path(output),
        options=options,
        features=feature_options(
            options,
            rate,
            cache_dir,
            encoder=encoder,
            model=start,
            device=device,
            runtime=runtime,
            audio_stream=audio_stream,
            speech=speech,
        ),
        init=start,
        resume=resume,
        licence=licence,
        command=shlex.join(["vidlabel", *sys.argv[1:]]),
    )
    try:
        with TrainProgress(len(training_set.examples), quiet=quiet) as progress:
            trained = run_training(request, progress)
    except KeyboardInterrupt:
        print_line("interrupted: finished work is kept; the same command with --resume continues from there")
        return INTERRUPTED
    _show(trained, request, quiet=quiet)
    if trained.fitted.interrupted:
        return INTERRUPTED
    return SOME_FAILED if training_set.unusable or progress.failed else DONE


def _show(trained: Trained, request: TrainRequest, *, quiet: bool) -> None:
    if not quiet:
        for line in fitted_lines(trained):
            print_output(line)
    fitted = trained.fitted
    if fitted.validation is None and request.options.folds and not fitted.interrupted:
        print_warning(uncalibrated_warning(trained))
    if fitted.interrupted:
        print_line(
            f"interrupted: {request.output} holds the best model so far; the same command with --resume continues"
        )
