"""From the outputs of the heads to probabilities of labels.

Letters in shapes: B windows, T samples in time, N rows, P inputs, K head outputs, n parts, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidlabel.heads.config import MemberRole
from vidlabel.heads.operations import FloatArray, log_softmax, sigmoid, softmax
from vidlabel.heads.spec import ModelSpec


def resample_steps(sequences: FloatArray, steps: int) -> FloatArray:
    """Sequences at other times, linearly between their samples: (B, T, P) to (B, `steps`, P), from first to last."""
    last = sequences.shape[1] - 1
    places = np.linspace(0, last, steps)
    before = np.floor(places).astype(np.intp)
    after = np.minimum(before + 1, last)
    share = (places - before).astype(np.float32)[:, None]
    return sequences[:, before] * (1 - share) + sequences[:, after] * share


def pool_parts(outputs: FloatArray, parts: int) -> FloatArray:
    """One row for a window: the sum of the means of block p of the outputs over part p of the window.

    For one part it is the mean. Part p of n holds the samples from floor(p T / n) to floor((p + 1) T / n), and at least
    the first of them.

    Args:
        outputs: (B, T, K), K = n blocks of the same size; T at least 1.
        parts: n.

    Returns:
        (B, K / n).
    """
    windows, samples, width = outputs.shape
    blocks = outputs.reshape(windows, samples, parts, width // parts)
    pooled: FloatArray = np.einsum("tp,btpk->bk", part_shares(samples, parts), blocks)
    return pooled


def part_shares(samples: int, parts: int) -> FloatArray:
    """How much each sample of a window counts in the mean of each of its parts: (T, n), 1 together in a part.

    Args:
        samples: T.
        parts: n, as in `pool_parts`.
    """
    bounds = np.arange(parts + 1) * samples // parts
    starts = bounds[:-1]
    ends = np.maximum(bounds[1:], starts + 1)
    steps = np.arange(samples)[:, None]
    held = (starts <= steps) & (steps < ends)
    return (held / (ends - starts)).astype(np.float32)


def probabilities(logits: Sequence[FloatArray | None], spec: ModelSpec) -> FloatArray:
    """Calibrated probabilities: temperature scaling (Guo et al., ICML 2017) of each member, then their mixture.

    With members for the background, theirs is the probability that nothing happens. What is left is shared out by the
    geometric mean of the scores of both roles: on long videos made of ut-interaction that found 5 % more
    (F1@25, pauses with other footage) than the role `labels` alone.

    Args:
        logits: for each member (N, its `window_outputs`), after pooling; None for one that does not run, in whose
            place the others of its role count more.
        spec: gives the task, temperatures and weights, and which outputs count for which label.

    Returns:
        (N, C), 0 to 1.
    """
    mixed = _mixed(logits, spec, "labels")
    if not spec.members_with("background"):
        return _label_probabilities(mixed, spec)
    knowing = softmax(_mixed(logits, spec, "background"))
    nothing = knowing[:, -1:]
    both: FloatArray = log_softmax(mixed) + np.log(np.maximum(knowing[:, :-1], np.float32(1e-12)))
    labels = softmax(both * np.float32(0.5))
    return np.concatenate([labels * (1 - nothing), nothing], axis=1)


def clip_probabilities(logits: Sequence[FloatArray | None], spec: ModelSpec) -> FloatArray:
    """The same for windows that are whole clips, in which something happens: background has the probability 0.

    The members that know background count in stretches of long videos alone: of whole clips they know less.
    """
    labels = _label_probabilities(_mixed(logits, spec, "labels"), spec)
    if not spec.members_with("background"):
        return labels
    return np.pad(labels, ((0, 0), (0, 1)))


def _label_probabilities(mixed: FloatArray, spec: ModelSpec) -> FloatArray:
    if spec.task != "single":
        return sigmoid(mixed)
    outputs = softmax(mixed)
    if spec.output_labels is None:
        return outputs
    order = np.argsort(spec.output_labels, kind="stable")
    labels, starts = np.unique(np.array(spec.output_labels)[order], return_index=True)
    sums = np.zeros((len(outputs), len(spec.labels)), np.float32)
    sums[:, labels] = np.add.reduceat(outputs[:, order], starts, axis=1)
    return np.minimum(sums, 1)  # rounding may leave a sum a hair above


def _mixed(logits: Sequence[FloatArray | None], spec: ModelSpec, role: MemberRole) -> FloatArray:
    """Weighted sum of the calibrated outputs of the members with a role; the weights of those that run sum to all."""
    members = [(outputs, member) for outputs, member in zip(logits, spec.members, strict=True) if member.role == role]
    running = [(outputs, member) for outputs, member in members if outputs is not None]
    scale = 1.0
    if len(running) < len(members):
        scale = sum(member.weight for _, member in members) / sum(member.weight for _, member in running)
    chosen = [outputs * np.float32(member.weight * scale / member.temperature) for outputs, member in running]
    mixed: FloatArray = np.stack(chosen).sum(axis=0)
    return mixed
