"""Networks of timm with weights of a safetensors file, such as the image towers of DINOv2 and SigLIP.

timm knows the layers by name, and how the network takes pictures. B pictures of H x W pixels, D numbers in a feature.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from vidlabel.errors import UsageError
from vidlabel.features.encoders.pulled.folder import pulled_path
from vidlabel.features.encoders.pulled.table import PULLABLE
from vidlabel.features.encoders.torchvision_pair import import_beside_torch, installed_version
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.paths import is_folder
from vidlabel.stream_spec import TIMM_PREFIX

WEIGHTS = "model.safetensors"
"""In the folder of a model, as the Hugging Face Hub has it."""
_NOT_USED = ("mask_token",)
"""Tensors of training alone, which files may hold."""


@dataclass(frozen=True, slots=True)
class TimmChoice:
    """What `timm:NAME` or `timm:NAME=PATH` asks for."""

    architecture: str
    """As timm calls it, with the tag of its weights: `vit_small_patch14_dinov2.lvd142m`."""
    path: Path
    """Of the weights."""


def parse_timm(encoder: str) -> TimmChoice:
    """Find the weights that an option names.

    Raises:
        UsageError: no weights are named, and none can be pulled.
        InstallationError: they were not pulled.
    """
    architecture, _, named = encoder.removeprefix(TIMM_PREFIX).partition("=")
    if named:
        return TimmChoice(architecture, Path(named, WEIGHTS) if is_folder(named) else Path(named))
    if architecture not in PULLABLE or PULLABLE[architecture].kind != "image encoder":
        known = [model.name for model in PULLABLE.values() if model.kind == "image encoder"]
        remedy = f"give --encoder {TIMM_PREFIX}{architecture}=FILE.safetensors, or one of {', '.join(known)}"
        raise UsageError(f"encoder {encoder}", "no weights of that name can be pulled", remedy)
    return TimmChoice(architecture, pulled_path(architecture))


class TimmModule(nn.Module):
    """A network for pictures that are scaled already; it cuts out the square in the middle that it was trained with."""

    def __init__(self, built: nn.Module, side: int) -> None:
        super().__init__()
        self._built = built
        self._side = side

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, D)."""
        height, width = pictures.shape[2:]
        if height == width > self._side:
            first = (height - self._side) // 2
            pictures = pictures[:, :, first : first + self._side, first : first + self._side]
        features: Tensor = self._built(pictures)
        return features


@dataclass(frozen=True, slots=True)
class TimmNetwork:
    """A network, and the pictures that it takes."""

    module: TimmModule
    short_side: int
    """Pixels of the shorter side of a frame, of which it takes all or a square in the middle."""
    scaling: PixelScaling


def build_timm(architecture: str, content: bytes) -> TimmNetwork:
    """Build a network.

    Args:
        architecture: as timm calls it.
        content: of the file of weights.

    Raises:
        UsageError: timm does not know the architecture.
        InstallationError: timm or torchvision is missing, or they do not go with torch.
        ValueError: the weights are not those of the architecture.
    """
    timm = import_beside_torch("timm", ("timm", "torchvision"), f"encoder {TIMM_PREFIX}{architecture}", "timm")
    try:
        built = timm.create_model(architecture, pretrained=False, num_classes=0)
    except RuntimeError as error:
        problem = f"timm {installed_version('timm')} does not know it ({error})"
        raise UsageError(f"encoder {TIMM_PREFIX}{architecture}", problem, "see timm.list_models()") from error
    _load(built, content, architecture)
    published = built.pretrained_cfg
    side = int(published["input_size"][1])
    red, green, blue = (255 * float(value) for value in published["mean"])
    scales = [255 * float(value) for value in published["std"]]
    return TimmNetwork(
        TimmModule(built.eval().requires_grad_(requires_grad=False), side),
        math.floor(side / float(published.get("crop_pct") or 1.0)),
        PixelScaling((red, green, blue), (scales[0], scales[1], scales[2])),
    )


def _load(built: Any, content: bytes, architecture: str) -> None:  # noqa: ANN401 - a network of timm
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise ValueError(f"is no safetensors file ({error}); others are pickles, which may run code") from error
    classifiers = built.pretrained_cfg.get("classifier") or ()
    unused = (*_NOT_USED, *((classifiers,) if isinstance(classifiers, str) else classifiers))
    own = {name: tensor for name, tensor in tensors.items() if not _is_of(name, unused)}
    try:
        built.load_state_dict({name: tensor.to(torch.float32) for name, tensor in own.items()})
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()[:200]
        raise ValueError(f"does not hold the weights of {architecture} ({reason})") from error


def _is_of(name: str, layers: tuple[str, ...]) -> bool:
    return any(name == layer or name.startswith(f"{layer}.") for layer in layers)
