"""Prints the trials of a search: the best ones, the defaults and the one that was chosen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from vidlabel.cli.console import output_console, print_output
from vidlabel.errors import printable
from vidlabel.labels.metrics.evaluation import METRIC_NAMES
from vidlabel.training.search.quality import Quality
from vidlabel.training.search.selection import scored_trials
from vidlabel.training.search.settings import TrialSettings
from vidlabel.training.search.trial_record import ScoredTrial

if TYPE_CHECKING:
    from vidlabel.evaluation.nested_search import NestedFigures
    from vidlabel.evaluation.tune import TuneResult

MOST_ROWS = 12
"""More trials are in the table of the file only."""
PIPED_WIDTH = 200
"""Of the table where no terminal has one: each trial is a line."""
_DEFAULTS_CHOSEN = "the defaults of train: no smaller model is as good, none better by more than one standard error"
_OTHER_CHOSEN = "the smallest within one standard error of the best that is no lower than the defaults"
_HEADINGS = {
    "better": "tuning helps: the tuned models are better than the defaults of train",
    "equal": "the tuned models are no worse than the defaults of train",
    "lower": "the tuned models are lower than the defaults of train, by less than one standard error",
    "worse": "tuning does harm here: the tuned models are worse than the defaults of train; use vidlabel train",
}


def print_tuning(result: TuneResult) -> None:
    """Print the search on standard output."""
    console = output_console()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = Table(box=None, pad_edge=False)
    name = METRIC_NAMES[result.metric]
    for column, right in (("trial", True), (name, True), ("parameters", True), ("CPU", True), ("settings", False)):
        table.add_column(column, justify="right" if right else "left", no_wrap=right)
    table.add_column("")
    for trial in _shown(result):
        table.add_row(*map(Text, _row(trial, result)))
    console.print(table)
    states = Counter(record.state for record in result.trials)
    counts = ", ".join(
        f"{states[state]} {state}" for state in ("complete", "pruned", "stopped", "failed") if states[state]
    )
    print_output(f"{len(result.trials)} trials: {counts}; {name} with one standard error over groups")
    print_output("CPU: seconds per second of video; of files of features, heads alone")
    reason = _OTHER_CHOSEN if result.chosen.number else _DEFAULTS_CHOSEN
    print_output(f"{result.model.path}: trial {result.chosen.number}, {reason}")
    if result.nested is not None:
        _print_nested(result.nested, name)


def _print_nested(nested: NestedFigures, name: str) -> None:
    print_output("")
    print_output(f"nested: searched anew in {nested.folds} outer folds by group, and measured on the clips left out")
    print_output(f"  {name} tuned     {shown(nested.tuned)}")
    print_output(f"  {name} defaults  {shown(nested.defaults)}")
    print_output(f"  {_HEADINGS[nested.verdict]} ({_signed(nested.difference)})")


def _shown(result: TuneResult) -> list[ScoredTrial]:
    ordered = sorted(scored_trials(result.trials), key=lambda trial: (-trial.quality.value, trial.number))
    kept = {trial.number for trial in ordered[:MOST_ROWS]} | {0, result.chosen.number}
    return [trial for trial in ordered if trial.number in kept]


def _row(trial: ScoredTrial, result: TuneResult) -> list[str]:
    marks = [("chosen", result.chosen.number), ("defaults", 0), ("best", result.best.number)]
    return [
        str(trial.number),
        shown(trial.quality),
        f"{trial.cost.parameters:,}",
        f"{trial.cost.cpu:.4f}",
        settings_text(trial.settings),
        ", ".join(mark for mark, number in marks if number == trial.number),
    ]


def shown(quality: Quality) -> str:
    """A quality with its standard error."""
    return f"{100 * quality.value:.1f} ± {100 * quality.standard_error:.1f} %"


def _signed(quality: Quality) -> str:
    return f"{100 * quality.value:+.1f} ± {100 * quality.standard_error:.1f} points"


def settings_text(settings: TrialSettings) -> str:
    """The settings of a trial in a line."""
    encoder = f", {settings.encoder}" if settings.encoder else ""
    if settings.streams is None:
        return printable(f"the defaults of train, {settings.rate:g}/s{encoder}")
    head = str(settings.head or "ensemble")
    if settings.head != "mean":
        head += f" {settings.hidden}" + (f"x{settings.layers}" if settings.layers > 1 else "")
        head += " both ways" if settings.options(0, 0).looks_ahead else ""
        members = settings.options(0, 0).recurrent_members
        head += f", {members} members" if members > 1 else ""
    regularised = f"dropout {settings.dropout:g}, learning rate {settings.learning_rate:.2g}"
    return printable(f"{head}; {'+'.join(settings.streams)}, {settings.rate:g}/s{encoder}; {regularised}")
