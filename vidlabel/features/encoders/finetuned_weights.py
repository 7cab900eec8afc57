"""Weights of an encoder that were tuned, in place of some of the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


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
    """By their names in `efficientnet_layers.LiteLayers`: `blocks.15.project.weight`, ..., `head.bias`."""
