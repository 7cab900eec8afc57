"""Where an encoder runs, as torch itself says what is there."""

from __future__ import annotations

import pytest
import torch

from vidlabel.errors import DeviceError, UsageError
from vidlabel.features.encoders.hardware import resolve_hardware
from vidlabel.features.encoders.runtime import is_openvino_installed

GPU = torch.cuda.is_available()


def test_the_gpu_is_taken_where_there_is_one() -> None:
    assert resolve_hardware("auto", "torch") == ("cuda" if GPU else "cpu", "torch")
    assert resolve_hardware("cpu", "torch") == ("cpu", "torch")


def test_a_gpu_that_is_not_there_is_not_replaced() -> None:
    if GPU:
        assert resolve_hardware("cuda", "auto") == ("cuda", "torch")
        return
    for runtime in ("auto", "torch"):
        with pytest.raises(DeviceError, match=r"--device cuda: .*; use --device cpu"):
            resolve_hardware("cuda", runtime)


def test_openvino_by_name_keeps_to_the_cpu() -> None:
    with pytest.raises(UsageError, match="--runtime openvino: runs on the CPU alone"):
        resolve_hardware("cuda", "openvino")
    if is_openvino_installed():
        assert resolve_hardware("auto", "openvino") == ("cpu", "openvino")
    else:
        with pytest.raises(UsageError, match="it is not installed"):
            resolve_hardware("auto", "openvino")
