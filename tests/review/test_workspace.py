"""A review on the disk: how it begins and goes on, what it refuses to overwrite, and that `train` reads its table."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from examples import example_result
from review.reviewing import TABLE, write_labels
from vidlabel.errors import AnnotationError, InputError, OutputError, UsageError, VidlabelError
from vidlabel.labels.formats.registry import FORMATS, read_labels
from vidlabel.labels.result import Segment
from vidlabel.review.segments import SegmentEdit
from vidlabel.review.workspace import ReviewWorkspace
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_examples

Rows = list[tuple[str, float | None, float | None, str]]


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_labels(tmp_path)


def rows(path: Path) -> Rows:
    return [(row.video, row.start, row.end, row.label) for row in read_labels(path)]


def review(source: Path, videos: Path | None = None, output: Path | None = None, *, deletes: int = 1) -> Path:
    """Delete the first segments of the first video, and save; give the table."""
    with ReviewWorkspace(source, videos, output) as workspace:
        for _ in range(deletes):
            first = workspace.session.segments(0)[0]
            workspace.session.delete(workspace.session.revision, 0, first.number)
        return workspace.output


def test_the_table_lies_beside_the_labels_and_is_read_by_train(labels: Path) -> None:
    with ReviewWorkspace(labels, None, None) as workspace:
        session = workspace.session
        session.correct(0, 0, 0, SegmentEdit(0.24, 1.04, "left"), "Änn", 2.4)
        session.add(1, 0, SegmentEdit(2.2, 2.4, "=jump, or not"), "Änn", 2.4)
        session.delete(2, 1, 0)
        session.add(3, 1, SegmentEdit(None, None, "background"), "Änn", 2.4)
        session.correct(4, 0, 1, SegmentEdit(1.2, 1.6, "right"), "Änn", 2.4)
        assert (workspace.progress(), workspace.is_saved) == ((4, 5), False)
    table = labels.parent / "day-reviewed.csv"
    assert table.read_bytes().decode().split("\r\n") == [
        "video,start,end,label,score,reviewer,status",
        "clip.mp4,0.24,1.04,left,0.93,Änn,corrected",
        "clip.mp4,1.2,1.6,right,0.52,Änn,confirmed",
        "clip.mp4,1.7,2.2,left,0.61,,unreviewed",
        'clip.mp4,2.2,2.4,"=jump, or not",,Änn,added',
        "other.mp4,,,background,,Änn,added",
        "",
    ]
    read = read_examples(table, LabelOptions())
    assert read.labels == ("=jump, or not", "left", "right", "background")
    assert [len(example.spans) for example in read.examples] == [4, 0]
    assert read.examples[1].clip_labels == ("background",)


def test_a_table_elsewhere_names_the_videos_from_there(labels: Path, tmp_path: Path) -> None:
    output = review(labels, None, tmp_path / "out" / "reviewed.csv")
    assert {row[0] for row in rows(output)} == {"../clip.mp4", "../other.mp4"}
    assert len(read_examples(output).examples) == 2


def test_a_review_goes_on_where_it_was(labels: Path) -> None:
    review(labels)
    with ReviewWorkspace(labels, None, None) as workspace:
        assert (workspace.resumed, workspace.session.counts(0)) == (1, (0, 2))
        workspace.session.undo(1)
    assert rows(labels.parent / "day-reviewed.csv") == rows(labels)


def test_a_reviewed_table_is_reviewed_further_in_its_place(labels: Path) -> None:
    table = review(labels)
    table.with_name("day-reviewed.csv.journal").unlink()
    for left in (2, 1):  # the second time it goes on from the journal
        with ReviewWorkspace(table, None, None) as workspace:
            assert workspace.output == table
            workspace.session.correct(
                workspace.session.revision, 1, 0, SegmentEdit(0.0, 1.0 * left, "right"), "Bob", None
            )
            workspace.session.delete(workspace.session.revision, 0, workspace.session.segments(0)[0].number)
    assert [row[2:] for row in rows(table)] == [(1.0, "right")]
    assert table.read_text().splitlines()[1].endswith("Bob,corrected")
    table.with_name("day-reviewed.csv.journal").unlink()
    with ReviewWorkspace(table, None, None) as workspace:
        (segment,) = workspace.session.segments(0)
        assert (segment.status, segment.reviewer, segment.score) == ("corrected", "Bob", 0.8)


def test_nothing_is_left_behind_where_nothing_was_changed(labels: Path) -> None:
    before = sorted(labels.parent.iterdir())
    with ReviewWorkspace(labels, None, None) as workspace:
        assert workspace.is_saved
    assert sorted(labels.parent.iterdir()) == before


def test_changes_are_on_the_disk_before_the_table_is(labels: Path) -> None:
    workspace = ReviewWorkspace(labels, None, None)
    workspace.session.delete(0, 0, 0)
    workspace._journal.close()  # as a kill does
    assert not (labels.parent / "day-reviewed.csv").exists()
    with ReviewWorkspace(labels, None, None) as again:
        assert again.session.counts(0) == (0, 2)
    assert len(rows(labels.parent / "day-reviewed.csv")) == 3


def of_others(labels: Path) -> Path:
    output = labels.with_name("mine.csv")
    output.write_text(TABLE)
    return output


def changed_since(labels: Path) -> Path:
    output = review(labels, None, labels.with_name("mine.csv"))
    output.write_text(output.read_text() + "clip.mp4,2.3,2.4,left,,,\n")
    return output


def of_other_labels(labels: Path) -> Path:
    output = review(labels, None, labels.with_name("mine.csv"))
    labels.write_text(TABLE + "clip.mp4,2.3,2.4,left,0.7\n")
    return output


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        (of_others, "mine.csv: is there and was not made by this review"),
        (changed_since, "mine.csv: was changed since its review"),
        (of_other_labels, "day.csv: is not what .*mine.csv is a review of"),
        (lambda labels: labels, "day.csv: is there and was not made by this review"),
    ],
)
def test_tables_of_others_are_not_overwritten(labels: Path, prepare: Callable[[Path], Path], problem: str) -> None:
    output = prepare(labels)
    before = {path.name: path.read_bytes() for path in labels.parent.iterdir()}
    with pytest.raises(OutputError, match=problem):
        ReviewWorkspace(labels, None, output)
    assert {path.name: path.read_bytes() for path in labels.parent.iterdir()} == before


@pytest.mark.parametrize("name", ["reviewed.json", "reviewed", "folder.csv"])
def test_the_output_is_a_table(labels: Path, name: str) -> None:
    (labels.parent / "folder.csv").mkdir()
    with pytest.raises(UsageError):
        ReviewWorkspace(labels, None, labels.parent / name)


def test_a_folder_that_cannot_be_written_is_one_line(labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def read_only(path: Path, mode: str = "r", *arguments: object, **named: object) -> object:
        if mode != "rb" and "w" in mode:
            raise PermissionError(13, "Permission denied")
        return opened(path, mode, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", read_only)
    with pytest.raises(OutputError, match="cannot be written \\(Permission denied\\)"):
        ReviewWorkspace(labels, None, None)


def test_labels_that_cannot_be_read_leave_no_journal(labels: Path) -> None:
    labels.write_text("video,start,end,label\nclip.mp4,2,1,left\n")
    with pytest.raises(AnnotationError, match="end 1 is not after start 2"):
        ReviewWorkspace(labels, None, None)
    labels.write_text("video,start,end,label\nnowhere.mp4,1,2,left\n")
    with pytest.raises(InputError, match=r"none of the 1 videos .* nowhere\.mp4: there is no such file"):
        ReviewWorkspace(labels, None, None)
    with pytest.raises(AnnotationError, match="no such file or folder"):
        ReviewWorkspace(labels.with_name("none.csv"), None, None)
    assert sorted(path.name for path in labels.parent.iterdir()) == ["clip.mp4", "day.csv", "other.mp4"]


# ---- videos that have moved


@pytest.mark.parametrize(
    "place", ["moved/clip.mp4", "moved/deeper/clip.mp4", "moved/old/videos/clip.mp4", "moved/videos/clip.mp4"]
)
@pytest.mark.parametrize("before", ["/old/videos/clip.mp4", "C:\\old\\videos\\clip.mp4", "../old/videos/clip.mp4"])
def test_a_video_that_has_moved_is_found(labels: Path, tmp_path: Path, place: str, before: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / "clip.mp4").rename(tmp_path / place)
    labels.write_text(TABLE.replace("clip.mp4", before).replace("other.mp4", "../up/other.mp4"))
    with ReviewWorkspace(labels, tmp_path / "moved", None) as workspace:
        assert workspace.videos[0].path == tmp_path / place
        assert workspace.videos[1].path is None
        workspace.session.delete(0, 0, 0)
    assert {row[0] for row in rows(workspace.output)} == {place, "../up/other.mp4"}


def test_of_two_videos_of_one_name_none_is_guessed(labels: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "moved" / name).mkdir(parents=True)
        shutil.copy(tmp_path / "clip.mp4", tmp_path / "moved" / name)
    shutil.copy(tmp_path / "other.mp4", tmp_path / "moved")
    with ReviewWorkspace(labels, tmp_path / "moved", None) as workspace:
        assert "clip.mp4: may be " in workspace.videos[0].problem


def test_the_folder_of_videos_is_a_folder(labels: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        ReviewWorkspace(labels, labels, None)


# ---- what predict writes


def results(folder: Path, suffix: str, *names: str) -> Path:
    """An output folder with a result for each video, the second without labels."""
    for number, name in enumerate(names):
        found = () if number else (Segment(0.2, 1.0, "left", 0.5),)
        output = folder / f"{name}{suffix}"
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("wb") as file:
            FORMATS[suffix[1:]].write(replace(example_result(name), segments=found), file)
    return folder


def test_results_in_a_folder_are_reviewed_together(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ReviewWorkspace(results(tmp_path / "labels", ".json", "clip.mp4", "other.mp4"), None, None) as workspace:
        assert [video.name for video in workspace.videos] == ["clip.mp4", "other.mp4"]
        assert workspace.output.resolve() == tmp_path / "labels-reviewed.csv"
        workspace.session.add(0, 1, SegmentEdit(0.0, 1.0, "jump"), "Ann", 2.4)
    assert rows(tmp_path / "labels-reviewed.csv") == [("clip.mp4", 0.2, 1.0, "left"), ("other.mp4", 0.0, 1.0, "jump")]


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".csv"])
def test_results_that_name_no_video_belong_to_the_one_beside_them(labels: Path, tmp_path: Path, suffix: str) -> None:
    folder = results(tmp_path / "labels", suffix, "clip.mp4")
    with ReviewWorkspace(folder, tmp_path, None) as workspace:
        assert [video.path for video in workspace.videos] == [tmp_path / "clip.mp4"]


def test_a_file_that_is_no_result_is_left_out_with_a_warning(labels: Path, tmp_path: Path) -> None:
    folder = results(tmp_path / "labels", ".json", "clip.mp4")
    text = (folder / "clip.mp4.json").read_text()
    (folder / "later.mp4.json").write_text(text.replace("vidlabel.result/1", "vidlabel.result/9"))
    with ReviewWorkspace(folder, tmp_path, None) as workspace:
        assert "later.mp4.json" in workspace.warnings[0]
        assert "left out" in workspace.warnings[0]
    (folder / "clip.mp4.json").unlink()
    with pytest.raises(InputError, match=r"later\.mp4\.json"):
        ReviewWorkspace(folder, tmp_path, None)


@pytest.mark.parametrize("content", ["", "video,start,end,label\n", "\0binary"])
def test_empty_labels_are_one_line(labels: Path, content: str) -> None:
    labels.write_text(content)
    with pytest.raises(VidlabelError, match=r"day\.csv: "):
        ReviewWorkspace(labels, None, None)


def test_an_empty_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    with pytest.raises(AnnotationError, match="holds no labels"):
        ReviewWorkspace(tmp_path / "labels", None, None)
