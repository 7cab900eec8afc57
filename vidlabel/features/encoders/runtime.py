"""Which library computes the encoder. Decided without loading any: a batch asks before there is work for one."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Literal

from vidlabel.errors import UsageError

if TYPE_CHECKING:
    from vidlabel.features.encoders.device import Device

Runtime = Literal["auto", "torch", "torch-half", "openvino"]
"""What can be asked for. `torch-half` is torch in half precision, on a GPU."""

UsedRuntime = Literal["torch", "torch-half", "openvino"]


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
        raise UsageError("--runtime openvino", "it is not installed", "run: pip install 'vidlabel[fast]'")
    return runtime


def is_openvino_installed() -> bool:
    """Whether there is such a package; nothing of it runs."""
    found = importlib.util.find_spec("openvino")
    return found is not None and found.origin is not None  # A mere folder of that name has no origin.
