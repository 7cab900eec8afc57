"""Video networks as torchvision builds them; their weights come from the folder of pulled models."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vidlabel.errors import InstallationError
from vidlabel.features.encoders.pulled.folder import pulled_path, pulled_record
from vidlabel.features.encoders.torch_file import read_torch_file
from vidlabel.features.encoders.torchvision_pair import import_beside_torch
from vidlabel.features.encoders.video_networks.table import VideoNetwork

Tensors = Mapping[str, npt.NDArray[Any]]


def read_network_weights(network: VideoNetwork) -> Tensors:
    """The weights of a network, after checking that they are those that were pulled.

    Raises:
        InstallationError: they were not pulled, or are damaged.
    """
    path, sha256 = pulled_path(network.name), pulled_record(network.name).sha256
    remedy = f"run: vidlabel models pull {network.name}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InstallationError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InstallationError(path, "is damaged: its SHA-256 is not the one that was pulled", remedy)
    try:
        return read_torch_file(content)
    except ValueError as error:
        raise InstallationError(path, f"the weights of {network.name} {error}", remedy) from error


def build_network(network: VideoNetwork, weights: Tensors) -> nn.Module:
    """The network without its classifier: clips (1, 3, L, S, S), scaled, to features (1, D).

    Raises:
        InstallationError: torchvision is missing, does not go with torch, or builds another network.
    """
    built = _torchvision_models(network).get_model(network.name, weights=None)
    try:
        built.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    except RuntimeError as error:
        first = str(error).strip().splitlines()[-1].strip()
        problem = f"the weights are not those of torchvision's network ({first})"
        raise InstallationError(
            f"model {network.name}", problem, f"run: vidlabel models pull {network.name}"
        ) from error
    outer, _, _ = network.classifier.partition(".")
    setattr(built, outer, nn.Identity())
    frozen: nn.Module = built.eval().requires_grad_(requires_grad=False)
    return frozen


def class_names(network: VideoNetwork) -> tuple[str, ...]:
    """The names of the classes of a network, in the order of its outputs.

    Raises:
        InstallationError: torchvision is missing, or does not go with torch.
    """
    published = _torchvision_models(network).get_model_weights(network.name)
    return tuple(published["KINETICS400_V1"].meta["categories"])


def classifier_layer(network: VideoNetwork, weights: Tensors) -> tuple[npt.NDArray[np.float32], ...]:
    """The weight (C, D) and the bias (C,) of the classifier."""
    return weights[f"{network.classifier}.weight"], weights[f"{network.classifier}.bias"]


def _torchvision_models(network: VideoNetwork) -> Any:  # noqa: ANN401 - a package without types
    return import_beside_torch("torchvision.models", ("torchvision",), f"model {network.name}", "video")
