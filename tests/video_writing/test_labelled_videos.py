"""Results of all kinds, and where their videos are."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.errors import InputError, UsageError, VideoError
from vidlabel.labels.annotations import Annotation
from vidlabel.video_writing.labelled_videos import LabelledSegment, VideoFinder, read_results


def table(path: Path, video: str = "clip.mp4", label: str = "fall") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"video,start,end,label\n{video},1,2,{label}\n", encoding="utf-8")
    return path


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def segment(video: str, source: Path) -> LabelledSegment:
    return LabelledSegment(Annotation(video, 1.0, 2.0, "fall"), source)


def test_folders_are_searched_for_all_formats(tmp_path: Path) -> None:
    table(tmp_path / "deep/a.csv", "a.mp4")
    (tmp_path / "b.mp4.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nfall\n", encoding="utf-8")
    table(tmp_path / ".vidlabel/records/c.csv", "c.mp4")
    touch(tmp_path / "a.mp4")
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


def test_videos_are_looked_for_from_the_working_folder_and_from_that_of_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    touch(tmp_path / "work/videos/a.mp4")
    touch(tmp_path / "labels/b.mp4")
    finder = VideoFinder(None)
    results = tmp_path / "labels/r.csv"
    assert finder.find(segment("videos/a.mp4", results)) == Path("videos/a.mp4")
    assert finder.find(segment("b.mp4", results)) == tmp_path / "labels/b.mp4"
    with pytest.raises(VideoError, match="--videos"):
        finder.find(segment("c.mp4", results))


@pytest.mark.parametrize(
    "named", ["b/x.mp4", "/gone/b/x.mp4", "../b/x.mp4", "gone/a/b/x.mp4", "D:\\data\\b\\x.mp4", "gone/B/x.MP4"]
)
def test_moved_videos_are_found_by_the_end_of_their_path(tmp_path: Path, named: str) -> None:
    wanted = touch(tmp_path / "b/x.mp4")
    if named == "gone/B/x.MP4":
        assert VideoFinder(tmp_path).find(segment(named, tmp_path)) == wanted
        return
    touch(tmp_path / "c/x.mp4")
    assert VideoFinder(tmp_path).find(segment(named, tmp_path)) == wanted


def test_a_moved_video_that_may_be_several_is_not_guessed(tmp_path: Path) -> None:
    touch(tmp_path / "b/x.mp4")
    touch(tmp_path / "c/x.mp4")
    with pytest.raises(VideoError, match=r"may be .*b/x\.mp4 and .*c/x\.mp4"):
        VideoFinder(tmp_path).find(segment("gone/x.mp4", tmp_path))
    with pytest.raises(VideoError, match="is not in"):
        VideoFinder(tmp_path).find(segment("y.mp4", tmp_path))
    with pytest.raises(UsageError, match="is not a folder"):
        VideoFinder(tmp_path / "nowhere")


def test_paths_lead_to_no_file_outside_the_folder(tmp_path: Path) -> None:
    touch(tmp_path / "secret.mp4")
    (tmp_path / "videos").mkdir()
    for named in ("../secret.mp4", str(tmp_path / "secret.mp4")):
        with pytest.raises(VideoError, match="is not in"):
            VideoFinder(tmp_path / "videos").find(segment(named, tmp_path))
