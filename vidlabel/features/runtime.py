"""Which library computes the encoder. Decided without loading any: a batch asks before there is work for one."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Literal

from vidlabel.errors import UsageError

if TYPE_CHECKING:
    from vidlabel.features.device import Device

Runtime = Literal["auto", "torch", "openvino"]
"""What can be asked for."""

UsedRuntime = Literal["torch", "openvino"]


def resolve_runtime(runtime: Runtime, device: Device) -> UsedRuntime:
    """The library to use: `auto` takes OpenVINO on the CPU where it is installed.

    Args:
        runtime: what was asked for.
        device: where the encoder is to run; `auto` counts as the CPU.

    Raises:
        UsageError: `openvino` was asked for and is not installed, or on a GPU.
    """
    installed = is_openvino_installed()
    if runtime != "openvino":
        return "openvino" if runtime == "auto" and installed and device != "cuda" else "torch"
    if device == "cuda":
        raise UsageError("--runtime openvino", "runs on the CPU alone", "leave out --device or --runtime")
    if not installed:
        raise UsageError("--runtime openvino", "it is not installed", "run: pip install 'vidlabel[fast]'")
    return "openvino"


def is_openvino_installed() -> bool:
    """Whether there is such a package; nothing of it runs."""
    found = importlib.util.find_spec("openvino")
    return found is not None and found.origin is not None  # A mere folder of that name has no origin.
