"""Segments of results as clips: what is skipped, what fails, and that nothing else suffers by it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import vidlabel
from corpus import Recipe, write_video
from video_writing.sounding import H264, look
from vidlabel.errors import AnnotationError, OutputError, UsageError
from vidlabel.video_writing import cut as cutting
from vidlabel.video_writing.cut import CutClip
from vidlabel.video_writing.process import run_order


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a video of 2.4 s, a key frame every 0.48 s."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "clip.mp4", Recipe(options=H264))
    return tmp_path


def write_table(path: Path, *rows: str) -> Path:
    path.write_text("video,start,end,label\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def names(clips: list[CutClip]) -> list[tuple[str, str]]:
    return [(clip.path.name, clip.status) for clip in clips]


def test_each_segment_of_the_labels_is_a_clip(folder: Path) -> None:
    table = write_table(folder / "t.csv", "clip.mp4,0.48,0.96,fall", "clip.mp4,0.2,0.4,walk", "clip.mp4,0.52,1,a/b")
    found = vidlabel.cut(table, "clips", ["fall", "a/b"])
    assert names(found) == [
        ("clip_0000.480-0000.960_fall.mp4", "copied"),
        ("clip_0000.520-0001.000_a_b~c14cddc0.mp4", "encoded"),
    ]
    assert look(found[0].path).numbers == list(range(12, 24))
    assert look(found[1].path).numbers == list(range(13, 25))
    assert sorted(path.name for path in Path("clips").iterdir()) == sorted(clip.path.name for clip in found)


def test_a_margin_is_added_within_the_video(folder: Path) -> None:
    table = write_table(folder / "t.csv", "clip.mp4,0.2,0.4,fall", "clip.mp4,2.2,2.4,fall")
    found = vidlabel.cut(table, "clips", margin=0.3)
    assert [(clip.start, clip.end) for clip in found] == [(0.0, 0.7), (1.9, 2.7)]
    assert [(look(clip.path).numbers[0], look(clip.path).numbers[-1]) for clip in found] == [(0, 17), (48, 59)]


def test_clips_that_are_there_are_skipped_or_replaced(folder: Path) -> None:
    table = write_table(folder / "t.csv", "clip.mp4,0.48,0.96,fall")
    (clip,) = vidlabel.cut(table, "clips")
    clip.path.write_bytes(b"mine")
    (again,) = vidlabel.cut(table, "clips")
    assert (again.status, clip.path.read_bytes()) == ("skipped", b"mine")
    assert "--overwrite" in again.reason
    (replaced,) = vidlabel.cut(table, "clips", overwrite=True)
    assert replaced.status == "copied"
    assert look(clip.path).numbers == list(range(12, 24))


def test_the_video_itself_is_never_overwritten(folder: Path) -> None:
    table = write_table(folder / "t.csv", "clip.mp4,0.48,0.96,fall")
    Path("clips").mkdir()
    linked = Path("clips/clip_0000.480-0000.960_fall.mp4")
    linked.hardlink_to("clip.mp4")
    before = Path("clip.mp4").read_bytes()
    (found,) = vidlabel.cut(table, "clips", overwrite=True)
    assert (found.status, Path("clip.mp4").read_bytes()) == ("failed", before)
    assert "is the video itself" in found.reason


def test_a_bad_video_and_a_missing_one_do_not_end_the_others(folder: Path) -> None:
    Path("bad.mp4").write_bytes(b"no video")
    rows = "bad.mp4,0,1,fall", "gone.mp4,0,1,fall", "clip.mp4,9,10,fall", "clip.mp4,0.48,0.96,fall"
    plan = cutting.plan_cut([write_table(folder / "t.csv", *rows)], Path("clips"), cutting.CutOptions())
    found = list(cutting.cut_clips(plan, Path("clips"), cutting.CutOptions()))
    assert [(clip.video.name, clip.status) for clip in found] == [
        ("bad.mp4", "failed"),
        ("clip.mp4", "copied"),
        ("clip.mp4", "failed"),
    ]
    assert [error.subject for error in plan.errors] == ["gone.mp4"]
    assert "is damaged or no video" in found[0].reason
    assert "is 2.400 s long" in found[2].reason
    assert len(list(Path("clips").iterdir())) == 1


_DIES_AT_500_MS = """
import os, signal
from vidlabel.video_writing import child
write = child.write_clip
def write_or_die(media, span, path):
    if span.start_s == child.Fraction(1, 2):
        path.write_bytes(b'half')
        os.kill(os.getpid(), signal.SIGKILL)
    return write(media, span, path)
