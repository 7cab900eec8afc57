"""From tables and folders to training sets, and what is said about those that are wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from examples import example_result
from training.sets import read, write_features, write_table
from vidlabel.errors import AnnotationError, UsageError
from vidlabel.labels.annotations import LabelTableError
from vidlabel.labels.formats.registry import FORMATS, Format
from vidlabel.labels.result import Segment
from vidlabel.training.dataset.examples import LabelOptions, Span
from vidlabel.training.dataset.reading import examples_from_folders, read_examples


def problems_of(
    folder: Path, rows: str, options: LabelOptions | None = None, columns: str = "video,start,end,label"
) -> list[str]:
    with pytest.raises(LabelTableError) as caught:
        read(folder, rows, options, columns)
    return [str(problem) for problem in caught.value.problems]


def test_timed_rows_of_one_label_at_a_time(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,6,8,run\na.npz,1,5,walk\nb.npz,0,10,walk\n")
    first, second = found.examples
    assert (first.video, first.path, first.duration_s) == ("a.npz", (tmp_path / "a.npz").resolve(), 10.0)
    assert first.spans == (Span(1, 5, "walk"), Span(6, 8, "run"))
    assert (first.clip_labels, second.spans) == ((), (Span(0, 10, "walk"),))
    assert (found.task, found.unlabelled) == ("single", "background")
    assert (found.labels, found.background) == (("run", "walk", "background"), 2)
    assert (first.group, second.group) == ("a.npz", "b.npz")
    assert found.features is not None
    assert (found.features.width, found.features.rate) == (10, 2.0)


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_what_predict_writes_is_learnt_from(format_: Format, tmp_path: Path) -> None:
    write_features(tmp_path / "a.npz")
    result = replace(example_result("a.npz"), segments=(Segment(1, 5, "walk", 0.5), Segment(6, 8, "run", 0.75)))
    table = tmp_path / f"a.npz{format_.suffix}"
    with table.open("wb") as file:
        format_.write(result, file)
    (found,) = read_examples(table).examples
    assert found.path == (tmp_path / "a.npz").resolve()
    assert found.spans == (Span(1, 5, "walk"), Span(6, 8, "run"))


def test_whole_clips_have_no_unlabelled_time(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,,,run\nb.npz,,,walk\n", LabelOptions(unlabelled="background"))
    assert (found.task, found.unlabelled) == ("single", None)
    assert (found.labels, found.background) == (("run", "walk"), None)
    assert found.examples[0].clip_labels == ("run",)


def test_whole_and_timed_labels_mixed(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,,,run\nb.npz,2,3,walk\n")
    assert (found.task, found.unlabelled, found.background) == ("single", "background", 2)


def test_overlapping_labels_make_a_multi_label_task_and_say_so(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,0,5,run\na.npz,4,8,shout\nb.npz,,,run\n")
    assert (found.task, found.labels, found.background) == ("multi", ("run", "shout"), None)
    (warning,) = found.warnings
    assert "'run' of line 2 and 'shout' of line 3" in warning
    whole = read(tmp_path, "a.npz,,,run\na.npz,4,8,shout\n")
    assert whole.task == "multi"


def test_labels_that_overlap_by_rounding_follow_each_other(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,0,5.05,run\na.npz,5,8,walk\nb.npz,0,10,run\n")
    assert found.task == "single"


def test_one_label_is_binary(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,0,5,run\nb.npz,,,Background\n")
    assert (found.task, found.labels, found.background) == ("binary", ("run",), None)
    assert found.examples[1].clip_labels == ("background",)
    assert found.examples[1].labels == frozenset()


@pytest.mark.parametrize("negative", ["no fight", "noFight", "non-fight", "Normal", "none", "other"])
def test_a_binary_task_of_two_labels_knows_which_says_no(tmp_path: Path, negative: str) -> None:
    found = read(tmp_path, f"a.npz,,,fight\nb.npz,,,{negative}\n", LabelOptions(task="binary"))
    assert (found.task, found.labels) == ("binary", ("fight",))
    assert [example.clip_labels for example in found.examples] == [("fight",), ("background",)]
    (warning,) = found.warnings
    assert f"{negative!r} is taken to mean that 'fight' does not hold" in warning


def test_a_binary_task_of_equal_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--task binary: the table has 2 labels \(run, walk\); give --positive LABEL"):
        read(tmp_path, "a.npz,,,run\nb.npz,,,walk\n", LabelOptions(task="binary"))


def test_overlaps_are_named_where_one_label_at_a_time_is_asked_for(tmp_path: Path) -> None:
    rows = "a.npz,0,5,run\na.npz,4,8,shout\na.npz,6,7,run\n"
    assert problems_of(tmp_path, rows, LabelOptions(task="single")) == [
        "line 3: 'shout' overlaps 'run' of line 2, and --task single has one label at a time",
        "line 4: 'run' overlaps 'shout' of line 3, and --task single has one label at a time",
    ]


def test_background_cannot_overlap(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "a.npz,0,5,run\na.npz,4,8,background\nb.npz,,,run\n")
    assert problem == "line 3: 'background' overlaps 'run' of line 2, and background says that no label holds"


def test_rounding_at_ends_is_no_background(tmp_path: Path) -> None:
    tiled = read(tmp_path, "a.npz,0,5,run\na.npz,5,9.95,walk\nb.npz,0,10,walk\n")
    assert (tiled.labels, tiled.background) == (("run", "walk"), None)
    ignored = read(tmp_path, "a.npz,0,5,run\nb.npz,0,3,walk\n", LabelOptions(unlabelled="ignore"))
    assert (ignored.background, ignored.unlabelled) == (None, "ignore")


def test_all_wrong_rows_are_named_at_once(tmp_path: Path) -> None:
    rows = (
        "A.npz,,,run\n"
        "aa.npz,,,run\n"
        "a.npz,10,11,run\n"
        "a.npz,5,11.2,walk\n"
        "b.npz,1,5,run\n"
        "./b.npz,4,6,run\n"
        "c.npz,,,run\n"
        "./c.npz,1,2,run\n"
    )
    problems = problems_of(tmp_path, rows)
    assert [problem.split(":")[0] for problem in problems] == [f"line {n}" for n in (2, 3, 4, 5, 7, 9)]
    assert problems[0] == "line 2: there is no file 'A.npz' (is it 'a.npz'?)"
    assert problems[1] == "line 3: there is no file 'aa.npz' (is it 'a.npz'?)"
    assert problems[2] == "line 4: start 10 lies beyond the end of 'a.npz', which lasts 10.000 s"
    assert problems[3] == "line 5: end 11.2 lies beyond the end of 'a.npz', which lasts 10.000 s"
    assert problems[4] == "line 7: overlaps line 6, which has 'run' for 1 to 5 s already"
    assert problems[5] == "line 9: overlaps line 8, which has 'run' for the whole video already"


def test_ends_in_whole_seconds_are_cut(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,5,10.9,run\nb.npz,5,10.05,walk\n")
    assert [example.spans[0].end for example in found.examples] == [10.0, 10.0]
    assert found.warnings == ("1 row ends after the video, by up to 0.90 s (line 2); cut to its end",)


def test_near_names_in_other_folders_and_spellings(tmp_path: Path) -> None:
    write_features(tmp_path / "clips" / "one.npz")
    problems = problems_of(tmp_path, "clips\\one.npz,,,run\nclips/one.npy,,,run\nfar/away.npz,,,run\n")
    assert problems[0].endswith("(is it 'clips/one.npz'?)")
    assert problems[1].endswith("(is it 'clips/one.npz'?)")
    assert problems[2] == "line 4: there is no file 'far/away.npz'"


def test_paths_that_no_file_system_holds_and_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "circle.npz").symlink_to(tmp_path / "circle.npz")
    write_features(tmp_path / "a.npz")
    found = read(tmp_path, f"{'x' * 300}.npz,,,run\ncircle.npz,,,run\na.npz,,,run\n")
    assert [example.video for example in found.examples] == ["a.npz"]
    assert [video.reason.split(": ")[1].split(";")[0] for video in found.unusable] == [
        "cannot be read (File name too long)",
        "cannot be read (Too many levels of symbolic links)",
    ]


def test_labels_that_no_model_can_have(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, f'a.npz,,,"r\nun"\nb.npz,,,{"x" * 201}\nc.npz,,,{"x" * 200}\n')
    assert [problem.split(": ")[0] for problem in problems] == ["line 2", "line 4"]
    assert "cannot be printed" in problems[0]
    assert "is longer than 200" in problems[1]


def test_a_label_spelt_in_two_ways_is_warned_of(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,,,run\nb.npz,,,Run\n")
    assert any("spelt nearly like" in warning for warning in found.warnings)


def test_a_table_without_rows_or_columns(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"labels\.csv: holds no labels; add rows"):
        read(tmp_path, "")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(LabelTableError, match="names no column video"):
        read_examples(tmp_path / "empty.csv")
    (tmp_path / "columns.csv").write_bytes(b"file,from,to,tag\na.npz,1,2,run\n")
    with pytest.raises(LabelTableError, match="names no column label"):
        read_examples(tmp_path / "columns.csv")


def test_tables_of_spreadsheets(tmp_path: Path) -> None:
    write_features(tmp_path / "a.npz")
    write_features(tmp_path / "b.npz")
    table = tmp_path / "labels.csv"
    table.write_bytes("video;start;end;label\r\na.npz;0,5;1,5;läuft\r\nb.npz;;;geht\r\n".encode("utf-8-sig"))
    assert read_examples(table).examples[0].spans == (Span(0.5, 1.5, "läuft"),)
    table.write_bytes("video,start,end,label\na.npz,,,läuft\n".encode("latin-1"))
    with pytest.raises(LabelTableError, match="line 2: is not UTF-8"):
        read_examples(table)


def test_groups_of_a_column(tmp_path: Path) -> None:
    columns = "video,start,end,label,group"
    found = read(tmp_path, "a.npz,,,run,anna\nb.npz,,,walk,\nc.npz,,,run,anna\n", columns=columns)
    assert [example.group for example in found.examples] == ["anna", "b.npz", "anna"]
    assert problems_of(tmp_path, "a.npz,0,1,run,anna\na.npz,2,3,run,ben\na.npz,4,5,run,\n", columns=columns) == [
        "line 3: 'a.npz' is in group 'ben', and in group 'anna' in line 2",
        "line 4: 'a.npz' is in no group, and in group 'anna' in line 2",
    ]


def test_groups_of_a_table(tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    groups.write_text("group,video\nanna,./a.npz\nben,b.npz\nben,unknown.npz\n")
    found = read(tmp_path, "a.npz,,,run\nb.npz,,,walk\n", LabelOptions(groups=groups))
    assert [example.group for example in found.examples] == ["anna", "ben"]
    (problem,) = problems_of(tmp_path, "a.npz,,,run\nc.npz,,,walk\n", LabelOptions(groups=groups))
    assert problem == f"line 3: {groups} names no group for 'c.npz'"


def test_a_table_of_groups_may_lie_beside_the_videos(tmp_path: Path) -> None:
    write_features(tmp_path / "clips" / "a.npz")
    write_features(tmp_path / "clips" / "b.npz")
    (tmp_path / "clips" / "groups.csv").write_text("video,group\na.npz,anna\nb.npz,ben\n")
    table = write_table(tmp_path, "clips/a.npz,,,run\nclips/b.npz,,,walk\n")
    found = read_examples(table, LabelOptions(groups=tmp_path / "clips" / "groups.csv"))
    assert [example.group for example in found.examples] == ["anna", "ben"]


def test_wrong_tables_of_groups(tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    groups.write_text("video,group\na.npz,anna\n./a.npz,ben\nb.npz,\n,ben\n")
    with pytest.raises(LabelTableError) as caught:
        read(tmp_path, "a.npz,,,run\n", LabelOptions(groups=groups))
    assert [str(problem) for problem in caught.value.problems] == [
        "line 3: puts './a.npz' into group 'ben', line 2 into 'anna'",
        "line 4: group is empty",
        "line 5: video is empty",
    ]
    with pytest.raises(AnnotationError, match=r"none\.csv: cannot be read"):
        read(tmp_path, "a.npz,,,run\n", LabelOptions(groups=tmp_path / "none.csv"))
    groups.write_text("clip,who\na,b\n")
    with pytest.raises(LabelTableError, match=r"groups\.csv: line 1: names no column video"):
        read(tmp_path, "a.npz,,,run\n", LabelOptions(groups=groups))


def test_videos_and_files_that_are_none(tmp_path: Path) -> None:
    write_video(tmp_path / "good.mp4", Recipe(frames=50))
    (tmp_path / "bad.mp4").write_text("Dear diary\n" * 100)
    (tmp_path / "folder.mp4").mkdir()
    table = write_table(tmp_path, "good.mp4,0.5,1,run\nbad.mp4,,,run\nfolder.mp4,,,walk\n")
    on_progress: list[tuple[int, int]] = []
    found = read_examples(table, on_progress=lambda done, of: on_progress.append((done, of)))
    assert [(example.video, example.duration_s) for example in found.examples] == [("good.mp4", 2.0)]
    assert [video.video for video in found.unusable] == ["bad.mp4", "folder.mp4"]
    assert all(str(tmp_path / video.video) in video.reason for video in found.unusable)
    assert found.lost_labels == ("walk",)
    assert found.features is None
    assert on_progress == [(1, 3), (2, 3), (3, 3)]


def test_no_usable_video_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("Dear diary\n" * 100)
    with pytest.raises(AnnotationError, match=r"none of its 1 files can be used: .*bad\.mp4"):
        read_examples(write_table(tmp_path, "bad.mp4,,,run\n"))


def test_features_that_cannot_be_used_together(tmp_path: Path) -> None:
    write_features(tmp_path / "wide.npz", width=12)
    write_features(tmp_path / "quick.npz", rate=4.0)
    write_video(tmp_path / "video.mp4", Recipe(frames=5))
    for other, problem in (
        ("wide.npz", "10 and 12 numbers in a feature"),
        ("quick.npz", "2 and 4 samples per second"),
        ("video.mp4", "one is a video, one a file of features"),
    ):
        with pytest.raises(AnnotationError) as caught:
            read(tmp_path, f"a.npz,,,run\n{other},,,walk\n")
        assert caught.value.problem == f"'a.npz' and {other!r} cannot be used together: {problem}"


def test_clips_in_folders(tmp_path: Path) -> None:
    files = [Path("run/a.npz"), Path("run/deep/b.npz"), Path("walk/a.npz")]
    for file in files:
        write_features(tmp_path / file)
    found = examples_from_folders(tmp_path, files)
    assert [(example.video, example.clip_labels) for example in found.examples] == [
        (str(Path("run/a.npz")), ("run",)),
        (str(Path("run/deep/b.npz")), ("run",)),
        (str(Path("walk/a.npz")), ("walk",)),
    ]
    assert (found.task, found.labels, found.unlabelled) == ("single", ("run", "walk"), None)
    (tmp_path / "groups.csv").write_text("video,group\nrun/a.npz,1\nrun/deep/b.npz,2\nwalk/a.npz,1\n")
    grouped = examples_from_folders(tmp_path, files, LabelOptions(groups=tmp_path / "groups.csv"))
    assert [example.group for example in grouped.examples] == ["1", "2", "1"]


def test_folders_that_cannot_be_meant(tmp_path: Path) -> None:
    write_features(tmp_path / "run" / "a.npz")
    (tmp_path / "walk").mkdir()
    (tmp_path / "walk" / "b.npz").symlink_to(tmp_path / "run" / "a.npz")
    with pytest.raises(AnnotationError, match="holds no clips"):
        examples_from_folders(tmp_path, [])
    with pytest.raises(AnnotationError, match=r"1 clips lie in no folder of a label, such as 'c\.mp4'"):
        examples_from_folders(tmp_path, [Path("c.mp4"), Path("run/a.npz")])
    with pytest.raises(AnnotationError, match="has no name"):
        examples_from_folders(tmp_path, [Path(" ") / "a.npz"])
    with pytest.raises(AnnotationError, match="are one file"):
        examples_from_folders(tmp_path, [Path("run/a.npz"), Path("walk/b.npz")])


def test_what_predict_writes_can_be_learnt_from(tmp_path: Path) -> None:
    shutil.copy(write_features(tmp_path / "x" / "a.npz"), tmp_path / "b c.npz")
    table = write_table(
        tmp_path, 'x/a.npz,0.0,4.5,fall,0.93\n"b c.npz",1.0,2.0,fall,0.5\n', columns="video,start,end,label,score"
    )
    assert [example.spans[0].label for example in read_examples(table).examples] == ["fall", "fall"]
