"""Results of all kinds, and where their videos are."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.errors import InputError
from vidlabel.video_writing.labelled_segments import read_results


def table(path: Path, video: str = "clip.mp4", label: str = "fall") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"video,start,end,label\n{video},1,2,{label}\n", encoding="utf-8")
    return path


def test_folders_are_searched_for_all_formats(tmp_path: Path) -> None:
    table(tmp_path / "deep/a.csv", "a.mp4")
    (tmp_path / "b.mp4.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nfall\n", encoding="utf-8")
    table(tmp_path / ".vidlabel/records/c.csv", "c.mp4")
    (tmp_path / "a.mp4").touch()
    found = read_results([tmp_path])
    assert sorted(one.row.video for one in found.segments) == ["a.mp4", "b.mp4"]
    assert found.errors == ()


def test_a_file_that_is_broken_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"schema": "vidlabel.result/1"', encoding="utf-8")
    table(tmp_path / "a.csv")
    found = read_results([tmp_path])
    assert len(found.segments) == 1
    assert [Path(error.subject).name for error in found.errors] == ["broken.json"]


def test_results_of_which_nothing_can_be_used_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no results"):
        read_results([tmp_path])
    with pytest.raises(InputError, match="cannot be read"):
        read_results([tmp_path / "missing.json"])
