"""Made-up features of models, kept as while a video is labelled."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from heads.example_specs import external_stream, step_spec
from vidlabel.explanation.kept_features import KeptFeatures
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import Model, save_model
from vidlabel.heads.recurrent import as_numpy, build_head
from vidlabel.stream_spec import StreamSpec


def random_features(model: Model, samples: int, available: Collection[str] | None = None) -> npt.NDArray[np.float32]:
    """(T, D) of the streams that are there, the same for the same model."""
    streams = [stream for stream in model.spec.streams if available is None or stream.name in available]
    size = sum(stream.size for stream in streams)
    return np.random.default_rng(size).normal(size=(samples, size)).astype(np.float32)


def keep(model: Model, features: npt.NDArray[np.float32], available: Collection[str] | None = None) -> KeptFeatures:
    """Keep features in pieces of 7 samples."""
    kept = KeptFeatures(model, available or model.spec.stream_names, io.BytesIO())
    times = np.arange(len(features)) / model.spec.rate
    for start in range(0, len(features), 7):
        kept.add(times[start : start + 7], features[start : start + 7])
    return kept


def linear_model(path: Path, weights: Sequence[float], *streams: StreamSpec, bias: float = 0.25) -> Model:
    """A head without recurrence and the label `fall`: its log-odds are the weighted sum of the features, and a bias."""
    head = build_head(HeadConfig(kind="mean", input_size=len(weights), hidden_size=len(weights), outputs=1))
    head.output.weight.data = torch.tensor([list(weights)])
    head.output.bias.data = torch.tensor([bias])
    spec = replace(
        step_spec(),
        name="linear",
        labels=("fall",),
        task="binary",
        members=(MemberSpec(head=head.config),),
        streams=streams or (external_stream(len(weights)),),
        thresholds=(0.5,),
        minimum_durations_s=(0.0,),
        background=None,
    )
    return save_model(spec, [as_numpy(head)], [], path)