child.write_clip = write_or_die
child.main()
"""


def test_a_process_that_dies_costs_one_clip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (sys.executable, "-c", _DIES_AT_500_MS)
    monkeypatch.setattr(cutting, "run_order", partial(run_order, command=command))
    rows = "clip.mp4,0.2,0.4,fall", "clip.mp4,0.5,0.9,fall", "clip.mp4,0.96,1.2,fall"
    found = vidlabel.cut(write_table(folder / "t.csv", *rows), "clips")
    assert [clip.status for clip in found] == ["encoded", "failed", "copied"]
    assert "was ended by signal 9" in found[1].reason
    assert sorted(path.name for path in Path("clips").iterdir()) == [found[0].path.name, found[2].path.name]


def test_a_process_that_hangs_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (sys.executable, "-c", "import sys; sys.stdin.buffer.read()")
    monkeypatch.setattr(cutting, "run_order", partial(run_order, command=command, timeout_s=0.2))
    (found,) = vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0.2,0.4,fall"), "clips")
    assert "gave no sign of life" in found.reason


@pytest.mark.parametrize(
    "line", ['{"type": "Written", "copied": 1, "warnings": []}', '{"type": "OrderDone", "warnings": []}', "nonsense"]
)
def test_what_the_process_sends_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(
        cutting, "run_order", partial(run_order, command=(sys.executable, "-c", f"print({line!r})"), timeout_s=60)
    )
    (found,) = vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0.2,0.4,fall"), "clips")
    assert found.status == "failed"


def test_ctrl_c_leaves_whole_clips_alone(folder: Path) -> None:
    table = write_table(folder / "t.csv", "clip.mp4,0.48,0.96,fall", "clip.mp4,0.5,0.9,fall")
    plan = cutting.plan_cut([table], Path("clips"), cutting.CutOptions())
    cut = cutting.cut_clips(plan, Path("clips"), cutting.CutOptions())
    first = next(cut)
    with pytest.raises(KeyboardInterrupt):
        cut.throw(KeyboardInterrupt())
    assert list(Path("clips").iterdir()) == [first.path]


def unknown_label(folder: Path) -> list[CutClip]:
    return vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0,1,fall"), "clips", "falls")


def output_is_a_file(folder: Path) -> list[CutClip]:
    return vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0,1,fall"), "t.csv")


def output_cannot_be_made(folder: Path) -> list[CutClip]:
    return vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0,1,fall"), "t.csv/clips")


def negative_margin(folder: Path) -> list[CutClip]:
    return vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0,1,fall"), "clips", margin=-1)


@pytest.mark.parametrize(
    ("call", "kind", "problem"),
    [
        (unknown_label, AnnotationError, "no segment is called 'falls'; there are fall"),
        (output_is_a_file, UsageError, "is a file where a folder is needed"),
        (output_cannot_be_made, OutputError, "cannot be made"),
        (negative_margin, UsageError, "--margin"),
    ],
)
def test_what_cannot_be_done_is_one_error(
    folder: Path, call: Callable[[Path], list[CutClip]], kind: type[Exception], problem: str
) -> None:
    with pytest.raises(kind, match=problem):
        call(folder)


def test_whole_videos_are_not_cut(folder: Path) -> None:
    table = write_table(folder / "t.csv", "clip.mp4,,,fall", "clip.mp4,0.48,0.96,walk")
    plan = cutting.plan_cut([table], Path("clips"), cutting.CutOptions())
    assert [clip.label for clip, _ in plan.clips] == ["walk"]
    assert "1 labels are of whole videos" in str(plan.errors[0])


def test_a_disk_that_is_full_ends_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from vidlabel.video_writing import child; from vidlabel.errors import OutputError\n" + (
        "def full(*_): raise OutputError('x', 'cannot be written (No space left on device)')\n"
        "child.write_clip = full; child.main()"
    )
    monkeypatch.setattr(cutting, "run_order", partial(run_order, command=(sys.executable, "-c", script)))
    with pytest.raises(OutputError, match="No space left"):
        vidlabel.cut(write_table(folder / "t.csv", "clip.mp4,0.2,0.4,fall"), "clips")
    assert list(Path("clips").iterdir()) == []
