"""`vidlabel features` and `vidlabel info --cache`, as a user runs them."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from command_line import call
from corpus import Recipe, write_video
from vidlabel.features.cache import CachedPart, FeatureCache
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.feature_file import read_feature_file
from vidlabel.video.request import ReadReport

SMALL = ("--rate", "5", "--short-side", "64")


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    (folder / "deep").mkdir(parents=True)
    write_video(folder / "a.mp4", Recipe(frames=25))
    write_video(folder / "deep" / "b.mkv", Recipe(frames=10))
    return folder


def test_a_folder_is_mirrored(capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path) -> None:
    out = tmp_path / "out"
    ended = call(capfd, "features", videos, "-o", out, *SMALL, "--streams", "frames,motion")
    assert (ended.status, ended.output) == (0, "")
    assert ended.errors.splitlines()[-1] == "2 done, 0 skipped, 0 failed"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
        "a.mp4.npz",
        "deep/b.mkv.npz",
    ]
    found = read_feature_file(out / "a.mp4.npz")
    assert found.times.tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert (found.values.shape, found.rate, found.duration_s) == ((5, 2560), 5.0, 1.0)
    assert found.origin is not None
    assert found.origin.video == str(videos / "a.mp4")
    frames, motion = found.origin.settings.streams
    assert (frames.name, frames.size, motion.name, motion.size) == ("frames", 1280, "motion", 1280)
    assert motion.compares_frames
    assert not frames.compares_frames


def test_what_is_done_is_skipped_and_what_changed_is_not(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path
) -> None:
    command = ("features", videos, "-o", tmp_path / "out", *SMALL)
    call(capfd, *command)
    whole = (tmp_path / "out" / "a.mp4.npz").read_bytes()
    assert call(capfd, *command).errors.splitlines()[-1] == "0 done, 2 skipped, 0 failed"
    (tmp_path / "out" / "a.mp4.npz").write_bytes(whole[:100])
    assert call(capfd, *command).errors.splitlines()[-1] == "1 done, 1 skipped, 0 failed"
    assert (tmp_path / "out" / "a.mp4.npz").read_bytes() == whole
    write_video(videos / "deep" / "b.mkv", Recipe(frames=15))
    assert call(capfd, *command).errors.splitlines()[-1] == "1 done, 1 skipped, 0 failed"
    assert call(capfd, *command, "--view", "whole").errors.splitlines()[-1] == "2 done, 0 skipped, 0 failed"
    assert call(capfd, *command, "--view", "whole", "--overwrite").errors.endswith("2 done, 0 skipped, 0 failed\n")


def test_safetensors_say_what_they_hold(capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path) -> None:
    ended = call(capfd, "features", videos / "a.mp4", "-o", tmp_path / "out", *SMALL, "--format", "safetensors")
    assert (ended.status, ended.output, ended.errors) == (0, "", "")
    with safe_open(tmp_path / "out" / "a.mp4.safetensors", framework="numpy") as file:
        said = json.loads(file.metadata()["vidlabel"])
        assert file.get_tensor("features").shape == (5, 1280)
    assert (said["schema"], said["duration_s"]) == ("vidlabel.features/1", 1.0)
    (frames,) = said["settings"]["streams"]
    assert (frames["pictures"]["view"], frames["pictures"]["lag_s"]) == ("centre", None)


def test_failures_are_named_and_the_rest_is_written(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path
) -> None:
    (videos / "bad.mp4").write_text("Dear diary\n" * 100)
    ended = call(capfd, "features", videos, videos / "missing.mp4", "-o", tmp_path / "out", *SMALL, "--quiet")
    assert ended.status == 3
    lines = ended.errors.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {videos / 'bad.mp4'}: ")
    assert lines[1] == f"error: {videos / 'missing.mp4'}: no such file; check the path"
    assert len(list((tmp_path / "out").rglob("*.npz"))) == 2
    assert call(capfd, "features", videos / "bad.mp4", "-o", tmp_path / "out").status == 1


def test_a_folder_that_cannot_be_listed_has_failed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (videos / "notes.txt").touch()
    listed = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder).name == "deep":
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    ended = call(capfd, "features", videos, "-o", tmp_path / "out", *SMALL)
    assert (ended.status, ended.output) == (3, "")
    assert ended.errors.splitlines() == [
        f"error: {videos / 'deep'}: cannot be listed (Permission denied); check its permissions",
        f"1 done, 0 skipped, 1 failed; left out: {videos / 'notes.txt'}",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("--rate", "0"),
        ("--streams", "audio"),
        ("--encoder", "resnet"),
        ("--short-side", "1"),
        ("--lag", "5"),
        ("--format", "csv"),
        ("--view", "left"),
    ],
    ids=" ".join,
)
def test_wrong_usage(capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path, options: tuple[str, ...]) -> None:
    ended = call(capfd, "features", videos, "-o", tmp_path / "out", *options)
    assert (ended.status, ended.output) == (2, "")
    assert "rror: " in ended.errors
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file(capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path) -> None:
    (tmp_path / "out").touch()
    ended = call(capfd, "features", videos, "-o", tmp_path / "out")
    assert (ended.status, ended.errors.count("\n")) == (2, 1)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert call(capfd, "features", empty, "-o", tmp_path / "new").errors.startswith(f"error: {empty}: holds no videos")


def test_the_size_of_the_cache_is_shown(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    part = CachedPart(np.arange(1000.0), np.zeros((1000, 1280), np.float32), ReadReport("pyav"))
    FeatureCache(folder).keep("v", FeatureConfig(), FeatureBlock("frames", "centre"), part)
    monkeypatch.setenv("VIDLABEL_CACHE", str(folder))
    for arguments in (("--cache",), ("--cache", "--cache-dir", str(folder))):
        assert call(capfd, "info", *arguments).output.splitlines() == [
            str(folder),
            "  features    1 files, 2.6 MB; deleting them is safe",
        ]
    said = json.loads(call(capfd, "info", "--cache", "--json").output)
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    assert said == {"folder": str(folder), "entries": 1, "size_bytes": size}
    empty = json.loads(call(capfd, "info", "--cache", "--cache-dir", tmp_path / "none", "--json").output)
    assert (empty["entries"], empty["size_bytes"]) == (0, 0)
    assert not (tmp_path / "none").exists()


def test_info_wants_one_thing(capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in (("--json",), ("objects", "--cache")):
        ended = call(capfd, "info", *arguments)
        assert (ended.status, ended.output) == (2, "")
        assert ended.errors == "error: info: needs a model, a video, or --cache; give one of them\n"
