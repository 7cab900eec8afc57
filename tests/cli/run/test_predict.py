"""What `predict` refuses or explains before it labels anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import call
from corpus import Recipe, write_video
from vidlabel.cli.run.predict import run_predict
from vidlabel.errors import InputError, UsageError
from vidlabel.prediction.options import PredictOptions


def run(arguments: list[str], output: Path, *, workers: int | None = None, dry_run: bool = False) -> int:
    """Label into a folder, with everything else as a user leaves it."""
    return run_predict(
        arguments,
        PredictOptions(),
        output=str(output),
        format_name="json",
        workers=workers,
        recursive=False,
        overwrite=False,
        retry_failed=False,
        dry_run=dry_run,
        strict=False,
        summary=None,
        render=None,
        profile=False,
        quiet=True,
        debug=False,
    )


def clips(folder: Path) -> list[str]:
    for name in "ab":
        (folder / f"{name}.mp4").write_bytes(b"not looked into yet")
    return [str(folder / f"{name}.mp4") for name in "ab"]


def test_a_plan_is_told_and_nothing_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    given = clips(tmp_path)
    assert run(given, tmp_path / "out", dry_run=True) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["label", path] for path in given]
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=10))


@pytest.mark.usefixtures("in_one_process")
@pytest.mark.parametrize("name", ["one.json", "one.csv", "labels/"])
def test_a_plan_is_what_happens(
    tmp_path: Path, clip: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "labels" / "clip.mp4.json" if name == "labels/" else tmp_path / name
    steps: list[tuple[Callable[[], object], tuple[str, ...], str, int]] = [
        (lambda: None, (), "label  {}  (new)", 0),
        (lambda: None, (), "skip   {}  (done)", 0),
        (lambda: output.write_bytes(output.read_bytes() + b" "), (), "fail   {}  (%s: was changed since", 1),
        (lambda: None, ("--overwrite",), "label  {}  (to be overwritten)", 0),
        (lambda: None, ("--rate", "4"), "label  {}  (the video, the model or the options changed)", 0),
        (output.unlink, ("--rate", "4"), "label  {}  (its output is missing)", 0),
    ]
    for prepare, options, planned, status in steps:
        prepare()
        command: tuple[str | Path, ...] = ("predict", clip, "-m", "objects", "-o", name, *options)
        plan = call(capfd, *command, "--dry-run").output
        shown = os.path.relpath(output)
        assert plan.startswith((planned % shown if "%s" in planned else planned).format(clip))
        before = output.stat().st_ino if output.exists() else 0
        assert call(capfd, *command).status == status
        assert (output.stat().st_ino != before) == plan.startswith("label")


def test_a_plan_for_standard_output_names_what_is_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    gone = tmp_path / "gone.mp4"
    assert call(capfd, "predict", gone, "--dry-run").output.startswith(f"fail   {gone}  ({gone}: no such file")


def test_a_folder_without_videos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no videos"):
        run([str(tmp_path)], tmp_path / "out")


def test_no_workers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--workers: 0 is not possible"):
        run(clips(tmp_path), tmp_path / "out", workers=0)
