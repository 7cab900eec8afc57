"""The folder that `vidlabel evaluate -o` writes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.files import atomic_write
from vidlabel.labels.metrics.evaluation import Evaluation
from vidlabel.labels.metrics.evaluation_json import evaluation_text
from vidlabel.paths import exists, is_folder
from vidlabel.report.predictions import prediction_lines

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


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write `evaluation.json`, `predictions.csv` and the plots, each whole or not at all.

    Args:
        evaluation: what to write.
        folder: made if it is missing; files of the same names are replaced.

    Raises:
        OutputError: it cannot be written.
    """
    from vidlabel.report.evaluation_plots import plots
    from vidlabel.report.plotting import save_plot

    with atomic_write(folder / "evaluation.json") as file:
        file.write(evaluation_text(evaluation).encode("utf-8", errors="surrogatepass"))
    with atomic_write(folder / "predictions.csv") as file:
        for line in prediction_lines(evaluation):
            file.write(line.encode("utf-8", errors="backslashreplace"))
    for name, draw in plots(evaluation):
        save_plot(folder / name, draw)
