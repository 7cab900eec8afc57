"""What a training set holds, and reasons not to learn from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vidlabel.errors import AnnotationError, VideoError
from vidlabel.features.video_hash import video_hash
from vidlabel.heads.spec import Task
from vidlabel.labels.formats.delimited import shown
from vidlabel.training.dataset.examples import BACKGROUND, Example, TrainingSet, UnusableVideo
from vidlabel.training.dataset.label_scheme import unlabelled_s
from vidlabel.training.dataset.splits import sole_groups

UNEVEN = 10.0
"""Labels of which one holds this many times as long as another are warned of."""

NOT_VALIDATED = "the label cannot be validated"
"""The warning of a label in one group alone."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How much there is of one label."""

    label: str
    clips: int
    """Examples in which it holds."""
    rows: int
    groups: int
    seconds: float
    share: float
    """Share of all seconds, 0 to 1; labels that overlap give more than 1 together."""


@dataclass(frozen=True, slots=True)
class Leak:
    """The same content in several groups: what is learnt in one is tested in the other."""

    videos: tuple[str, ...]
    groups: tuple[str, ...]
    """One for each video."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `vidlabel train --check` shows."""

    task: Task
    clips: int
    groups: int
    seconds: float
    labels: tuple[LabelCount, ...]
    """In the order of the names; background last, where rows or unlabelled time give it."""
    unlabelled_s: float
    """Seconds without a row."""
    unlabelled: str | None
    """What they mean: `background`, `ignore`; None where videos are labelled as a whole."""
    leaks: tuple[Leak, ...]
    unusable: tuple[UnusableVideo, ...]
    errors: tuple[str, ...]
    """One line each: why nothing can be learnt."""
    warnings: tuple[str, ...]
    """One line each."""


def check_report(training_set: TrainingSet) -> CheckReport:
    """Count what there is to learn from, and find problems. Files of the same size are compared."""
    examples = training_set.examples
    seconds = sum(example.duration_s for example in examples)
    counts = _label_counts(training_set, seconds)
    leaks = find_leaks(examples)
    warnings = [
        *training_set.warnings,
        *_unusable_warnings(training_set.unusable),
        *_leak_warnings(leaks),
        *_group_warnings(examples),
        *_balance_warnings(counts),
    ]
    return CheckReport(
        task=training_set.task,
        clips=len(examples),
        groups=len({example.group for example in examples}),
        seconds=seconds,
        labels=tuple(counts),
        unlabelled_s=sum(map(unlabelled_s, examples)),
        unlabelled=training_set.unlabelled,
        leaks=tuple(leaks),
        unusable=training_set.unusable,
        errors=tuple(reasons_against(training_set)),
        warnings=tuple(warnings),
    )


def refuse_insufficient(training_set: TrainingSet, name: str) -> None:
    """Refuse a set from which nothing can be learnt.

    Args:
        training_set: what is left after everything unusable was left out.
        name: of the table, for the message.

    Raises:
        AnnotationError: there is one clip only, or one label and nothing to tell it from.
    """
    reasons = reasons_against(training_set)
    if reasons:
        raise AnnotationError(name, "; ".join(reasons), "add labelled clips, or leave rows out")


def reasons_against(training_set: TrainingSet) -> list[str]:
    """Why nothing can be learnt; empty if something can."""
    reasons = []
    if len(training_set.examples) < 2:
        reasons.append("there is only one clip, which leaves none for validation")
    reasons += [f"none of the videos of label {shown(label)} can be read" for label in training_set.lost_labels]
    labels = sorted(frozenset[str]().union(*(example.labels for example in training_set.examples)))
    if not labels:
        reasons.append(f"no label but {BACKGROUND} holds anywhere")
    elif len(labels) == 1 and not _holds_background(training_set):
        reasons.append(f"there is only one label, {shown(labels[0])}, and no time without it to tell it from")
    return reasons


def find_leaks(examples: Sequence[Example]) -> list[Leak]:
    """Files of the same content in different groups, found by size, then by content.

    Files that can no longer be read are passed over.
    """
    by_size: dict[int, list[Example]] = {}
    for example in examples:
        with contextlib.suppress(OSError):
            by_size.setdefault(example.path.stat().st_size, []).append(example)
    by_content: dict[str, list[Example]] = {}
    for alike in by_size.values():
        if len({example.group for example in alike}) > 1:
            for example in alike:
                with contextlib.suppress(VideoError):
                    by_content.setdefault(video_hash(example.path), []).append(example)
    return [
        Leak(tuple(example.video for example in same), tuple(example.group for example in same))
        for same in by_content.values()
        if len({example.group for example in same}) > 1
    ]


def _label_counts(training_set: TrainingSet, seconds: float) -> list[LabelCount]:
    examples = training_set.examples
    names = sorted(frozenset[str]().union(*(example.labels for example in examples)))
    if any(_background_rows(example) for example in examples) or training_set.unlabelled == "background":
        names.append(BACKGROUND)
    return [_label_count(label, training_set, seconds) for label in names]


def _label_count(label: str, training_set: TrainingSet, seconds: float) -> LabelCount:
    meant = training_set.unlabelled == "background" and label == BACKGROUND
    clips, rows, groups, held_s = 0, 0, set(), 0.0
    for example in training_set.examples:
        own_rows = _rows_of(example, label)
        own_s = _seconds_of(example, label) + (unlabelled_s(example) if meant else 0.0)
        if own_rows or own_s > 0:
            clips += 1
            groups.add(example.group)
        rows += own_rows
        held_s += own_s
    return LabelCount(label, clips, rows, len(groups), held_s, held_s / seconds if seconds > 0 else 0.0)


def _rows_of(example: Example, label: str) -> int:
    return example.clip_labels.count(label) + sum(span.label == label for span in example.spans)


def _seconds_of(example: Example, label: str) -> float:
    if label in example.clip_labels:
        return example.duration_s
    return sum(span.end - span.start for span in example.spans if span.label == label)


def _background_rows(example: Example) -> int:
    return _rows_of(example, BACKGROUND)


def _holds_background(training_set: TrainingSet) -> bool:
    if any(_background_rows(example) for example in training_set.examples):
        return True
    return training_set.unlabelled == "background" and any(unlabelled_s(e) > 0 for e in training_set.examples)


def _unusable_warnings(unusable: Iterable[UnusableVideo]) -> list[str]:
    return [f"left out: {video.reason}" for video in unusable]


def _leak_warnings(leaks: Iterable[Leak]) -> list[str]:
    return [
        f"{' and '.join(map(shown, leak.videos))} have the same content, in different groups: metrics will be too good"
        for leak in leaks
    ]


def _group_warnings(examples: Sequence[Example]) -> list[str]:
    groups = [example.group for example in examples]
    if len(set(groups)) < 2:
        return [f"all clips are in one group, {shown(groups[0])}: metrics on other groups cannot be computed"]
    sole = sole_groups(groups, [example.split_labels for example in examples])
    return [
        f"all clips of label {shown(label)} are in group {shown(group)}: {NOT_VALIDATED}"
        for label, group in sole.items()
    ]


def _balance_warnings(counts: Sequence[LabelCount]) -> list[str]:
    labels = [count for count in counts if count.label != BACKGROUND and count.seconds > 0]
    if len(labels) < 2:
        return []
    least, most = min(labels, key=lambda c: c.seconds), max(labels, key=lambda c: c.seconds)
    if most.seconds < UNEVEN * least.seconds:
        return []
    times = f"{most.seconds / least.seconds:.0f} times"
    return [f"label {shown(most.label)} holds {times} as long as {shown(least.label)}: add clips of the rarer ones"]
