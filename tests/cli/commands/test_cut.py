"""`vidlabel cut`: what it prints, and its exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import call
from corpus import Recipe, write_video
from video_writing.sounding import H264


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "clip.mp4", Recipe(options=H264))
    rows = "clip.mp4,0.48,0.96,fall\nclip.mp4,0.52,1,<b>x</b>\n"
    Path("labels.csv").write_text(f"video,start,end,label\n{rows}", encoding="utf-8")
    return Path("labels.csv")


def test_clips_are_named_and_counted(table: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ended = call(capfd, "cut", table, "-o", "clips", "--label", "fall")
    assert (ended.status, ended.output) == (0, "")
    assert ended.errors.splitlines() == [
        "[1/1] copied clips/clip_0000.480-0000.960_fall.mp4",
        "1 copied, 0 encoded, 0 skipped, 0 failed in clips",
    ]
    again = call(capfd, "cut", table, "-o", "clips")
    assert again.status == 0
    assert "skipped clips/clip_0000.480-0000.960_fall.mp4: exists; --overwrite replaces it" in again.errors
    assert "0 copied, 1 encoded, 1 skipped, 0 failed in clips" in again.errors
    assert call(capfd, "cut", table, "-o", "clips", "-q").errors == ""


def test_what_fails_is_an_error_of_one_line(table: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with table.open("a", encoding="utf-8") as file:
        file.write("gone.mp4,0,1,fall\n")
    some = call(capfd, "cut", table, "-o", "clips")
    assert some.status == 3
    assert some.errors.startswith("error: gone.mp4: there is no such file")
    Path("clip.mp4").unlink()
    none = call(capfd, "cut", table, "-o", "other")
    assert none.status == 1
    assert call(capfd, "cut", table, "-o", "clips", "--label", "nonsense").status == 1
    assert call(capfd, "cut", table, "-o", "").status == 2
