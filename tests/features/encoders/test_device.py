"""Where networks run, as torch itself says what is there."""

from __future__ import annotations

import pytest
import torch

from vidlabel.errors import DeviceError
from vidlabel.features.encoders.device import resolve_device

GPU = torch.cuda.is_available()


def test_the_gpu_is_taken_where_there_is_one() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if GPU else "cpu")


def test_a_gpu_asked_for_by_name_is_used_or_an_error() -> None:
    if GPU:
        assert resolve_device("cuda") == "cuda"
        return
    with pytest.raises(DeviceError, match=r"--device cuda: .*; use --device cpu"):
        resolve_device("cuda")
