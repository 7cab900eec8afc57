"""Where an encoder runs, and with which library: the one depends on the other."""

from __future__ import annotations

from typing import Literal

from vidlabel.features.encoders.device import Device, resolve_device
from vidlabel.features.encoders.runtime import Runtime, UsedRuntime, resolve_runtime


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
