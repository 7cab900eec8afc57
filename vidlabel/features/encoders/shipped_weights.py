"""Weights of encoders that come with vidlabel itself, converted once by a script in `weights/`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from vidlabel.errors import InstallationError
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.paths import weights_folder

if TYPE_CHECKING:
    from vidlabel.features.encoders.layers import Weights


@dataclass(frozen=True, slots=True)
class ShippedWeights:
    """One safetensors file of an encoder's weights."""

    name: str
    """Of the encoder; the file is called so, too."""
    sha256: str
    """Of the whole file."""

    @property
    def path(self) -> Path:
        """Where the file lies: in a folder of its own, since the files beside the shipped models are models."""
        return weights_folder() / "encoders" / f"{self.name}.safetensors"

    def read(self) -> Weights:
        """Read the tensors by their names, after checking that the file is the shipped one.

        Raises:
            InstallationError: the file is missing, cannot be read, or differs by as much as one bit.
        """
        return read_shipped_weights(self.path, self.sha256)


MOVENET = ShippedWeights(
    name="movenet-multipose-lightning", sha256="a6fafd33704c19917c4dc759757d26d606cd70f95396eb4a0294dfb7c9b1ca7f"
)
"""Google's MoveNet MultiPose Lightning, Apache-2.0: see NOTICE and `weights/build_pose.py`."""
MOVENET_SCALING = PixelScaling(mean=127.5, scale=127.5)
"""That it was trained with."""
YAMNET = ShippedWeights(name="yamnet", sha256="daac7b679b9b5d59231e8a9c9085e95a7c136251a1a6ccccf464f189c19ce11e")
"""Google's YAMNet, Apache-2.0, in Qualcomm's export: see NOTICE and `weights/build_yamnet.py`."""
CLASS_NAMES = ShippedWeights(
    name="class-names", sha256="e744a579f18d98c15491d43b41a147dd90bf4ba43ec23d339e0e629941098825"
)
"""The names of 1000 objects and 521 sounds, and their vectors: see `weights/build_class_names.py`."""


def read_shipped_weights(path: Path, sha256: str) -> Weights:
    """Read a file of weights as `ShippedWeights.read`."""
    remedy = "run: pip install --force-reinstall --no-deps vidlabel"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InstallationError(path, f"the encoder's weights cannot be read ({error.strerror})", remedy) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InstallationError(path, "these are not the shipped weights: the file is damaged or changed", remedy)
    from safetensors.numpy import load

    try:
        tensors: Weights = load(content)
    except SafetensorError as error:
        raise InstallationError(path, f"the encoder's weights cannot be read ({error})", remedy) from error
    return tensors
