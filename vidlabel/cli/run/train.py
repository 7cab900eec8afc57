"""What `vidlabel train` does with the options it was given."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from vidlabel.cli.console import print_line, print_output, print_warning
from vidlabel.cli.render.epoch_progress import TrainProgress
from vidlabel.cli.render.training_report import check_lines, fitted_lines, uncalibrated_warning
from vidlabel.cli.run.labels import read_training_set
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.model import load_model
from vidlabel.process import keep_freed_memory
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.report import check_report
from vidlabel.training.features import DEFAULT_RATE, FeatureOptions, wanted_streams
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import TrainRequest, label_options_from, run_training

DONE = 0
NOT_DONE = 1
SOME_FAILED = 3
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class AskedTraining:
    """What the command line asks for."""

    labels: str | None
    from_folders: str | None
    label_options: LabelOptions
    options: TrainOptions
    output: str
    rate: float | None
    init: str | None
    resume: bool
    licence: str
    cache_dir: str | None
    device: Device
    runtime: Runtime
    quiet: bool

    @property
    def source(self) -> str:
        """The table or folder, as the user calls it."""
        return self.labels or self.from_folders or ""


def check_labels(asked: AskedTraining) -> int:
    """Show what there is to learn from.

    Returns:
        The exit status: 1 if nothing can be learnt from it, 3 if some of it cannot be used.
    """
    report = check_report(read_training_set("train", asked.labels, asked.from_folders, asked.label_options))
    for line in check_lines(report):
        print_output(line)
    for warning in report.warnings:
        print_warning(warning)
    for error in report.errors:
        print_line(f"error: {asked.source}: {error}")
    if report.errors:
        return NOT_DONE
    return SOME_FAILED if report.unusable else DONE


def run_train(asked: AskedTraining) -> int:
    """Train, and show what came out.

    Returns:
        The exit status.
    """
    keep_freed_memory()
    init = None if asked.init is None else load_model(Path(asked.init))
    label_options = label_options_from(init, asked.label_options)
    training_set = read_training_set("train", asked.labels, asked.from_folders, label_options)
    for warning in check_report(training_set).warnings:
        print_warning(warning)
    recipe = FeatureConfig(rate=asked.rate or DEFAULT_RATE, runtime=asked.runtime)
    cache = None if asked.cache_dir is None else Path(asked.cache_dir)
    request = TrainRequest(
        training_set=training_set,
        source=asked.source,
        output=Path(asked.output),
        options=asked.options,
        features=FeatureOptions(recipe=recipe, streams=wanted_streams(asked.options), cache=cache, device=asked.device),
        init=init,
        resume=asked.resume,
        licence=asked.licence,
        command=shlex.join(["vidlabel", *sys.argv[1:]]),
    )
    try:
        with TrainProgress(len(training_set.examples), quiet=asked.quiet) as progress:
            trained = run_training(request, progress)
    except KeyboardInterrupt:
        print_line("interrupted: what was done is kept; the same command with --resume goes on from there")
        return INTERRUPTED
    if not asked.quiet:
        for line in fitted_lines(trained):
            print_output(line)
    if trained.fitted.validation is None and asked.options.folds and not trained.fitted.interrupted:
        print_warning(uncalibrated_warning(trained))
    if trained.fitted.interrupted:
        print_line(f"interrupted: {asked.output} holds the best so far; the same command with --resume goes on")
        return INTERRUPTED
    return SOME_FAILED if training_set.unusable or progress.failed else DONE
