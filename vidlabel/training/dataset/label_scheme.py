"""Infers the task, the classes and the background from the labels of a table."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vidlabel.errors import UsageError
from vidlabel.heads.spec import Task
from vidlabel.labels.formats.delimited import shown
from vidlabel.training.dataset.examples import BACKGROUND, Example, Unlabelled

LEAST_BACKGROUND = 0.01
"""Share of all time that must be unlabelled to count as background of a single-label task; less is rounded times."""

_NEGATIVE_NAMES = frozenset(
    """
    0 absent background bg else empty false idle na nan neg negative nil no none nonevent normal nothing null off other
    others rest unlabeled unlabelled
    """.split()
)
_NEGATIONS = ("no", "non", "not", "without")


@dataclass(frozen=True, slots=True)
class LabelScheme:
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


def infer_label_scheme(
    examples: Sequence[Example],
    asked: Task | None,
    unlabelled: Unlabelled | None,
    *,
    overlap: bool,
    positive: str | None = None,
) -> LabelScheme:
    """Decide what the labels of all examples mean.

    Args:
        examples: all of them.
        asked: the task the user asks for; None: the one that fits.
        unlabelled: meaning of time without a row; None: background where rows have times.
        overlap: whether different labels hold at the same time.
        positive: the one label of a binary task; None: found by the names.

    Raises:
        UsageError: a binary task was asked for, and it is not known which label is the one.
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
        return LabelScheme(task, labels, len(names) if holds_background else None, meant, tuple(examples))
    if task == "multi" or (len(names) < 2 and positive is None):
        return LabelScheme(task, tuple(names), None, meant, tuple(examples))
    chosen = _positive_label(names) if positive is None else positive
    renamed = tuple(_with_background(example, chosen) for example in examples)
    return LabelScheme(task, (chosen,), None, meant, renamed, _binary_warnings(names, chosen))


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


def _positive_label(names: Sequence[str]) -> str:
    """The only label whose name is not a negation, as `no` and `other` are."""
    positives = [name for name in names if not _is_negative(name, names)]
    if len(positives) == 1:
        return positives[0]
    problem = f"the table has {len(names)} labels ({', '.join(names[:5])}{', ...' if len(names) > 5 else ''})"
    remedy = f"give --positive LABEL, write {BACKGROUND} where it does not hold, or use --task single or multi"
    raise UsageError("--task binary", problem, remedy)


def _is_negative(name: str, names: Sequence[str]) -> bool:
    """Whether the name of a label is a negation: another one does not hold."""
    plain, *others = (re.sub(r"[\W_]+", "", text.casefold()) for text in (name, *(n for n in names if n != name)))
    return plain in _NEGATIVE_NAMES or any(plain == negation + other for negation in _NEGATIONS for other in others)


def _binary_warnings(names: Sequence[str], positive: str) -> tuple[str, ...]:
    negatives = [name for name in names if name != positive]
    if positive not in names:
        near = difflib.get_close_matches(positive, names, n=1)
        return (f"no row has the label {shown(positive)}" + (f"; is it {shown(near[0])}?" if near else ""),)
    if not negatives:
        return ()
    listed = f"label {shown(negatives[0])} is" if len(negatives) == 1 else f"{len(negatives)} labels are"
    return (f"{listed} taken to mean that {shown(positive)} does not hold",)


def _with_background(example: Example, positive: str) -> Example:
    """The same with background in place of every other label."""

    def renamed(label: str) -> str:
        """One of the two labels that are left."""
        return label if label == positive else BACKGROUND

    spans = tuple(replace(span, label=renamed(span.label)) for span in example.spans)
    return replace(example, clip_labels=tuple(dict.fromkeys(map(renamed, example.clip_labels))), spans=spans)
