"""The files of a search: all trials as a table, and a plot of quality against cost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import InstallationError
from vidlabel.files import atomic_write
from vidlabel.labels.formats.csv import csv_line
from vidlabel.labels.metrics.evaluation import METRIC_NAMES
from vidlabel.training.search.selection import scored_trials, sufficient_value
from vidlabel.training.search.trial_record import ScoredTrial, TrialRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vidlabel.evaluation.tune import TuneResult

SETTINGS = (
    "head",
    "activation",
    "bidirectional",
    "hidden",
    "layers",
    "members",
    "streams",
    "rate",
    "encoder",
    "dropout",
    "learning_rate",
    "epochs",
    "batch_size",
)
COLUMNS = (
    "trial",
    "state",
    "chosen",
    *SETTINGS,
    "metric",
    "quality",
    "standard_error",
    "fold_values",
    "parameters",
    "cpu_per_second",
    "seconds",
)
SEPARATOR = "|"
"""Between streams, and between the values after one fold, two folds and so on."""


def check_plotting() -> None:
    """Refuse to begin what could not be plotted, before a search of minutes.

    Raises:
        InstallationError: matplotlib is missing.
    """
    if find_spec("matplotlib") is None:
        raise InstallationError("matplotlib", "is missing, which plots need", "run: pip install 'vidlabel[tune]'")


def write_trials(result: TuneResult, model: str | PathLike[str]) -> None:
    """Write the trials of a search beside its model, each file whole or not at all.

    For `best.safetensors` these are `best.trials.csv`, `best.trials.png` and `best.trials.svg`.

    Args:
        result: of the search.
        model: the file of the model.

    Raises:
        InstallationError: matplotlib is missing.
        OutputError: a file cannot be written.

    Example:
        >>> result = vidlabel.tune("labels.csv", "small.safetensors", trials=1, inner_folds=2)
        >>> vidlabel.write_trials(result, "small.safetensors")
    """
    check_plotting()
    from vidlabel.report.plotting import save_plot

    path = Path(model)
    with atomic_write(path.with_name(f"{path.stem}.trials.csv")) as file:
        for line in trial_lines(result):
            file.write(line.encode("utf-8", errors="backslashreplace"))
    save_plot(path.with_name(f"{path.stem}.trials"), partial(_draw, result))


def trial_lines(result: TuneResult) -> Iterator[str]:
    """The table, line by line: one for each trial, whether it is complete or not."""
    yield csv_line(COLUMNS)
    for record in result.trials:
        yield csv_line(_cells(record, result))


def _cells(record: TrialRecord, result: TuneResult) -> list[str]:
    settings, quality, cost = record.settings, record.quality, record.cost
    streams = SEPARATOR.join(settings.streams) if settings.streams else ""
    values = [streams if name == "streams" else getattr(settings, name) for name in SETTINGS]
    return [
        str(record.number),
        record.state,
        "yes" if record.number == result.chosen.number else "",
        *("" if value is None else str(value) for value in values),
        result.metric,
        *(("", "") if quality is None else (f"{quality.value:.4f}", f"{quality.standard_error:.4f}")),
        SEPARATOR.join(f"{value:.4f}" for value in record.fold_values),
        *(("", "") if cost is None else (str(cost.parameters), f"{cost.cpu:.5f}")),
        f"{record.seconds:.1f}",
    ]


def _draw(result: TuneResult, figure: Figure) -> None:
    """Quality against parameters, and against CPU, with one standard error up and down."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    from vidlabel.report.plotting import light_grid

    figure.set_size_inches(9.0, 4.0)
    panels = figure.subplots(1, 2, sharey=True)
    trials = scored_trials(result.trials)
    costs = [[float(trial.cost.parameters) for trial in trials], [trial.cost.cpu for trial in trials]]
    titles = ("parameters", "CPU seconds per second of video")
    for axes, values, title in zip(panels, costs, titles, strict=True):
        light_grid(axes)
        _draw_panel(axes, trials, values, result)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))  # powers need mathematics
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(title)
    panels[0].set_ylabel(f"{METRIC_NAMES[result.metric]} (%)")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    figure.suptitle(f"{len(trials)} trials, and one standard error over groups", x=0.01, ha="left", fontsize=11)


def _draw_panel(axes: Axes, trials: list[ScoredTrial], costs: list[float], result: TuneResult) -> None:
    from vidlabel.report.plotting import BLUE, GREY, VERMILION

    axes.axhline(100 * sufficient_value(trials), color=GREY, linestyle=":", linewidth=1.2)
    marked = {result.chosen.number: (VERMILION, "D", "chosen"), 0: (BLUE, "s", "defaults of train")}
    if result.chosen.number == 0:
        marked = {0: (VERMILION, "D", "chosen: the defaults of train")}
    named = False
    for trial, cost in zip(trials, costs, strict=True):
        colour, shape, name = marked.get(trial.number, (GREY, "o", "" if named else "other trials"))
        named = named or name == "other trials"
        axes.errorbar(
            max(cost, 1e-9),
            100 * trial.quality.value,
            yerr=100 * trial.quality.standard_error,
            color=colour,
            marker=shape,
            markersize=7 if trial.number in marked else 4,
            alpha=1.0 if trial.number in marked else 0.55,
            zorder=3 if trial.number in marked else 2,
            linewidth=1.0,
            linestyle="none",
            label=name or None,
        )
