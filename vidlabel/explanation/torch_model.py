"""A model in torch and in double precision: what `predict` computes in NumPy, with gradients.

Letters in shapes: B windows, T samples in time, N rows, D numbers in a feature of a stream, P inputs, K head outputs,
n parts, C labels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from vidlabel.heads.config import MemberRole
from vidlabel.heads.fusion import part_shares
from vidlabel.heads.model import Network
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.recurrent import as_trainable

Inputs = Mapping[str, Tensor]
"""(B, T, P_s) or (T, P_s) of each stream that the video has."""


class TorchModel:
    """The heads of a model, their inputs and their fusion.

    Args:
        model: loaded.
        available: the streams that the video has.
    """

    def __init__(self, model: Network, available: Collection[str]) -> None:
        spec = self.spec = model.spec
        self.heads = tuple(as_trainable(head).double().requires_grad_(False) for head in model.heads)
        self._runs = [spec.runs_with(member, available) for member in spec.members]
        projections = zip(spec.stream_names, model.projections, strict=False)
        self._projections = {name: (_double(own.mean), _double(own.components)) for name, own in projections}

    def project(self, stream: str, features: FloatArray) -> Tensor:
        """Features (..., D) of a stream to its inputs (..., P_s)."""
        values = _double(features)
        if stream not in self._projections:
            return values
        mean, components = self._projections[stream]
        return (values - mean) @ components.T

    def unproject(self, stream: str, gradients: Tensor) -> Tensor:
        """Gradients with respect to inputs (..., P_s) to those with respect to features (..., D)."""
        return gradients @ self._projections[stream][1] if stream in self._projections else gradients

    def join(self, inputs: Inputs) -> list[Tensor | None]:
        """(..., P_s) of each stream that the video has to (..., P) for each member; None for one that does not run."""
        given = next(iter(inputs.values()))
        sizes = self.spec.input_sizes
        known = {name: inputs.get(name, given.new_zeros(*given.shape[:-1], size)) for name, size in sizes.items()}
        return [
            torch.cat([known[name] for name in self.spec.streams_of(member)], dim=-1) if runs else None
            for member, runs in zip(self.spec.members, self._runs, strict=True)
        ]

    def window_outputs(self, inputs: Inputs) -> list[Tensor | None]:
        """The outputs of each member for whole windows: (B, K) where they are pooled, else (B * T, K)."""
        rows: list[Tensor | None] = []
        for member, head, own in zip(self.spec.members, self.heads, self.join(inputs), strict=True):
            if own is None:
                rows.append(None)
                continue
            outputs, _ = head(own if member.resampled_steps is None else _resampled(own, member.resampled_steps))
            parts = member.pooled_parts
            rows.append(outputs.flatten(0, 1) if parts is None else _pooled(outputs, parts))
        return rows

    def probabilities(self, logits: Sequence[Tensor | None]) -> Tensor:
        """Calibrated probabilities (N, C) of the outputs (N, K) of each member; see `vidlabel.heads.fusion`."""
        mixed = self._mixed(logits, "labels")
        if not self.spec.members_with("background"):
            return self._label_probabilities(mixed)
        knowing = torch.softmax(self._mixed(logits, "background"), dim=1)
        nothing = knowing[:, -1:]
        both = torch.log_softmax(mixed, dim=1) + knowing[:, :-1].clamp(min=1e-12).log()
        return torch.cat([torch.softmax(both / 2, dim=1) * (1 - nothing), nothing], dim=1)

    def _label_probabilities(self, mixed: Tensor) -> Tensor:
        if self.spec.task != "single":
            return torch.sigmoid(mixed)
        outputs = torch.softmax(mixed, dim=1)
        if self.spec.output_labels is None:
            return outputs
        labels = torch.tensor(self.spec.output_labels)
        return outputs.new_zeros(len(outputs), len(self.spec.labels)).index_add(1, labels, outputs)

    def _mixed(self, logits: Sequence[Tensor | None], role: MemberRole) -> Tensor:
        """Weighted sum of the calibrated outputs of the members with a role; those that run stand in for the others."""
        members = [(outputs, one) for outputs, one in zip(logits, self.spec.members, strict=True) if one.role == role]
        running = [(outputs, member) for outputs, member in members if outputs is not None]
        scale = sum(member.weight for _, member in members) / sum(member.weight for _, member in running)
        return torch.stack([own * (member.weight * scale / member.temperature) for own, member in running]).sum(dim=0)


def zeros(inputs: Inputs) -> dict[str, Tensor]:
    """The baseline: inputs of the same shapes that say nothing."""
    return {name: torch.zeros_like(own) for name, own in inputs.items()}


def _resampled(sequences: Tensor, steps: int) -> Tensor:
    """(B, T, P) to (B, `steps`, P), linearly between samples, from first to last."""
    last = sequences.shape[1] - 1
    places = torch.linspace(0, last, steps, dtype=torch.float64)
    before = places.floor().long()
    after = (before + 1).clamp(max=last)
    share = (places - before)[:, None]
    return sequences[:, before] * (1 - share) + sequences[:, after] * share


def _pooled(outputs: Tensor, parts: int) -> Tensor:
    """(B, T, K) to (B, K / n): the sum of the means of block p of the outputs over part p of the window."""
    windows, samples, width = outputs.shape
    blocks = outputs.view(windows, samples, parts, width // parts)
    return torch.einsum("tp,btpk->bk", _double(part_shares(samples, parts)), blocks)


def _double(values: FloatArray) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64)
