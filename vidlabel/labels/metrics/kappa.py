"""Cohen's kappa over time: how far two labellings of videos agree beyond chance.

Cohen, A Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20 (1960). Each
millisecond is one decision between the sets of labels that hold then; no label is such a set, too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from vidlabel.labels.metrics.segments import label_pieces
from vidlabel.labels.result import Segment

Decision = frozenset[str]
"""The labels that hold at one time."""

ConfusedTime = Mapping[tuple[Decision, Decision], int]
"""Milliseconds by what the truth holds and what was predicted then."""


def confused_time(
    truth: Sequence[Segment], predicted: Sequence[Segment], duration_s: float
) -> Counter[tuple[Decision, Decision]]:
    """How long which labels were taken for which, from 0 to the end of a video; what lies beyond it counts, too."""
    confused: Counter[tuple[Decision, Decision]] = Counter()
    for duration_ms, true_labels, predicted_labels in label_pieces(truth, predicted, background=None):
        confused[true_labels, predicted_labels] += duration_ms
    confused[frozenset(), frozenset()] += max(round(duration_s * 1000) - confused.total(), 0)
    return confused


def cohens_kappa(confused: ConfusedTime) -> float:
    """1: always the same, 0: as often the same as by chance.

    NaN where there is no time, or all of it carries one set of labels on both sides: then nothing was decided.
    """
    total = sum(confused.values())
    truth: Counter[Decision] = Counter()
    predicted: Counter[Decision] = Counter()
    for (true_labels, predicted_labels), duration_ms in confused.items():
        truth[true_labels] += duration_ms
        predicted[predicted_labels] += duration_ms
    agreed = sum(duration_ms for (one, other), duration_ms in confused.items() if one == other)
    by_chance = sum(duration_ms * predicted[labels] for labels, duration_ms in truth.items())
    # In whole numbers: 1 - chance of shares is never exactly 0.
    if total * total == by_chance:
        return math.nan
    return (total * agreed - by_chance) / (total * total - by_chance)
