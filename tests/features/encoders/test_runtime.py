"""Which library computes the encoder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import resolve_hardware
from vidlabel.features.encoders.runtime import is_openvino_installed, resolve_runtime

WITHOUT_PACKAGES = """
import sys
sys.path[:] = [place for place in sys.path if "site-packages" not in place]
from vidlabel.errors import UsageError
from vidlabel.features.encoders.runtime import resolve_runtime
assert resolve_runtime("auto", "cpu") == "torch"
try:
    resolve_runtime("openvino", "cpu")
except UsageError as error:
    print(error)
"""


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
    assert ended.stdout == "--runtime openvino: it is not installed; run: pip install 'vidlabel[fast]'\n"


def test_a_mere_folder_of_that_name_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "openvino").mkdir()
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n{WITHOUT_PACKAGES}"
    code = code.replace("from vidlabel.errors", f"sys.path.append({str(tmp_path)!r})\nfrom vidlabel.errors")
    ended = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert "it is not installed" in ended.stdout
