"""A result holds the same bytes however it was made: alone, in a folder, by one worker or two, profiled or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import call
from corpus import Recipe, write_video
from vidlabel.prediction import reading_passes

CLIPS = {"even": Recipe(frames=60), "tall": Recipe(frames=45, width=120, height=160), "wide": Recipe(width=320)}
OPTIONS = (
    "--model",
    "objects",
    "--rate",
    "4",
    "--scores",
    "--threshold",
    "0",
    "--min-duration",
    "0",
    "--device",
    "cpu",
    "--quiet",
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for name, recipe in CLIPS.items():
        write_video(folder / f"{name}.mp4", recipe)
    return folder


def result_alone(capfd: pytest.CaptureFixture[str], video: Path, target: Path, *options: str) -> bytes:
    assert call(capfd, "predict", video, "-o", target, *OPTIONS, *options).status == 0
    return target.read_bytes()


@pytest.mark.parametrize(
    "options", [pytest.param(("--workers", "1"), marks=pytest.mark.slow), ("--workers", "2", "--profile")], ids=" ".join
)
def test_a_folder_gives_the_bytes_of_each_video_alone(
    capfd: pytest.CaptureFixture[str], videos: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    expected = {name: result_alone(capfd, videos / f"{name}.mp4", tmp_path / f"{name}.json") for name in CLIPS}
    assert call(capfd, "predict", videos, "-o", tmp_path / "out", *OPTIONS, *options).status == 0
    assert {name: (tmp_path / "out" / f"{name}.mp4.json").read_bytes() for name in CLIPS} == expected


def test_profile_changes_no_byte(capfd: pytest.CaptureFixture[str], videos: Path, tmp_path: Path) -> None:
    plain = result_alone(capfd, videos / "wide.mp4", tmp_path / "plain.json")
    assert result_alone(capfd, videos / "wide.mp4", tmp_path / "other.json", "--profile") == plain


@pytest.mark.parametrize("size", [1, 5])
def test_the_size_of_pieces_changes_no_byte(
    capfd: pytest.CaptureFixture[str], videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    plain = result_alone(capfd, videos / "wide.mp4", tmp_path / "plain.json")
    monkeypatch.setattr(reading_passes, "LEAST_PIECE", size)
    assert result_alone(capfd, videos / "wide.mp4", tmp_path / "other.json") == plain
