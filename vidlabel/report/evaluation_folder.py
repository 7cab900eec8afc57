"""The folder that `vidlabel evaluate -o` writes: the evaluation, its plots, and every prediction as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from os import PathLike
from pathlib import Path

import numpy as np

from vidlabel.errors import UsageError
from vidlabel.files import atomic_write
from vidlabel.labels.formats.csv import csv_line
from vidlabel.labels.metrics.evaluation import Evaluation, VideoGroundTruth
from vidlabel.labels.metrics.evaluation_json import evaluation_text
from vidlabel.labels.result import Segment
from vidlabel.paths import exists, is_folder

STATE_FOLDER = ".training"
"""Within it: what was trained so far, until the figures are there."""


def check_folder(folder: Path) -> None:
    """Refuse what could not be written, before hours of work.

    Raises:
        UsageError: there is a file of that name, or matplotlib is missing.
    """
    if exists(folder) and not is_folder(folder):
        raise UsageError(folder, "is a file where a folder is to be", "give a folder with --output")
    if find_spec("matplotlib") is None:
        raise UsageError("--output", "plots need matplotlib, which is missing", "pip install 'vidlabel[plot]'")


def write_evaluation(evaluation: Evaluation, folder: str | PathLike[str]) -> None:
    """Write `evaluation.json`, `predictions.csv` and plots into a folder, each file whole or not at all.

    Args:
        evaluation: what to write.
        folder: made if it is missing; files of the same names are replaced.

    Raises:
        UsageError: there is a file of that name, or matplotlib is missing.
        OutputError: it cannot be written.

    Example:
        >>> evaluation = vidlabel.evaluate("labels.csv", folds=2, inner_folds=0, head="mean", epochs=2)
        >>> vidlabel.write_evaluation(evaluation, "figures")
    """
    folder = Path(folder)
    check_folder(folder)
    from vidlabel.report.evaluation_plots import plots
    from vidlabel.report.plotting import save_plot

    with atomic_write(folder / "evaluation.json") as file:
        file.write(evaluation_text(evaluation).encode("utf-8", errors="surrogatepass"))
    with atomic_write(folder / "predictions.csv") as file:
        for line in prediction_lines(evaluation):
            file.write(line.encode("utf-8", errors="backslashreplace"))
    for name, draw in plots(evaluation):
        save_plot(folder / name, draw)


COLUMNS = ("video", "group", "fold", "start", "end", "truth", "predicted", "score")
SEPARATOR = "|"
"""Between labels that hold at once."""


def prediction_lines(evaluation: Evaluation) -> Iterator[str]:
    """The table, line by line: one for each clip; of videos with times, one for each segment.

    A predicted segment stands beside the true one that it shares most time with; a true one that shares time with no
    predicted one of its label stands alone. Several labels of one clip are parted by `|`.
    """
    yield csv_line(COLUMNS)
    for place, video in enumerate(evaluation.tested.videos):
        rows = [_clip(evaluation, place)] if evaluation.data.unit == "clip" else _segments(evaluation, place)
        for row in rows:
            yield csv_line((video.video, video.group, str(video.fold), *row))


def _clip(evaluation: Evaluation, place: int) -> tuple[str, ...]:
    tested, predictions = evaluation.tested, evaluation.predictions
    scores = predictions.scores[place]
    predicted = np.flatnonzero(predictions.decided[place])
    score = scores[predicted].min() if len(predicted) else scores.max()
    names = [
        SEPARATOR.join(tested.labels[n] for n in rows) for rows in (np.flatnonzero(tested.targets[place]), predicted)
    ]
    return "", "", *names, f"{score:.4f}"


def _segments(evaluation: Evaluation, place: int) -> Iterator[tuple[str, ...]]:
    video, predicted = evaluation.tested.videos[place], evaluation.predictions.segments[place]
    rows = [(segment, _nearest(segment, video), segment.label, f"{segment.score:.4f}") for segment in predicted]
    rows += [(segment, segment.label, "", "") for segment in video.truth if not _found(segment, predicted)]
    for segment, *rest in sorted(rows, key=lambda row: (row[0].start, row[0].end, row[1], row[2])):
        yield f"{segment.start:.3f}", f"{segment.end:.3f}", *rest


def _nearest(segment: Segment, video: VideoGroundTruth) -> str:
    best = max(video.truth, key=lambda true: _common_s(true, segment), default=None)
    return best.label if best is not None and _common_s(best, segment) > 0 else ""


def _found(true: Segment, predicted: Sequence[Segment]) -> bool:
    return any(segment.label == true.label and _common_s(segment, true) > 0 for segment in predicted)


def _common_s(first: Segment, second: Segment) -> float:
    return min(first.end, second.end) - max(first.start, second.start)
