"""Where an encoder runs, as torch itself says what is there, and which library computes it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vidlabel.errors import DeviceError, UsageError
from vidlabel.features.encoders import hardware
from vidlabel.features.encoders.hardware import (
    is_openvino_installed,
    resolve_device,
    resolve_hardware,
    resolve_runtime,
)

GPU = torch.cuda.is_available()

WITHOUT_PACKAGES = """
import sys
sys.path[:] = [place for place in sys.path if "site-packages" not in place]
from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import resolve_runtime
assert resolve_runtime("auto", "cpu") == "torch"
try:
    resolve_runtime("openvino", "cpu")
except UsageError as error:
    print(error)
"""


def test_the_device_is_the_gpu_where_there_is_one() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if GPU else "cpu")


def test_without_a_driver_torch_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(hardware, "_AMD_DEVICE", tmp_path / "none")
    monkeypatch.setitem(sys.modules, "torch", None)  # to import it is an error then
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ImportError):
        resolve_device("cuda")
    monkeypatch.setattr(hardware, "_AMD_DEVICE", tmp_path)
    with pytest.raises(ImportError):
        resolve_device("auto")


def test_with_a_driver_torch_says_whether_it_can_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"


def test_a_gpu_asked_for_by_name_is_used_or_an_error() -> None:
    if GPU:
        assert resolve_device("cuda") == "cuda"
        return
    with pytest.raises(DeviceError, match=r"--device cuda: .*; use --device cpu"):
        resolve_device("cuda")


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


def test_torch_is_always_there_and_the_only_one_on_a_gpu() -> None:
    assert resolve_runtime("torch", "cpu") == resolve_runtime("torch", "cuda") == "torch"
    assert resolve_runtime("auto", "cuda") == resolve_runtime("torch-half", "cuda") == "torch-half"
    with pytest.raises(UsageError, match="--runtime openvino: runs on the CPU alone"):
        resolve_runtime("openvino", "cuda")


def test_what_is_installed_is_used_by_itself() -> None:
    expected = "openvino" if is_openvino_installed() else "torch"
    assert resolve_runtime("auto", "cpu") == resolve_runtime("auto", "auto") == expected
    assert resolve_hardware("cpu", "auto") == ("cpu", expected)


def test_half_precision_is_for_a_gpu() -> None:
    with pytest.raises(UsageError, match="--runtime torch-half: runs on a GPU alone"):
        resolve_hardware("cpu", "torch-half")


def test_what_is_missing_is_said_when_it_was_asked_for_by_name() -> None:
    root = Path(__file__).parents[3]
    code = f"import sys; sys.path.insert(0, {str(root)!r})\n{WITHOUT_PACKAGES}"
    ended = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "--runtime openvino: it is not installed; run: pip install openvino\n"


def test_a_mere_folder_of_that_name_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "openvino").mkdir()
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n{WITHOUT_PACKAGES}"
    code = code.replace("from vidlabel.errors", f"sys.path.append({str(tmp_path)!r})\nfrom vidlabel.errors")
    ended = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert "it is not installed" in ended.stdout
