"""`--profile` tells where the time went, and changes nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from command_line import call
from corpus import Recipe, write_video
from vidlabel.profiling import PHASES


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=50))


def phases(text: str) -> dict[str, list[float]]:
    """Figures by phase: wall seconds (not of decoding) and CPU seconds first."""
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.split()[:1] and line[0] != "["}
    return {name: [float(figure) for figure in rows[name]] for name in PHASES}


def test_one_video_gives_the_same_result_and_a_table(capfd: pytest.CaptureFixture[str], clip: Path) -> None:
    plain = call(capfd, "predict", clip, "-m", "objects", "--quiet")
    profiled = call(capfd, "predict", clip, "-m", "objects", "--quiet", "--profile")
    assert profiled.output == plain.output
    assert plain.errors == ""
    assert "\n4 samples; " in profiled.errors
    found = phases(profiled.errors)
    assert found["decode"][0] > 0
    assert found["encode"][0] > 0
    assert found["encode"][1] > 0


@pytest.mark.slow
def test_workers_are_added_up(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        shutil.copy(clip, videos / name)
    profiled = call(
        capfd, "predict", videos, "-m", "objects", "-o", tmp_path / "out", "--workers", "2", "--quiet", "--profile"
    )
    assert profiled.status == 0
    assert "\n12 samples; " in profiled.errors
    found = phases(profiled.errors)
    assert found["decode"][0] > 0
    assert found["encode"][1] > 0
    again = call(capfd, "predict", videos, "-m", "objects", "-o", tmp_path / "out", "--quiet", "--profile")
    assert "\n0 samples; " in again.errors
