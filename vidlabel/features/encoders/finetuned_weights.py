"""Weights of an encoder that were tuned, in place of some of the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from vidlabel.errors import UsageError
from vidlabel.features.encoders.efficientnet import EfficientNetLite
from vidlabel.tensor_files import tensor_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetunedWeights:
    """The tensors that differ from the published encoder, batch normalisation folded; equal if their digests are."""

    blocks: int
    """How many of the last blocks they are of; the head convolution is always among them."""
    published_sha256: str
    """SHA-256 of the published weights that were tuned."""
    sha256: str
    """`tensor_digest` of the tensors."""
    tensors: Mapping[str, npt.NDArray[np.float32]] = field(compare=False, repr=False)
    """By their names in `EfficientNetLite`: `blocks.15.project.weight`, ..., `head.bias`."""


def tuned_weights_of(network: EfficientNetLite, blocks: int, published_sha256: str) -> FinetunedWeights:
    """Take the last blocks and the head convolution out of a network.

    Args:
        network: that was tuned.
        blocks: how many.
        published_sha256: of the weights that it had before.
    """
    names = network.last_parameters(blocks)
    tensors = {name: np.ascontiguousarray(tensor.detach().cpu().numpy()) for name, tensor in names.items()}
    return FinetunedWeights(
        blocks=blocks, published_sha256=published_sha256, sha256=tensor_digest(tensors), tensors=tensors
    )


def put_tuned_weights(network: EfficientNetLite, tuned: FinetunedWeights, name: str) -> None:
    """Put tuned weights in the place of the published ones.

    Args:
        network: with the published weights.
        tuned: in place of some of them.
        name: of the encoder, for messages.

    Raises:
        UsageError: they are not of this encoder.
    """
    fits = 0 <= tuned.blocks <= len(network.blocks)
    expected = (
        {key: tuple(tensor.shape) for key, tensor in network.last_parameters(tuned.blocks).items()} if fits else {}
    )
    if not fits or {key: tensor.shape for key, tensor in tuned.tensors.items()} != expected:
        raise UsageError(
            f"encoder {name}", "the tuned weights of the model do not fit it", "give a model that `train` wrote"
        )
    network.put_last_parameters({key: torch.tensor(tensor) for key, tensor in tuned.tensors.items()})
