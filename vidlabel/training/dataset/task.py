"""What the labels of a table mean together: which task, which classes, what background is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vidlabel.errors import UsageError
from vidlabel.heads.spec import Task
from vidlabel.labels.delimited import shown
from vidlabel.training.dataset.examples import BACKGROUND, Example, Unlabelled

LEAST_BACKGROUND = 0.01
"""Share of all time that must be unlabelled to count as background of a single-label task; less is rounded times."""

_NEGATIVE_NAMES = frozenset({"false", "negative", "nil", "no", "none", "normal", "nothing", "other"})
_NEGATIONS = ("no", "non", "not", "without")


@dataclass(frozen=True, slots=True)
class Meaning:
    """How labels are to be understood."""

    task: Task
    labels: tuple[str, ...]
    """C classes."""
    background: int | None
    unlabelled: Unlabelled | None
    examples: tuple[Example, ...]
    """With the label that only says "no" turned into background."""
    warnings: tuple[str, ...] = ()


def choose_task(asked: Task | None, labels: Sequence[str], *, overlap: bool) -> Task:
    """The task that labels ask for.

    Args:
        asked: by the user.
        labels: all of them, without background.
        overlap: whether different labels hold at the same time.

    Returns:
        What was asked for; else `multi` where labels overlap, `binary` where there is one, `single` otherwise.
    """
    if asked is not None:
        return asked
    if overlap:
        return "multi"
    return "binary" if len(labels) == 1 else "single"


def understand(
    examples: Sequence[Example], asked: Task | None, unlabelled: Unlabelled | None, *, overlap: bool
) -> Meaning:
    """Decide what the labels of all examples mean.

    Args:
        examples: all of them.
        asked: the task the user asks for; None: the one that fits.
        unlabelled: what the user says about time without a row; None: background where rows have times.
        overlap: whether different labels hold at the same time.

    Raises:
        UsageError: a binary task was asked for, and several labels cannot be one.
    """
    names = sorted(frozenset[str]().union(*(example.labels for example in examples)))
    timed = any(example.spans for example in examples)
    meant: Unlabelled | None = (unlabelled or "background") if timed else None
    task = choose_task(asked, names, overlap=overlap)
    if task == "single":
        holds_background = _names_background(examples) or (
            meant == "background" and unlabelled_share(examples) >= LEAST_BACKGROUND
        )
        labels = (*names, BACKGROUND) if holds_background else tuple(names)
        return Meaning(task, labels, len(names) if holds_background else None, meant, tuple(examples))
    if task == "multi" or len(names) < 2:
        return Meaning(task, tuple(names), None, meant, tuple(examples))
    negative = _negative_label(names)
    positive = next(name for name in names if name != negative)
    renamed = tuple(_with_background(example, negative) for example in examples)
    warning = f"label {shown(negative)} is taken to mean that {shown(positive)} does not hold"
    return Meaning(task, (positive,), None, meant, renamed, (warning,))


def _names_background(examples: Sequence[Example]) -> bool:
    return any(
        BACKGROUND in example.clip_labels or any(span.label == BACKGROUND for span in example.spans)
        for example in examples
    )


def unlabelled_share(examples: Sequence[Example]) -> float:
    """Share of all time without a row, 0 to 1."""
    total = sum(example.duration_s for example in examples)
    return sum(unlabelled_s(example) for example in examples) / total if total > 0 else 0.0


def unlabelled_s(example: Example) -> float:
    """Seconds of an example without a row."""
    if example.clip_labels:
        return 0.0
    covered, reached = 0.0, 0.0
    for span in example.spans:  # in order of start
        covered += max(span.end - max(span.start, reached), 0.0)
        reached = max(reached, span.end)
    return max(example.duration_s - covered, 0.0)


def _negative_label(names: Sequence[str]) -> str:
    """Which of two labels says that the other does not hold."""
    if len(names) == 2:
        for name, other in (names, names[::-1]):
            plain, plain_other = (re.sub(r"[\W_]+", "", text.casefold()) for text in (name, other))
            if plain in _NEGATIVE_NAMES or plain in {negation + plain_other for negation in _NEGATIONS}:
                return name
    problem = f"the table has {len(names)} labels ({', '.join(names[:5])}{', ...' if len(names) > 5 else ''})"
    remedy = f"write {BACKGROUND} as the label where it does not hold, or use --task single or multi"
    raise UsageError("--task binary", problem, remedy)


def _with_background(example: Example, negative: str) -> Example:
    def renamed(label: str) -> str:
        """Background in place of the negative label."""
        return BACKGROUND if label == negative else label

    spans = tuple(replace(span, label=renamed(span.label)) for span in example.spans)
    return replace(example, clip_labels=tuple(map(renamed, example.clip_labels)), spans=spans)
