"""What `predict` refuses or explains before it labels anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.batch.options import PredictOptions
from vidlabel.cli.predicting import Asked, run_predict
from vidlabel.errors import InputError, UsageError


def asked(output: Path, workers: int | None = None) -> Asked:
    return Asked(
        options=PredictOptions(),
        output=str(output),
        format_name="json",
        workers=workers,
        overwrite=False,
        retry_failed=False,
        strict=False,
        summary=None,
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
    assert run_predict(given, asked(tmp_path / "out"), recursive=False, dry_run=True) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["label", path] for path in given]
    assert not (tmp_path / "out").exists()


def test_a_folder_without_videos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no videos"):
        run_predict([str(tmp_path)], asked(tmp_path / "out"), recursive=False, dry_run=False)


def test_no_workers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--workers: 0 is not possible"):
        run_predict(clips(tmp_path), asked(tmp_path / "out", 0), recursive=False, dry_run=False)
