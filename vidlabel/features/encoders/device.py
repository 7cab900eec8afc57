"""Where networks run."""

from __future__ import annotations

from typing import Literal

import torch

from vidlabel.errors import DeviceError

Device = Literal["auto", "cpu", "cuda"]


def resolve_device(device: Device) -> Literal["cpu", "cuda"]:
    """The device to use: `auto` takes the GPU where torch can use one.

    Raises:
        DeviceError: `cuda` was asked for and torch finds no usable GPU.
    """
    if device == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if device == "auto":
        return "cpu"
    built = torch.version.cuda is not None
    problem = "torch finds no usable NVIDIA GPU" if built else "the installed torch is built without CUDA"
    raise DeviceError("--device cuda", problem, "use --device cpu (or auto), or install torch and driver for the GPU")
