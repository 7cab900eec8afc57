"""Progress of `tune` on standard error: a bar of the time, and a line for each trial in a log."""

from __future__ import annotations

import sys

from rich.progress import BarColumn, TaskID, TextColumn

from vidlabel.cli.console import print_line
from vidlabel.cli.render.training_progress import LearningProgress
from vidlabel.cli.render.trials_table import settings_text, shown
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.search.settings import TrialSettings
from vidlabel.training.search.trial_record import TrialRecord


class TuningProgress(LearningProgress):
    """Progress of `tune`: one bar for the time of each part."""

    _bar: TaskID | None = None
    _part = ""
    _trial = ""
    _best = ""
    _best_value = -1.0

    def part_begun(self, part: int, parts: int, left_s: float) -> None:
        """Name the part, with the time left for everything."""
        self._end_encoding()
        self._part = "search" if part == 0 else f"outer fold {part} of {parts - 1}"
        self._best, self._best_value = "", -1.0
        self._log(f"{self._part}: {left_s / 60:.1f} minutes left for everything")

    def trial_begun(self, number: int, settings: TrialSettings, left_s: float) -> None:
        """Show the settings, and the time left."""
        self._end_encoding()
        self._trial = f"trial {number}: {settings_text(settings)}"
        if number == 0:  # without a line, a log is silent for minutes
            self._log(f"{self._trial}: begun; it takes longer than those after it")
        if self._quiet or not sys.stderr.isatty():
            return
        bars = self._bars or self._start_bars(TextColumn("{task.description}"), BarColumn())
        if self._bar is not None:
            bars.remove_task(self._bar)
        self._bar = bars.add_task(self._trial, total=None)
        self._describe(left_s)

    def trial_ended(self, record: TrialRecord, left_s: float) -> None:
        """Print how the trial went, in a log."""
        if record.quality is not None and record.quality.value > self._best_value:
            self._best_value, self._best = record.quality.value, f"best {shown(record.quality)}"
        figure = record.state if record.quality is None else shown(record.quality)
        self._log(f"{self._trial}: {figure}; {left_s / 60:.1f} minutes left")

    def final_begun(self, number: int) -> None:
        """Name the model that is trained."""
        self._trial = f"training the model of trial {number}"
        self._log(f"{self._part}: {self._trial}")
        self._describe(None)

    def epoch_done(self, run: str, figures: EpochFigures) -> None:
        """Nothing: trials are short."""

    def _describe(self, left_s: float | None) -> None:
        if self._bars is None or self._bar is None:
            return
        left = "" if left_s is None else f"{left_s / 60:.1f} min left"
        parts = [part for part in (self._part, self._trial, self._best, left) if part]
        self._bars.update(self._bar, description=" · ".join(parts))

    def _log(self, text: str) -> None:
        if not self._quiet and not sys.stderr.isatty():
            print_line(text)
