"""A model: its description, its network, and the file that holds both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidlabel.heads.bundled_models import find_model
from vidlabel.heads.model_file import (
    encoder_prefix,
    encoder_tensors,
    head_prefix,
    head_shapes,
    projection_prefix,
    read_model_file,
    write_model_file,
)
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.operations import FloatArray, linear
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import ModelInfo

EncoderTensors = Mapping[str, FloatArray]
"""Of a tuned encoder, by their names in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Features of a stream to head inputs: (feature - mean) times each component."""

    mean: FloatArray
    """(D,)."""
    components: FloatArray
    """(P, D), one a row; principal components divided by their standard deviation whiten the features."""

    def inputs(self, features: FloatArray) -> FloatArray:
        """(..., D) to (..., P)."""
        return linear(features - self.mean, self.components)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A model as it computes."""

    spec: ModelSpec
    heads: tuple[NumpyHead, ...]
    """The heads of the members, in their order."""
    projections: tuple[Projection, ...]
    """The projections of the streams, in their order; none where features are the inputs as they are."""
    encoders: Mapping[str, EncoderTensors] = field(default_factory=dict, kw_only=True)
    """The tensors of its tuned encoders, by the digest of each; none where all are as published."""

    def project(self, features: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """The inputs of each stream: (..., D_s) to (..., P_s)."""
        if not self.projections:
            return dict(features)
        projections = zip(self.spec.stream_names, self.projections, strict=True)
        return {name: projection.inputs(features[name]) for name, projection in projections if name in features}


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
    spec, tensors, sha256 = read_model_file(path)
    heads = tuple(
        NumpyHead(member.head, {name: tensors[f"{head_prefix(number)}{name}"] for name in head_shapes(member.head)})
        for number, member in enumerate(spec.members)
    )
    prefixes = [projection_prefix(number) for number in range(len(spec.projected_sizes or ()))]
    projections = tuple(Projection(tensors[f"{own}mean"], tensors[f"{own}components"]) for own in prefixes)
    return Model(spec, heads, projections, path, sha256, encoders=encoder_tensors(spec, tensors))


def save_model(
    spec: ModelSpec,
    heads: Sequence[NumpyHead],
    projections: Sequence[Projection],
    path: Path,
    encoders: Mapping[str, EncoderTensors] | None = None,
) -> Model:
    """Write a model file, whole or not at all; the same parts give the same bytes.

    Args:
        spec: its `created` is the caller's, so that the file depends on nothing else.
        heads: with the configurations of `spec.members`, one for each.
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
        f"{head_prefix(number)}{name}": array
        for number, head in enumerate(heads)
        for name, array in head.parameters.items()
    }
    for number, projection in enumerate(projections):
        tensors[f"{projection_prefix(number)}mean"] = projection.mean
        tensors[f"{projection_prefix(number)}components"] = projection.components
    found = encoders or {}
    if not found.keys() <= {tuned.sha256 for tuned in spec.tuned_encoders}:
        raise ValueError("there are tensors of encoders that the description does not name")
    for number, tuned in enumerate(spec.tuned_encoders):
        own = found.get(tuned.sha256, {})
        tensors |= {f"{encoder_prefix(number)}{name}": tensor for name, tensor in own.items()}
    write_model_file(spec, tensors, path)
    return load_model(path)
