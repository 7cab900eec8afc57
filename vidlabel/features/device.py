"""Where networks run."""

from __future__ import annotations

from typing import Literal

import torch

from vidlabel.errors import DeviceError
from vidlabel.features.runtime import Runtime, UsedRuntime, resolve_runtime

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


def resolve_hardware(device: Device, runtime: Runtime) -> tuple[Literal["cpu", "cuda"], UsedRuntime]:
    """Where an encoder will run, and with which library; OpenVINO asked for by name keeps it on the CPU.

    Raises:
        UsageError: there is no such runtime here.
        DeviceError: there is no GPU.
    """
    if runtime == "openvino":
        return "cpu", resolve_runtime(runtime, device)
    used_device = resolve_device(device)
    return used_device, resolve_runtime(runtime, used_device)
