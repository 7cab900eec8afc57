"""On the CPU with OpenVINO no process imports torch: not the command itself, nor its workers and decoders."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from vidlabel.features.encoders.hardware import has_gpu_driver, is_openvino_installed

if not is_openvino_installed():
    pytest.skip("OpenVINO is not installed", allow_module_level=True)

DEVICE = ("--device", "cpu" if has_gpu_driver() else "auto")
EXAMPLES = Path(__file__).parents[2] / "examples"
TORCH = """
import pathlib
pathlib.Path(__file__).with_name("imported").write_text("")
raise ImportError("torch was imported")
"""


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """A file that is made as soon as a process with its folder in PYTHONPATH imports torch, which then fails."""
    folder = tmp_path / "packages" / "torch"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(TORCH, encoding="utf-8")
    return folder / "imported"


def run(imported: Path, *arguments: str | Path) -> str:
    """Standard output of a command in which torch cannot be imported."""
    environment = {**os.environ, "PYTHONPATH": str(imported.parents[1])}
    command = [sys.executable, "-m", "vidlabel", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_videos_are_labelled_by_workers(tmp_path: Path, imported: Path) -> None:
    videos = [EXAMPLES / "bottle-detection.mp4", EXAMPLES / "speech-and-music.mp4"]
    run(imported, "predict", *videos, "-o", tmp_path / "labels", "--workers", "2", "--end", "1", *DEVICE)
    assert len(list((tmp_path / "labels").glob("*.json"))) == 2
    assert not imported.exists()


@pytest.mark.slow
def test_one_video_is_labelled_by_all_default_models(imported: Path) -> None:
    output = run(imported, "predict", EXAMPLES / "speech-and-music.mp4", "--end", "1", "--format", "json", *DEVICE)
    assert '"name": "objects-coarse"' in output
    assert '"name": "sounds"' in output
    assert not imported.exists()


@pytest.mark.slow
def test_features_of_all_streams_of_pictures_and_text(tmp_path: Path, imported: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=20, rate=Fraction(10)))
    clip.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nWater boils\n", encoding="utf-8")
    streams, out = "frames,motion,pose,text", tmp_path / "features"
    run(imported, "features", clip, "-o", out, "--streams", streams, "--rate", "1", *DEVICE)
    assert len(list(out.glob("*.npz"))) == 1
    run(imported, "info", clip)
    run(imported, "info", "people")
    run(imported, "status", out)
    assert not imported.exists()


def test_torch_itself_is_asked_for_by_name(imported: Path) -> None:
    with pytest.raises(AssertionError, match="torch was imported"):
        run(imported, "predict", EXAMPLES / "bottle-detection.mp4", "--end", "1", "-m", "objects", "--runtime", "torch")
    assert imported.exists()
