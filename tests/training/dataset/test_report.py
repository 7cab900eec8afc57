"""What is counted before anything is learnt, and what is said against it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from training.sets import read, write_features
from vidlabel.errors import AnnotationError
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import examples_from_folders
from vidlabel.training.dataset.report import LabelCount, Leak, check_report, refuse_insufficient


def test_counts_and_seconds(tmp_path: Path) -> None:
    rows = "a.npz,1,5,walk,anna\na.npz,6,8,run,anna\na.npz,9,9.5,walk,anna\nb.npz,,,walk,ben\n"
    report = check_report(read(tmp_path, rows, columns="video,start,end,label,group"))
    assert (report.task, report.clips, report.groups, report.seconds) == ("single", 2, 2, 20.0)
    assert report.labels == (
        LabelCount("run", 1, 1, 1, 2.0, 0.1),
        LabelCount("walk", 2, 3, 2, 14.5, 0.725),
        LabelCount("background", 1, 0, 1, 3.5, 0.175),
    )
    assert (report.unlabelled_s, report.unlabelled) == (3.5, "background")
    assert report.errors == ()
    assert report.warnings == ("all clips of label 'run' are in group 'anna': the label cannot be validated",)


def test_named_background_and_ignored_time(tmp_path: Path) -> None:
    rows = "a.npz,1,5,walk\na.npz,5,6,background\nb.npz,1,5,walk\n"
    report = check_report(read(tmp_path, rows, LabelOptions(unlabelled="ignore")))
    assert [(count.label, count.seconds) for count in report.labels] == [("walk", 8.0), ("background", 1.0)]
    assert report.unlabelled_s == 11.0  # 5 s of one, 6 s of the other


def test_the_same_content_in_two_groups_is_a_leak(tmp_path: Path) -> None:
    write_features(tmp_path / "a.npz")
    shutil.copy(tmp_path / "a.npz", tmp_path / "copy.npz")
    rows = "a.npz,,,run\nb.npz,,,walk\ncopy.npz,,,run\n"
    report = check_report(read(tmp_path, rows))
    assert report.leaks == (Leak(("a.npz", "copy.npz"), ("a.npz", "copy.npz")),)
    assert (
        "'a.npz' and 'copy.npz' have the same content, in different groups: metrics will be too good" in report.warnings
    )
    grouped = "a.npz,,,run,g\nb.npz,,,walk,h\ncopy.npz,,,run,g\n"
    assert check_report(read(tmp_path, grouped, columns="video,start,end,label,group")).leaks == ()


def test_one_group_and_uneven_labels_are_warned_of(tmp_path: Path) -> None:
    rows = "a.npz,0,9,run,g\na.npz,9,9.5,walk,g\nb.npz,0,9,run,g\n"
    warnings = check_report(read(tmp_path, rows, columns="video,start,end,label,group")).warnings
    assert warnings == (
        "all clips are in one group, 'g': metrics on other groups cannot be computed",
        "label 'run' holds 36 times as long as 'walk': add clips of the rarer ones",
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a.npz,0,5,run\na.npz,5,9,walk\n", "there is only one clip"),
        ("a.npz,,,run\nb.npz,,,run\n", "there is only one label, 'run', and no time without it"),
        ("a.npz,0,10,run\nb.npz,0,10,run\n", "there is only one label, 'run', and no time without it"),
        ("a.npz,,,background\nb.npz,,,background\n", "no label but background holds anywhere"),
    ],
)
def test_sets_from_which_nothing_can_be_learnt(tmp_path: Path, rows: str, reason: str) -> None:
    found = read(tmp_path, rows)
    assert any(error.startswith(reason) for error in check_report(found).errors)
    with pytest.raises(AnnotationError, match=f"^labels.csv: .*{reason}"):
        refuse_insufficient(found, "labels.csv")


def test_one_label_with_time_without_it_suffices(tmp_path: Path) -> None:
    for rows in ("a.npz,0,5,run\nb.npz,0,5,run\n", "a.npz,,,run\nb.npz,,,background\n"):
        refuse_insufficient(read(tmp_path, rows), "labels.csv")


def test_a_label_whose_videos_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"no features")
    found = read(tmp_path, "a.npz,,,run\nb.npz,,,walk\nbad.npz,,,jump\n")
    report = check_report(found)
    assert report.errors == ("none of the videos of label 'jump' can be read",)
    assert report.warnings[0].startswith("left out: ")
    assert "bad.npz" in report.warnings[0]
    fine = read(tmp_path, "a.npz,,,run\nb.npz,,,walk\nbad.npz,,,run\n")
    assert check_report(fine).errors == ()


def test_a_file_that_has_gone_meanwhile_is_passed_over(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,,,run\nb.npz,,,walk\nc.npz,,,walk\n")
    shutil.copy(tmp_path / "a.npz", tmp_path / "b.npz")
    (tmp_path / "c.npz").unlink()
    assert [leak.videos for leak in check_report(found).leaks] == [("a.npz", "b.npz")]


def test_folders_are_checked_alike(tmp_path: Path) -> None:
    files = [Path("run/a.npz"), Path("walk/b.npz")]
    for file in files:
        write_features(tmp_path / file)
    report = check_report(examples_from_folders(tmp_path, files))
    assert [(count.label, count.clips) for count in report.labels] == [("run", 1), ("walk", 1)]
