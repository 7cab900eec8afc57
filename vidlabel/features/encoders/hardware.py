"""Where an encoder runs, and which library computes it: the one depends on the other.

The library is chosen without loading any: a batch asks before there is work for one. torch, which takes a second to
load, is asked for a GPU only where there is a driver of one.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal

from vidlabel.errors import DeviceError, UsageError

Device = Literal["auto", "cpu", "cuda"]
UsedDevice = Literal["cpu", "cuda"]

Runtime = Literal["auto", "torch", "torch-half", "openvino"]
"""What can be asked for. `torch-half` is torch in half precision, on a GPU."""
UsedRuntime = Literal["torch", "torch-half", "openvino"]

_AMD_DEVICE = Path("/dev/kfd")


def resolve_hardware(device: Device, runtime: Runtime) -> tuple[UsedDevice, UsedRuntime]:
    """Where an encoder will run, and with which library; OpenVINO asked for by name keeps it on the CPU.

    Raises:
        UsageError: there is no such runtime here.
        DeviceError: there is no GPU.
    """
    if runtime == "openvino":
        return "cpu", resolve_runtime(runtime, device)
    used_device = resolve_device(device)
    return used_device, resolve_runtime(runtime, used_device)


def resolve_device(device: Device) -> UsedDevice:
    """The device to use: `auto` takes the GPU where torch can use one.

    Raises:
        DeviceError: `cuda` was asked for and torch finds no usable GPU.
    """
    if device == "cpu" or (device == "auto" and not has_gpu_driver()):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "auto":
        return "cpu"
    built = torch.version.cuda is not None
    problem = "torch finds no usable NVIDIA GPU" if built else "the installed torch is built without CUDA"
    raise DeviceError("--device cuda", problem, "use --device cpu (or auto), or install torch and driver for the GPU")


def has_gpu_driver() -> bool:
    """Whether there is NVIDIA's driver, or AMD's, which torch's builds for ROCm use."""
    import ctypes  # here, since every command imports this file

    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return _AMD_DEVICE.exists()
    return True


def resolve_runtime(runtime: Runtime, device: Device) -> UsedRuntime:
    """The library to use: `auto` takes half precision on a GPU, and OpenVINO on the CPU where it is installed.

    Args:
        runtime: what was asked for.
        device: where the encoder is to run; `auto` counts as the CPU.

    Raises:
        UsageError: `openvino` was asked for and is not installed, or on a GPU; or `torch-half` on the CPU.
    """
    if runtime == "auto":
        if device == "cuda":
            return "torch-half"
        return "openvino" if is_openvino_installed() else "torch"
    if runtime == "torch-half" and device == "cpu":
        raise UsageError("--runtime torch-half", "runs on a GPU alone", "give --runtime torch")
    if runtime == "openvino" and device == "cuda":
        raise UsageError("--runtime openvino", "runs on the CPU alone", "leave out --device or --runtime")
    if runtime == "openvino" and not is_openvino_installed():
        raise UsageError("--runtime openvino", "it is not installed", "run: pip install openvino")
    return runtime


def is_openvino_installed() -> bool:
    """Whether there is such a package; nothing of it runs."""
    found = importlib.util.find_spec("openvino")
    return found is not None and found.origin is not None  # A mere folder of that name has no origin.
