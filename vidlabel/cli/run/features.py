"""Runs `vidlabel features`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from vidlabel.batch.engines.base import Event
from vidlabel.batch.inputs import collect_inputs, refuse_shared_subtitles
from vidlabel.batch.jobs.extract import extract_job
from vidlabel.batch.plan import WorkOptions
from vidlabel.batch.run import folder_tasks, run_folder
from vidlabel.batch.summary import check_summary
from vidlabel.cli.render.batch import report_inputs
from vidlabel.cli.render.progress import Progress
from vidlabel.cli.run.batch import choose_engine, run_batch
from vidlabel.errors import UsageError
from vidlabel.features.config import ExtractOptions
from vidlabel.paths import exists, is_folder
from vidlabel.profiling import Stopwatch


def run_features(
    arguments: Sequence[str],
    options: ExtractOptions,
    *,
    output: str,
    format_name: str,
    workers: int | None,
    recursive: bool,
    overwrite: bool,
    retry_failed: bool,
    summary: str | None,
    quiet: bool,
    debug: bool,
) -> int:
    """Write the features of all inputs into a folder.

    Returns:
        The exit status.
    """
    inputs = collect_inputs(arguments, recursive=recursive, standard_input=sys.stdin.buffer)
    refuse_shared_subtitles(inputs, options.subtitles)
    _check_folder(output)
    if summary is not None:
        check_summary(Path(summary))
    report_inputs(arguments, inputs)
    engine = choose_engine(workers, inputs)

    def begin(progress: Progress, stopwatch: Stopwatch) -> Iterator[Event]:
        """Find the encoder, which may be that of a model file, and extract."""
        work = WorkOptions(Path(output), extract_job(options), overwrite=overwrite, retry_failed=retry_failed)
        yield from run_folder(folder_tasks(inputs.videos, f".{format_name}", work), work, engine)

    return run_batch(inputs, begin, summary=summary, quiet=quiet, debug=debug)


def _check_folder(output: str) -> None:
    if not output:
        raise UsageError("--output", "is empty", "give a folder")
    if exists(output) and not is_folder(output):
        raise UsageError(output, "is a file where a folder is needed", "give a folder with -o")
