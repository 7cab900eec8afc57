"""Training sets: videos with their labels, checked and ready to be turned into targets.

C classes: the labels of the model, in the order of its scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidlabel.errors import UsageError
from vidlabel.features.feature_file import FeatureKind
from vidlabel.heads.spec import MAX_RATE, Task

Unlabelled = Literal["background", "ignore"]
"""What time without a row means: no label holds, or nobody looked."""

BACKGROUND = "background"
"""A label of this name in a table means that no label holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOptions:
    """How to read a table of labels.

    Raises:
        UsageError: a rate that cannot be, or one positive label for a task with several.
    """

    groups: Path | None = None
    """A table with the columns `video,group`; None: the column `group` of the labels, else every video on its own."""
    task: Task | None = None
    """None: `multi` where labels overlap, `binary` where there is one label, else `single`."""
    positive: str | None = None
    """The label of a binary task; all others mean that it does not hold. None: found by the names of two labels."""
    unlabelled: Unlabelled | None = None
    """What time without a row means; None: background where rows have times."""
    rate: float | None = None
    """Samples per second: files of features are resampled to it, those without times have it; None: their own."""

    def __post_init__(self) -> None:
        if self.positive is not None and self.task not in (None, "binary"):
            raise UsageError("--positive", f"--task {self.task} has several labels", "leave one of the two out")
        if self.rate is not None and not 0 < self.rate <= MAX_RATE:
            raise UsageError("--rate", f"{self.rate:g} is out of range", f"give a number above 0, up to {MAX_RATE:g}")

    @property
    def wanted_task(self) -> Task | None:
        """The task that was asked for: a positive label asks for a binary one."""
        return "binary" if self.positive is not None else self.task


NOTHING_SAID = LabelOptions()


@dataclass(frozen=True, slots=True)
class Span:
    """A label that holds from start to end of a stretch of a video."""

    start: float
    """Seconds from the first presented frame."""
    end: float
    """Seconds, after `start`, not after the end of the video."""
    label: str


@dataclass(frozen=True, slots=True)
class Example:
    """One video, or file of features, with all its labels."""

    video: str
    """The path as in the table, for messages."""
    path: Path
    """To open."""
    group: str
    """Examples of one group are never split."""
    duration_s: float
    clip_labels: tuple[str, ...]
    """Labels of the whole video, without a time; `BACKGROUND` among them where none holds."""
    spans: tuple[Span, ...]
    """Labels with times, in order of start; `BACKGROUND` among them."""

    @property
    def labels(self) -> frozenset[str]:
        """All labels that hold at some time, without `BACKGROUND`."""
        return frozenset(self.clip_labels).union(span.label for span in self.spans) - {BACKGROUND}

    @property
    def split_labels(self) -> frozenset[str]:
        """What splits keep in equal shares: the labels, or background where it is all there is."""
        return self.labels or frozenset({BACKGROUND})


@dataclass(frozen=True, slots=True)
class UnusableVideo:
    """A video that is there and cannot be read."""

    video: str
    """The path as in the table."""
    reason: str
    """The whole message, which names the file."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """All examples and what their labels mean together."""

    examples: tuple[Example, ...]
    """In the order of the table."""
    labels: tuple[str, ...]
    """C names, sorted; the class for background, where there is one, stands last."""
    task: Task
    background: int | None
    """The class that stands for "no label holds"; only single-label tasks have one."""
    unlabelled: Unlabelled | None
    """What time without a row means; None where every video is labelled as a whole."""
    features: FeatureKind | None = None
    """What the examples have in common where they are files of features; None for videos."""
    unusable: tuple[UnusableVideo, ...] = ()
    """Videos of the table that are left out."""
    lost_labels: tuple[str, ...] = ()
    """Labels of which every video is left out."""
    warnings: tuple[str, ...] = ()
    """One line each, for the user."""
