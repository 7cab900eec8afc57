"""`vidlabel features` and `vidlabel info --cache`, as a user runs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from command_line import Ended, call, start
from corpus import Recipe, write_video
from vidlabel.batch.jobs.extract import extract_job
from vidlabel.batch.locks import hold_folder
from vidlabel.batch.plan import WorkOptions
from vidlabel.batch.records import Record, Records
from vidlabel.features.cache import CachedBlock, FeatureCache
from vidlabel.features.config import ExtractOptions, FeatureBlock, FeatureConfig
from vidlabel.features.feature_file import read_feature_file
from vidlabel.video.request import ReadReport

pytestmark = pytest.mark.usefixtures("in_one_process")

SMALL = ("--rate", "5", "--short-side", "64")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `videos`, and their features in `out`."""
    folder = tmp_path_factory.mktemp("features")
    (folder / "videos" / "deep").mkdir(parents=True)
    write_video(folder / "videos" / "a.mp4", Recipe(frames=25))
    write_video(folder / "videos" / "deep" / "b.mkv", Recipe(frames=10))
    ended = start("features", "videos", "-o", "out", *SMALL, "--streams", "frames,motion", folder=folder)
    assert (ended.status, ended.output, closing(ended)) == (0, "", "2 done, 0 skipped, 0 failed")
    return folder


@pytest.fixture
def videos(tmp_path: Path, extracted: Path) -> Path:
    return Path(shutil.copytree(extracted / "videos", tmp_path / "videos"))


def closing(ended: Ended) -> str:
    """The counts of the last line."""
    return ended.errors.splitlines()[-1].split("; ")[0]


def test_a_folder_is_mirrored(extracted: Path) -> None:
    out = extracted / "out"
    written = [path.relative_to(out).as_posix() for path in out.rglob("*.npz")]
    assert sorted(path for path in written if not path.startswith(".vidlabel/")) == ["a.mp4.npz", "deep/b.mkv.npz"]
    found = read_feature_file(out / "a.mp4.npz")
    assert found.times.tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert (found.values.shape, found.rate, found.duration_s) == ((5, 2560), 5.0, 1.0)
    assert found.origin is not None
    assert found.origin.video == "videos/a.mp4"
    frames, motion = found.origin.settings.streams
    assert (frames.name, frames.size, motion.name, motion.size) == ("frames", 1280, "motion", 1280)
    assert motion.compares_frames
    assert not frames.compares_frames


def test_what_is_done_is_skipped_and_what_changed_is_not(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    extracted: Path,
    videos: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(extracted / "out", tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    command = ("features", "videos", "-o", "out", *SMALL, "--streams", "frames,motion")
    output = Path("out", "a.mp4.npz")
    whole = output.read_bytes()
    assert closing(call(capfd, *command)) == "0 done, 2 skipped, 0 failed"
    assert call(capfd, "status", "out").output == "2 done, 0 partial, 0 failed, 0 unfinished\n"
    output.write_bytes(whole[:100])
    write_video(videos / "deep" / "b.mkv", Recipe(frames=15))
    ended = call(capfd, *command)
    assert closing(ended) == "1 done, 0 skipped, 1 failed"
    assert f"error: {output}: was changed since it was written; move it away, or replace it" in ended.errors
    assert call(capfd, "features", "videos/a.mp4", *command[2:], "--overwrite").status == 0
    assert output.read_bytes() == whole


def test_a_video_that_ends_its_process_is_given_up_unless_it_is_to_be_retried(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path
) -> None:
    video, output = videos / "a.mp4", tmp_path / "out" / "a.mp4.npz"
    job = extract_job(ExtractOptions(rate=5.0, short_side=64))
    conditions = WorkOptions(tmp_path / "out", job).conditions
    killed = Record(str(video), job.fingerprint(str(video)), "started", starts=3, conditions=conditions)
    Records(tmp_path / "out").write(output, killed)
    command = ("features", video, "-o", tmp_path / "out", *SMALL, "--summary", tmp_path / "summary.csv")
    ended = call(capfd, *command)
    assert (ended.status, output.exists()) == (1, False)
    assert ended.errors.startswith(f"error: {video}: work on it was broken off 3 times; ")
    assert f"{video},failed," in (tmp_path / "summary.csv").read_text()
    assert call(capfd, *command, "--retry-failed").status == 0
    assert read_feature_file(output).times.tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert f"{video},done,,1.0,5,0,{output}" in (tmp_path / "summary.csv").read_text()


def test_a_folder_is_held_by_one_run(capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path) -> None:
    with hold_folder(tmp_path / "out"):
        ended = call(capfd, "features", videos, "-o", tmp_path / "out", *SMALL)
    assert (ended.status, ended.output) == (1, "")
    assert ended.errors.startswith(f"error: {tmp_path / 'out'}: another run is writing here; ")


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
    lines = sorted(ended.errors.splitlines())
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {videos / 'bad.mp4'}: ")
    assert lines[1] == f"error: {videos / 'missing.mp4'}: no such file; check the path"
    assert len(list((tmp_path / "out" / "videos").rglob("*.npz"))) == 2
    assert call(capfd, "features", videos / "bad.mp4", "-o", tmp_path / "out").status == 1


def test_a_folder_that_cannot_be_listed_has_failed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path, forbid_listing: Callable[[str], None]
) -> None:
    (videos / "notes.txt").touch()
    forbid_listing("deep")
    ended = call(capfd, "features", videos, "-o", tmp_path / "out", *SMALL)
    assert (ended.status, ended.output) == (3, "")
    assert ended.errors.splitlines() == [
        f"error: {videos / 'deep'}: cannot be listed (Permission denied); check its permissions",
        ended.errors.splitlines()[1],
    ]
    assert f"1 done, 0 skipped, 1 failed; left out: {videos / 'notes.txt'}; " in ended.errors


@pytest.mark.parametrize(
    "options",
    [
        ("--rate", "0"),
        ("--streams", "smell"),
        ("--audio-stream", "-1"),
        ("--encoder", "resnet"),
        ("--short-side", "1"),
        ("--lag", "5"),
        ("--format", "csv"),
        ("--view", "left"),
        ("--workers", "0"),
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
    part = CachedBlock(np.arange(1000.0), np.zeros((1000, 1280), np.float32), ReadReport("pyav"))
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
