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
from vidlabel.evaluation.tune_options import TuneOptions
from vidlabel.process import keep_freed_memory
from vidlabel.report.trials import check_plotting, write_trials
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.dataset.report import check_report


def run_tune(
    labels: str | None,
    from_folders: str | None,
    label_options: LabelOptions,
    options: TuneOptions,
    *,
    output: str,
    quiet: bool,
) -> int:
    """Search, train, show and write.

    Returns:
        The exit status.
    """
    check_plotting()
    keep_freed_memory()
    training_set = read_training_set("tune", labels, from_folders, label_options)
    for warning in check_report(training_set).warnings:
        print_warning(warning)
    request = TuneRequest(
        training_set=training_set,
        source=labels or from_folders or "",
        output=Path(output),
        options=options,
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
