"""Reads the labels of `train` and `evaluate`: a table, or folders of clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vidlabel.batch.folder_search import describe_left_out, is_video_name, walk_files
from vidlabel.errors import InputError, UsageError
from vidlabel.features.feature_file import is_feature_name
from vidlabel.paths import is_folder
from vidlabel.training.dataset.examples import LabelOptions, TrainingSet, UnusableVideo
from vidlabel.training.dataset.reading import examples_from_folders, read_examples


def read_training_set(command: str, labels: str | None, from_folders: str | None, options: LabelOptions) -> TrainingSet:
    """Read a training set.

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
