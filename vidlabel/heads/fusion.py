"""From the outputs of the heads to probabilities of labels.

Letters in shapes: B windows, T samples in time, N rows, P inputs, K head outputs, n parts, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidlabel.heads.config import MemberRole
from vidlabel.heads.spec import ModelSpec


def resample_steps(sequences: Tensor, steps: int) -> Tensor:
    """Sequences at other times, linearly between their samples: (B, T, P) to (B, `steps`, P), from first to last."""
    last = sequences.shape[1] - 1
    places = torch.linspace(0, last, steps, dtype=torch.float64)
    before = places.floor().long()
    after = (before + 1).clamp(max=last)
    share = (places - before).to(sequences.dtype)[:, None]
    return sequences[:, before] * (1 - share) + sequences[:, after] * share


def pool_parts(outputs: Tensor, parts: int, lengths: Tensor | None = None) -> Tensor:
    """One row for a window: the sum of the means of block p of the outputs over part p of the window.

    For one part it is the mean. Part p of n holds the samples from floor(p T / n) to floor((p + 1) T / n), and at least
    the first of them.

    Args:
        outputs: (B, T, K), K = n blocks of the same size; T at least 1.
        parts: n.
        lengths: (B,) samples that count in each window, at least 1, where they are padded at the end.

    Returns:
        (B, K / n).
    """
    windows, samples, width = outputs.shape
    if lengths is None:
        lengths = torch.full((windows,), samples)
    shares = part_shares(lengths.cpu(), samples, parts).to(outputs)
    return torch.einsum("btp,btpk->bk", shares, outputs.view(windows, samples, parts, width // parts))


def part_shares(lengths: Tensor, samples: int, parts: int) -> Tensor:
    """How much each sample counts in the mean of each part of its window: (B,) to (B, T, n), 1 together in a part.

    Args:
        lengths: samples that count in each window.
        samples: T.
        parts: n, as in `pool_parts`.
    """
    bounds = torch.arange(parts + 1) * lengths[:, None] // parts  # (B, n + 1)
    starts = bounds[:, :-1]
    ends = torch.maximum(bounds[:, 1:], starts + 1)
    steps = torch.arange(samples)[:, None]
    held = (starts[:, None] <= steps) & (steps < ends[:, None])  # (B, T, n)
    return held / (ends - starts)[:, None]


def probabilities(logits: Sequence[Tensor | None], spec: ModelSpec) -> Tensor:
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
    knowing = torch.softmax(_mixed(logits, spec, "background"), dim=1)
    nothing = knowing[:, -1:]
    labels = torch.softmax((torch.log_softmax(mixed, dim=1) + knowing[:, :-1].clamp(min=1e-12).log()) / 2, dim=1)
    return torch.cat([labels * (1 - nothing), nothing], dim=1)


def clip_probabilities(logits: Sequence[Tensor | None], spec: ModelSpec) -> Tensor:
    """The same for windows that are whole clips, in which something happens: background has the probability 0.

    The members that know background count in stretches of long videos alone: of whole clips they know less.
    """
    labels = _label_probabilities(_mixed(logits, spec, "labels"), spec)
    if not spec.members_with("background"):
        return labels
    return torch.cat([labels, labels.new_zeros(len(labels), 1)], dim=1)


def _label_probabilities(mixed: Tensor, spec: ModelSpec) -> Tensor:
    if spec.task != "single":
        return torch.sigmoid(mixed)
    outputs = torch.softmax(mixed, dim=1)
    if spec.output_labels is None:
        return outputs
    labels = torch.tensor(spec.output_labels, device=mixed.device)
    sums = outputs.new_zeros(len(outputs), len(spec.labels)).index_add_(1, labels, outputs)
    return sums.clamp_(max=1.0)  # rounding may leave a sum a hair above


def _mixed(logits: Sequence[Tensor | None], spec: ModelSpec, role: MemberRole) -> Tensor:
    """Weighted sum of the calibrated outputs of the members with a role; the weights of those that run sum to all."""
    members = [(outputs, member) for outputs, member in zip(logits, spec.members, strict=True) if member.role == role]
    running = [(outputs, member) for outputs, member in members if outputs is not None]
    scale = 1.0
    if len(running) < len(members):
        scale = sum(member.weight for _, member in members) / sum(member.weight for _, member in running)
    chosen = [outputs * (member.weight * scale / member.temperature) for outputs, member in running]
    return torch.stack(chosen).sum(dim=0)
