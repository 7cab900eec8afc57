"""`vidlabel predict --render`: where copies may go, what is drawn, and that labels stay as they are."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from command_line import call
from corpus import Recipe, write_video
from examples import example_result
from video_writing.sounding import H264
from vidlabel.batch.inputs import Inputs, VideoInput
from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome
from vidlabel.cli.run.render import RenderDestination, Rendering, choose_render_destination
from vidlabel.errors import UsageError
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.video_writing.drawn import BandSegment


def inputs(*paths: Path) -> Inputs:
    return Inputs(tuple(VideoInput(str(path), Path(path.name)) for path in paths))


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    (tmp_path / "videos").mkdir()
    paths = [tmp_path / "videos" / name for name in ("a.mp4", "b.mkv")]
    for path in paths:
        path.write_bytes(b"x")
    return paths


def test_a_file_for_one_video_and_a_folder_for_several(tmp_path: Path, videos: list[Path]) -> None:
    one, both = inputs(videos[0]), inputs(*videos)
    for render, given, is_file in (
        ("r.mp4", one, True),
        ("r", one, False),
        ("r.mp4/", both, False),
        ("2024.05", both, False),
    ):
        path = tmp_path / render
        found = choose_render_destination(str(tmp_path) + "/" + render, [], given, None)
        assert found == RenderDestination(path, is_file)


@pytest.mark.parametrize(
    ("render", "problem"),
    [
        ("", "is empty"),
        ("r.avi", "does not end with .mp4"),
        ("r.mp4", "can hold one video, not 2"),
        ("videos", "where the next run would label the copies"),
        ("videos/deep/", "where the next run would label the copies"),
    ],
)
def test_places_that_make_no_sense_are_refused(
    tmp_path: Path, videos: list[Path], monkeypatch: pytest.MonkeyPatch, render: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=problem):
        choose_render_destination(render, ["videos"], inputs(*videos), None)


def test_a_video_is_never_its_own_copy(tmp_path: Path, videos: list[Path]) -> None:
    (tmp_path / "hard.mp4").hardlink_to(videos[0])
    (tmp_path / "soft.mp4").symlink_to(videos[0])
    for name in ("hard.mp4", "soft.mp4", "videos/a.mp4"):
        with pytest.raises(UsageError, match="is the video itself"):
            choose_render_destination(str(tmp_path / name), [], inputs(videos[0]), None)
    with pytest.raises(UsageError, match="is the file of the labels"):
        choose_render_destination(str(tmp_path / "o.mp4"), [], inputs(videos[0]), str(tmp_path / "o.mp4"))
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies/b.mkv.mp4").hardlink_to(videos[0])
    with pytest.raises(UsageError, match="is one of the videos"):
        choose_render_destination(str(tmp_path / "copies"), [], inputs(*videos), None)


@pytest.mark.parametrize("name", FORMATS)
def test_labels_are_taken_from_files_of_all_formats(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"clip.mp4{FORMATS[name].suffix}"
    with path.open("wb") as file:
        FORMATS[name].write(example_result(), file)
    rendering = Rendering(RenderDestination(tmp_path, False))
    assert len(list(rendering.follow([Outcome(Task("clip.mp4", path), "skipped")]))) == 1
    assert rendering.read_files() == []
    score = None if name in ("srt", "vtt") else 0.9
    assert rendering.segments == {"clip.mp4": (BandSegment(500, 2000, "dog", "", score),)}


def test_of_a_table_each_video_has_its_own_labels(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("video,start,end,label,score\na.mp4,0,1,dog,0.5\nb.mp4,1,2,cat,0.5\n", encoding="utf-8")
    rendering = Rendering(RenderDestination(tmp_path, False))
    list(rendering.follow([Outcome(Task(video, path), "done") for video in ("a.mp4", "b.mp4", "c.mp4")]))
    assert rendering.read_files() == []
    assert {video: len(found) for video, found in rendering.segments.items()} == {"a.mp4": 1, "b.mp4": 1, "c.mp4": 0}


def test_labels_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    rendering = Rendering(RenderDestination(tmp_path, False))
    list(rendering.follow([Outcome(Task("a.mp4", tmp_path / "gone.json"), "done")]))
    assert [error.subject for error in rendering.read_files()] == [str(tmp_path / "gone.json")]
    assert rendering.segments == {}


@pytest.mark.usefixtures("shared_decoding", "shared_encoders", "in_one_process")
def test_labels_stay_byte_for_byte_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "clip.mp4", Recipe(options=H264, frames=25))
    plain = call(capfd, "predict", "clip.mp4", "-m", "objects")
    drawn = call(capfd, "predict", "clip.mp4", "-m", "objects", "--render", "copies/r.mp4", "-q")
    assert (drawn.status, drawn.output, drawn.errors) == (0, plain.output, "")
    with av.open("copies/r.mp4") as container:
        assert len(list(container.decode(video=0))) == 25
    again = call(capfd, "predict", "clip.mp4", "-m", "objects", "--render", "clip.mp4")
    assert (again.status, again.output) == (2, "")
