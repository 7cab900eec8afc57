"""Groups from a table of their own, or from the rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.errors import AnnotationError
from vidlabel.labels.annotations import Annotation, LabelTableError
from vidlabel.training.dataset.grouping import GroupTable, group_of_rows, read_group_table


def table(folder: Path, text: str, encoding: str = "utf-8") -> GroupTable:
    """Read this as a table beside the labels."""
    path = folder / "groups.csv"
    path.write_text(text, encoding=encoding)
    return read_group_table(path, folder)


def rows(*groups: str | None) -> list[Annotation]:
    return [Annotation("v.mp4", n, n + 1, "a", group, line=n + 2) for n, group in enumerate(groups)]


def test_paths_count_from_the_labels_and_from_the_table_itself(tmp_path: Path) -> None:
    labels, elsewhere = tmp_path / "labels", tmp_path / "groups"
    labels.mkdir()
    elsewhere.mkdir()
    (elsewhere / "g.csv").write_text(f"group,Video\n ann ,a.mp4\nbob,../x/b.mp4\ncid,{tmp_path}/c.mp4\n")
    found = read_group_table(elsewhere / "g.csv", labels)
    for path, group in {
        labels / "a.mp4": "ann",
        elsewhere / "a.mp4": "ann",
        tmp_path / "x" / "b.mp4": "bob",
        tmp_path / "c.mp4": "cid",
        tmp_path / "a.mp4": None,
    }.items():
        assert found.group_of(path) == group


def test_two_spellings_of_one_file_are_one_video(tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to("a.mp4")
    assert table(tmp_path, "video,group\na.mp4,ann\n./a.mp4,ann\nlink.mp4,ann\n").group_of(tmp_path / "a.mp4") == "ann"
    with pytest.raises(LabelTableError, match=r"line 3: puts 'link.mp4' into group 'bob', line 2 into 'ann'"):
        table(tmp_path, "video,group\na.mp4,ann\nlink.mp4,bob\n")


def test_all_wrong_lines_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(LabelTableError) as caught:
        table(tmp_path, "video,group\na.mp4,\n ,ann\nb.mp4,ann\nb.mp4,bob\n")
    assert [(problem.line, problem.problem) for problem in caught.value.problems] == [
        (2, "group is empty"),
        (3, "video is empty"),
        (5, "puts 'b.mp4' into group 'bob', line 4 into 'ann'"),
    ]


def test_a_table_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="cannot be read"):
        read_group_table(tmp_path / "missing.csv", tmp_path)
    with pytest.raises(LabelTableError, match="group"):
        table(tmp_path, "video,person\na.mp4,ann\n")


def test_the_table_alone_counts_where_it_is_given() -> None:
    groups = GroupTable("g.csv", {Path("/v.mp4"): "ann"})
    assert group_of_rows(rows("bob", "cid"), Path("/v.mp4"), groups) == ("ann", [])
    group, (problem,) = group_of_rows(rows("bob"), Path("/w.mp4"), groups)
    assert (group, problem.line, problem.problem) == ("v.mp4", 2, "g.csv names no group for 'v.mp4'")


def test_rows_of_a_video_agree_on_its_group() -> None:
    path = Path("/v.mp4")
    assert group_of_rows(rows("ann", "ann"), path, None) == ("ann", [])
    assert group_of_rows(rows(None, None), path, None) == ("v.mp4", [])
    group, problems = group_of_rows(rows(None, "ann", "bob"), path, None)
    assert group == "ann"
    assert [(one.line, one.problem) for one in problems] == [
        (2, "'v.mp4' is in no group, and in group 'ann' in line 3"),
        (4, "'v.mp4' is in group 'bob', and in group 'ann' in line 3"),
    ]
