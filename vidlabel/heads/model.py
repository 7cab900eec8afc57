"""A model: its description, its network, and the file that holds both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vidlabel.heads.bundled_models import check_names, find_model
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.model_file import (
    encoder_prefix,
    encoder_tensors,
    head_prefix,
    projection_prefix,
    read_model_file,
    write_model_file,
)
from vidlabel.heads.recurrent import Head, build_head
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import ModelInfo

EncoderTensors = Mapping[str, npt.NDArray[np.float32]]
"""Of a tuned encoder, by their names in it."""


class Projection(nn.Module):
    """Features of a stream to head inputs: (feature - mean) times each component.

    Args:
        mean: (D,).
        components: (P, D), one a row; principal components divided by their standard deviation whiten the features.
    """

    def __init__(self, mean: Tensor, components: Tensor) -> None:
        super().__init__()
        self.mean: Tensor
        self.components: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("components", components)

    def forward(self, features: Tensor) -> Tensor:
        """(..., D) to (..., P)."""
        return (features - self.mean) @ self.components.T


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A model as it computes: on the CPU, in evaluation mode."""

    spec: ModelSpec
    heads: tuple[Head, ...]
    """The heads of the members, in their order."""
    projections: tuple[Projection, ...]
    """The projections of the streams, in their order; none where features are the inputs as they are."""
    encoders: Mapping[str, EncoderTensors] = field(default_factory=dict, kw_only=True)
    """The tensors of its tuned encoders, by the digest of each; none where all are as published."""

    def project(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The inputs of each stream: (..., D_s) to (..., P_s)."""
        if not self.projections:
            return dict(features)
        projections = zip(self.spec.stream_names, self.projections, strict=True)
        return {name: projection(features[name]) for name, projection in projections if name in features}


@dataclass(frozen=True, slots=True, eq=False)
class Model(Network):
    """A model that is ready to use, with the file that holds it."""

    path: Path
    sha256: str
    """SHA-256 of the file, hexadecimal."""

    @property
    def info(self) -> ModelInfo:
        """The part of a result that describes the model."""
        spec = self.spec
        return ModelInfo(spec.name, spec.labels, spec.head_name, spec.stream_names, spec.encoder_titles, self.sha256)


def load_model(name_or_path: str | Path) -> Model:
    """Load a model; safe for a file from anywhere.

    Args:
        name_or_path: name of a shipped model, or a model file.

    Raises:
        UsageError: there is no shipped model of that name.
        ModelFileError: the file is no model, damaged, or made by a newer vidlabel.

    Example:
        >>> model = vidlabel.load_model("objects")
        >>> model.spec.task, model.spec.rate, len(model.spec.labels)
        ('single', 2.0, 1000)
    """
    path = find_model(name_or_path)
    spec, arrays, sha256 = read_model_file(path)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    heads = tuple(_loaded_head(member.head, tensors, head_prefix(number)) for number, member in enumerate(spec.members))
    prefixes = [projection_prefix(number) for number in range(len(spec.projected_sizes or ()))]
    projections = tuple(Projection(tensors[f"{own}mean"], tensors[f"{own}components"]) for own in prefixes)
    return Model(spec, heads, projections, path, sha256, encoders=encoder_tensors(spec, arrays))


def load_models(names: Sequence[str]) -> tuple[Model, ...]:
    """Load models that are to be used together.

    Raises:
        UsageError: two have the same name, which results could not tell apart.
        ModelFileError: one cannot be used.
    """
    models = tuple(load_model(name) for name in names)
    check_names([(model.spec.name, model.path) for model in models])
    return models


def save_model(
    spec: ModelSpec,
    heads: Sequence[Head],
    projections: Sequence[Projection],
    path: Path,
    encoders: Mapping[str, EncoderTensors] | None = None,
) -> Model:
    """Write a model file, whole or not at all; the same parts give the same bytes.

    Args:
        spec: its `created` is the caller's, so that the file depends on nothing else.
        heads: made with `build_head(member.head)`, one for each of `spec.members`.
        projections: of the streams, if `spec.projected_sizes`; else none.
        path: an older file there is replaced.
        encoders: the tensors of each of `spec.tuned_encoders`, by its digest.

    Returns:
        The model as `load_model(path)` gives it.

    Raises:
        ValueError: the parts do not fit the description, or a number in them is not finite.
        OutputError: the file cannot be written.
    """
    if [head.config for head in heads] != [member.head for member in spec.members]:
        raise ValueError("the heads were made from other configurations than the description has")
    tensors = {
        f"{head_prefix(number)}{name}": _as_array(tensor)
        for number, head in enumerate(heads)
        for name, tensor in head.state_dict().items()
    }
    for number, projection in enumerate(projections):
        tensors[f"{projection_prefix(number)}mean"] = _as_array(projection.mean)
        tensors[f"{projection_prefix(number)}components"] = _as_array(projection.components)
    found = encoders or {}
    if not found.keys() <= {tuned.sha256 for tuned in spec.tuned_encoders}:
        raise ValueError("there are tensors of encoders that the description does not name")
    for number, tuned in enumerate(spec.tuned_encoders):
        own = found.get(tuned.sha256, {})
        tensors |= {f"{encoder_prefix(number)}{name}": tensor for name, tensor in own.items()}
    write_model_file(spec, tensors, path)
    return load_model(path)


def _loaded_head(config: HeadConfig, tensors: Mapping[str, Tensor], prefix: str) -> Head:
    parameters = {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    with torch.device("meta"):  # no random numbers are drawn, so that loading leaves torch's generator as it was
        head = build_head(config)
    head.load_state_dict(parameters, assign=True)
    return head.eval()


def _as_array(tensor: Tensor) -> npt.NDArray[np.float32]:
    return tensor.detach().to("cpu", torch.float32).numpy()
