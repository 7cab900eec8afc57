"""What `vidlabel features` does with the options it was given."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidlabel.batch.inputs import Inputs, collect_inputs
from vidlabel.batch.job import Task
from vidlabel.batch.output_paths import plan_outputs
from vidlabel.batch.plan import Outcome
from vidlabel.batch.summary import NOTHING_DONE, RunSummary
from vidlabel.cli.console import print_details, print_line, print_warning
from vidlabel.cli.render.batch import counts, left_out_words, report_inputs
from vidlabel.cli.render.progress import Progress, make_progress
from vidlabel.errors import InputError, UsageError, details_of
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import Device
from vidlabel.features.feature_file import FeatureFormat, read_origin, write_feature_file
from vidlabel.features.provenance import FeatureSettings, Provenance
from vidlabel.features.streams.registry import describe_streams
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.paths import exists, is_folder, stat_video
from vidlabel.process import keep_freed_memory
from vidlabel.stream_spec import View

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class AskedFeatures:
    """What the command line asks for, beside its inputs."""

    recipe: FeatureConfig
    streams: tuple[str, ...]
    view: View
    output: str
    format_name: FeatureFormat
    device: Device
    overwrite: bool
    quiet: bool
    debug: bool

    @property
    def settings(self) -> FeatureSettings:
        """What the files say about it."""
        recipe = self.recipe
        return FeatureSettings(
            rate=recipe.rate,
            streams=tuple(stream.without_weights() for stream in describe_streams(recipe, self.streams, self.view)),
            decoder=recipe.decoder,
        )


def with_encoder(name_or_model: str, config: FeatureConfig) -> FeatureConfig:
    """The same with another encoder: one by its name, or that of a model file with the weights that it brings.

    Raises:
        ModelFileError: it cannot be used as a model.
        UsageError: there is no such encoder, or the model takes features that cannot be computed here.
    """
    if Path(name_or_model).suffix != ".safetensors":
        return replace(config, encoder=name_or_model)
    from vidlabel.heads.model import load_model
    from vidlabel.prediction.video_inputs import feature_config, video_problem

    model = load_model(Path(name_or_model))
    problem = video_problem(model.spec)
    if problem is not None:
        raise UsageError("--encoder", problem, "name an encoder, or give another model")
    found = feature_config(model, config)
    return replace(config, encoder=found.encoder, tuned=found.tuned, scaling=found.scaling)


def run_features(arguments: Sequence[str], asked: AskedFeatures, *, recursive: bool) -> int:
    """Write the features of all videos that were asked for.

    Returns:
        The exit status.
    """
    inputs = collect_inputs(arguments, recursive=recursive, standard_input=sys.stdin.buffer)
    if not asked.output:
        raise UsageError("--output", "is empty", "give a folder")
    folder = Path(asked.output)
    if exists(folder) and not is_folder(folder):
        raise UsageError(asked.output, "is a file where a folder is needed", "give a folder with -o")
    report_inputs(arguments, inputs)
    if not inputs.videos:
        return NOTHING_DONE
    keep_freed_memory()
    tally = RunSummary(inputs.errors)
    try:
        _write_all(inputs, folder, asked, tally)
    except KeyboardInterrupt:
        print_line(f"interrupted: {counts(tally)} are kept; the same command continues from there")
        return INTERRUPTED
    if not asked.quiet and (len(inputs.videos) > 1 or inputs.left_out or inputs.errors):
        print_line(_closing_line(inputs, tally))
    return tally.exit_status()


def _write_all(inputs: Inputs, folder: Path, asked: AskedFeatures, tally: RunSummary) -> None:
    outputs = plan_outputs(inputs.videos, folder, f".{asked.format_name}")
    extractor = FeatureExtractor(asked.recipe, asked.streams, (asked.view,), device=asked.device)
    with make_progress(len(outputs), quiet=asked.quiet) as progress:
        for video, output in zip(inputs.videos, outputs, strict=True):
            outcome = _write_one(Task(video.shown, output), asked, extractor, progress)
            tally.add(outcome)
            progress.advance(outcome)
            if outcome.status == "failed":
                print_line(f"error: {outcome.reason}")
                if asked.debug:
                    print_details(outcome.details)


def _write_one(task: Task, asked: AskedFeatures, extractor: FeatureExtractor, progress: Progress) -> Outcome:
    path = Path(task.shown)
    try:
        status = stat_video(path)
        if not asked.overwrite and _is_done(task.output, extractor, asked.settings, status):
            return Outcome(task, "skipped", "done")
        found = extractor.features(path, progress, task.shown)
    except InputError as error:
        return Outcome(task, "failed", str(error), details=details_of(error))
    report = found.report
    for warning in report.warnings:
        print_warning(f"{task.shown}: {warning}")
    origin = Provenance(
        video=task.shown,
        size_bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
        duration_s=report.duration_s,
        settings=asked.settings,
        runtime=extractor.recipe.runtime,
        decoder=report.decoder,
        decode_errors=report.decode_errors,
        decoded_ratio=report.decoded_ratio,
    )
    values = found.joined(asked.streams, asked.view)
    write_feature_file(task.output, asked.format_name, found.times, values, origin)
    partial = report.decode_errors > 0 or report.decoded_ratio < 1
    return Outcome(task, "done", "", partial, report.duration_s, len(values), report.decode_errors)


def _is_done(output: Path, extractor: FeatureExtractor, settings: FeatureSettings, status: os.stat_result) -> bool:
    origin = read_origin(output)
    wanted = (settings, extractor.recipe.runtime, status.st_size, status.st_mtime_ns)
    return origin is not None and (origin.settings, origin.runtime, origin.size_bytes, origin.modified_ns) == wanted


def _closing_line(inputs: Inputs, tally: RunSummary) -> str:
    return "; ".join([counts(tally), *([left_out_words(inputs)] if inputs.left_out else [])])
