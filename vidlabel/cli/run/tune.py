"""Runs `vidlabel tune`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from vidlabel.cli.console import print_line, print_warning
from vidlabel.cli.render.trials_table import print_tuning
from vidlabel.cli.render.tuning_progress import TuningProgress
from vidlabel.errors import DONE, INTERRUPTED, SOME_FAILED
from vidlabel.evaluation.tune import TuneRequest, run_tuning
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.process import keep_freed_memory
from vidlabel.report.trials import check_plotting, write_trials
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.dataset.report import check_report
from vidlabel.training.features import feature_options
from vidlabel.training.options import TrainOptions


def run_tune(
    labels: str | None,
    from_folders: str | None,
    label_options: LabelOptions,
    *,
    output: str,
    minutes: float,
    trials: int | None,
    nested: bool,
    folds: int | None,
    inner_folds: int,
    streams: str | None,
    rate: float | None,
    seed: int,
    licence: str,
    audio_stream: int | None,
    speech: str | None,
    cache_dir: str | None,
    device: Device,
    runtime: Runtime,
    quiet: bool,
) -> int:
    """Search, train, show and write.

    Returns:
        The exit status.
    """
    check_plotting()
    keep_freed_memory()
    chosen = None if streams is None else tuple(name.strip() for name in streams.split(","))
    training_set = read_training_set("tune", labels, from_folders, label_options)
    for warning in check_report(training_set).warnings:
        print_warning(warning)
    request = TuneRequest(
        training_set=training_set,
        source=labels or from_folders or "",
        output=Path(output),
        minutes=minutes,
        trials=trials,
        nested=nested,
        folds="auto" if folds is None else folds,
        inner_folds=inner_folds,
        seed=seed,
        features=feature_options(
            TrainOptions(streams=chosen),
            rate,
            cache_dir,
            device=device,
            runtime=runtime,
            audio_stream=audio_stream,
            speech=speech,
        ),
        licence=licence,
        command=shlex.join(["vidlabel", *sys.argv[1:]]),
    )
    try:
        with TuningProgress(len(training_set.examples), quiet=quiet) as progress:
            result = run_tuning(request, progress)
    except KeyboardInterrupt:
        print_line("interrupted: trials that have ended are kept; the same command continues")
        return INTERRUPTED
    write_trials(result, output)
    if not quiet:
        print_tuning(result)
    return SOME_FAILED if training_set.unusable or progress.failed else DONE
