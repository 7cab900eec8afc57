"""From a table of labels, or folders of clips, to examples that can be learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from vidlabel.errors import AnnotationError, InputError, UsageError
from vidlabel.features.feature_file import is_feature_name
from vidlabel.labels.annotations import Annotation, LabelTableError, composed
from vidlabel.labels.formats.delimited import LineProblem, shown
from vidlabel.labels.formats.registry import read_label_table
from vidlabel.paths import is_folder
from vidlabel.training.dataset.examples import (
    BACKGROUND,
    NOTHING_SAID,
    Example,
    LabelOptions,
    TrainingSet,
    UnusableVideo,
)
from vidlabel.training.dataset.grouping import GroupTable, read_group_table
from vidlabel.training.dataset.label_scheme import infer_label_scheme
from vidlabel.training.dataset.row_checks import Overlap, label_overlaps, label_problem
from vidlabel.training.dataset.sources import resolve
from vidlabel.training.dataset.videos import (
    ProbeProgress,
    as_example,
    common_kind,
    file_warnings,
    late_end_warnings,
    probe_videos,
    resampling_warnings,
)
from vidlabel.video.folder_search import describe_left_out, is_video_name, walk_files


def read_training_set(
    command: str,
    labels: str | PathLike[str] | None,
    from_folders: str | PathLike[str] | None,
    options: LabelOptions,
) -> TrainingSet:
    """Read the labels of `train` or `evaluate`: a table, or folders of clips.

    Args:
        command: name for error messages.
        labels: a table.
        from_folders: a folder with one folder for each label.
        options: how to read the labels.

    Raises:
        UsageError: both or none are given, or the folder is not one.
        InputError: they cannot be used.
    """
    if labels is not None and from_folders is None:
        return read_examples(Path(labels), options)
    if labels is not None or from_folders is None:
        raise UsageError(command, "needs a table of labels, or --from-folders", "give one of them")
    folder = Path(from_folders)
    if not is_folder(folder):
        raise UsageError(
            "--from-folders", f"{from_folders} is not a folder", "give a folder with one subfolder of clips per label"
        )
    return _read_folders(folder, options)


def _read_folders(folder: Path, options: LabelOptions) -> TrainingSet:
    errors: list[InputError] = []
    files: list[Path] = []
    others: list[Path] = []
    for path in walk_files(folder, recursive=True, errors=errors):
        (files if is_video_name(folder / path) or is_feature_name(path) else others).append(path)
    if errors and not files:
        raise errors[0]
    found = examples_from_folders(folder, files, options)
    unlisted = [UnusableVideo(error.subject, str(error)) for error in errors]
    left_out = [f"not called like videos, and left out: {describe_left_out([*map(str, others)])}"] if others else []
    return replace(found, unusable=(*found.unusable, *unlisted), warnings=(*found.warnings, *left_out))


def read_examples(
    table: Path, options: LabelOptions = NOTHING_SAID, on_progress: ProbeProgress | None = None
) -> TrainingSet:
    """Read a table of labels and look into all of its videos.

    Args:
        table: a CSV file with the columns `video,start,end,label`, or what `predict` writes; paths are relative to it.
            In place of videos it may name files of features.
        options: how to read it.
        on_progress: called with the number of videos probed and the number of all.

    Returns:
        The examples. Files that are there and cannot be read are left out, and named in `unusable`.

    Raises:
        LabelTableError: lines of a table are wrong; all of them are named at once.
        AnnotationError: a table cannot be read or holds no labels, or no file of it can be used.
        UsageError: the task that was asked for does not fit the labels.
    """
    read = read_label_table(table)
    groups = read_group_table(options.groups, table.parent) if options.groups is not None else None
    training_set = build_training_set(read.rows, table.parent, str(table), groups, options, on_progress)
    return replace(training_set, warnings=(*read.warnings, *training_set.warnings))


def examples_from_folders(
    folder: Path, files: Sequence[Path], options: LabelOptions = NOTHING_SAID, on_progress: ProbeProgress | None = None
) -> TrainingSet:
    """Take the names of folders for the labels of the clips in them.

    Args:
        folder: holds one folder for each label.
        files: the clips, as paths relative to `folder`.
        options: how to read them.
        on_progress: called with the number of videos probed and the number of all.

    Raises:
        AnnotationError: clips lie beside the folders, in two of them, or nowhere; else as `read_examples`.
        LabelTableError, UsageError: as `read_examples`.
    """
    if not files:
        raise AnnotationError(folder, "holds no clips", "put them into one folder for each label")
    outside = [path for path in files if len(path.parts) < 2]
    if outside:
        problem = f"{len(outside)} clips lie in no folder of a label, such as {shown(str(outside[0]))}"
        raise AnnotationError(folder, problem, "put each into the folder of its label")
    groups = read_group_table(options.groups, folder) if options.groups is not None else None
    _check_folder_names(folder, {path.parts[0] for path in files})
    rows = [Annotation(str(path), None, None, composed(path.parts[0])) for path in files]
    _check_each_once(folder, rows)
    return build_training_set(rows, folder, str(folder), groups, options, on_progress)


def build_training_set(
    rows: Sequence[Annotation],
    folder: Path,
    name: str,
    groups: GroupTable | None,
    options: LabelOptions,
    on_progress: ProbeProgress | None = None,
) -> TrainingSet:
    """Look into the videos of labels and put all together.

    Args:
        rows: the labels.
        folder: that paths are relative to.
        name: of the table, for messages.
        groups: which group each video belongs to; None: as the rows say.
        options: how to read them; the table of groups is not read here.
        on_progress: called with the number of videos probed and the number of all.

    Raises:
        LabelTableError, AnnotationError, UsageError: as `read_examples`.
    """
    if not rows:
        raise AnnotationError(name, "holds no labels", "add rows of video,start,end,label")
    found = probe_videos(rows, folder, groups, options.rate, on_progress)
    overlaps = [overlap for video in found.videos for overlap in label_overlaps(video.rows)]
    problems = [*found.problems, *_contradictions(overlaps, options)]
    if problems:
        raise LabelTableError(name, problems)
    if not found.videos:
        first = found.unusable[0].reason
        raise AnnotationError(name, f"none of its {len(found.unusable)} files can be used: {first}", "check the files")
    features = common_kind(name, found.videos)
    examples = [as_example(video) for video in found.videos]
    scheme = infer_label_scheme(
        examples, options.wanted_task, options.unlabelled, overlap=bool(overlaps), positive=options.positive
    )
    return TrainingSet(
        examples=scheme.examples,
        labels=scheme.labels,
        task=scheme.task,
        background=scheme.background,
        unlabelled=scheme.unlabelled,
        features=features,
        unusable=found.unusable,
        lost_labels=_lost_labels(rows, examples),
        warnings=(
            *file_warnings(found.videos),
            *resampling_warnings(found.videos),
            *late_end_warnings(found.videos),
            *_overlap_warnings(overlaps, options),
            *scheme.warnings,
        ),
    )


def _lost_labels(rows: Sequence[Annotation], examples: Sequence[Example]) -> tuple[str, ...]:
    """Labels that stand in the table, and in no example, since none of their videos can be read."""
    named = {row.label for row in rows if row.label.casefold() != BACKGROUND}
    return tuple(sorted(named.difference(*(example.labels for example in examples))))


def _check_folder_names(folder: Path, names: Iterable[str]) -> None:
    for name in sorted(names):
        problem = label_problem(name.strip()) if name.strip() else f"folder {shown(name)} has no name"
        if problem is not None:
            raise AnnotationError(folder, problem, "rename the folder")


def _check_each_once(folder: Path, rows: Sequence[Annotation]) -> None:
    seen: dict[Path, Annotation] = {}
    for row in rows:
        first = seen.setdefault(resolve(folder, row.video), row)
        if first is not row:
            problem = f"{shown(first.video)} and {shown(row.video)} are one file"
            raise AnnotationError(folder, problem, "leave one of them out")


def _contradictions(overlaps: Sequence[Overlap], options: LabelOptions) -> list[LineProblem]:
    """Invalid overlaps: with background, or where one label at a time was asked for."""
    problems = []
    for overlap in overlaps:
        first, second = overlap.first, overlap.second
        if BACKGROUND in (first.label, second.label):
            reason = f"and {BACKGROUND} says that no label holds"
        elif options.wanted_task in ("single", "binary"):
            reason = f"and --task {options.wanted_task} has one label at a time"
        else:
            continue
        there = f"{shown(first.label)} of line {first.line}"
        problems.append(LineProblem(second.line, f"{shown(second.label)} overlaps {there}, {reason}"))
    return problems


def _overlap_warnings(overlaps: Sequence[Overlap], options: LabelOptions) -> list[str]:
    if not overlaps or options.wanted_task is not None:
        return []
    first, second = overlaps[0].first, overlaps[0].second
    where = f"{shown(first.label)} of line {first.line} and {shown(second.label)} of line {second.line}"
    return [f"labels overlap, such as {where}: each is predicted on its own (--task multi)"]
