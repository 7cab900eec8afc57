"""Where outputs go, by the command line: in a folder inside it, never two inputs to one file."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.output_paths import (
    Folder,
    OneFile,
    Stream,
    TableDestination,
    Terminal,
    choose_destination,
    plan_outputs,
)
from vidlabel.errors import UsageError
from vidlabel.labels.formats.registry import FORMATS

OUT = Path("out")


def plan(*videos: tuple[str, str]) -> list[str]:
    inputs = [VideoInput(shown, Path(below)) for shown, below in videos]
    return [path.relative_to(OUT).as_posix() for path in plan_outputs(inputs, OUT, ".json")]


def test_the_tree_is_mirrored_with_whole_names() -> None:
    assert plan(("v/a.mp4", "a.mp4"), ("v/a.mkv", "a.mkv"), ("v/s/a.mp4", "s/a.mp4")) == [
        "a.mp4.json",
        "a.mkv.json",
        "s/a.mp4.json",
    ]


def test_one_name_from_two_places_gives_two_files() -> None:
    first, second = plan(("x/a.mp4", "a.mp4"), ("y/a.mp4", "a.mp4"))
    assert first != second
    assert {first[:6], second[:6]} == {"a.mp4~"}


def test_names_that_differ_in_case_only_give_two_files_on_any_disk() -> None:
    first, second = plan(("x/A.mp4", "A.mp4"), ("x/a.mp4", "a.mp4"))
    assert first.casefold() != second.casefold()


def test_a_very_long_name_still_fits_the_disk(tmp_path: Path) -> None:
    long = "é" * 120 + ".mp4"
    (output,) = plan_outputs([VideoInput(long, Path(long))], tmp_path, ".json")
    assert len(os.fsencode(output.name)) <= 220
    output.touch()


segments = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8).filter(
    lambda s: s not in (".", "..")
)


@given(st.lists(st.lists(segments, min_size=1, max_size=3).map("/".join), unique=True, max_size=8))
def test_outputs_differ_and_stay_below_the_folder(names: list[str]) -> None:
    videos = [VideoInput(f"root/{name}", Path(name)) for name in names]
    outputs = plan_outputs(videos, OUT, ".csv")
    assert len({path.as_posix().casefold() for path in outputs}) == len(names)
    assert all(PurePosixPath("out") in PurePosixPath(os.path.normpath(path)).parents for path in outputs)


def test_standard_output_by_who_reads_it() -> None:
    assert choose_destination(None, None, 1, is_terminal=True) == Terminal()
    assert choose_destination(None, None, 1, is_terminal=False) == Stream(FORMATS["json"])
    assert choose_destination("-", "csv", 1, is_terminal=False) == Stream(FORMATS["csv"])
    assert choose_destination(None, None, 2, is_terminal=False) == Stream(FORMATS["jsonl"])
    assert choose_destination(None, "json", 2, is_terminal=True) == Stream(FORMATS["jsonl"])
    assert choose_destination(None, "csv", 2, is_terminal=True) == Stream(FORMATS["csv"])
    assert choose_destination(None, "srt", 1, is_terminal=True) == Stream(FORMATS["srt"])


@pytest.mark.parametrize("name", ["json", "jsonl", "csv", "srt", "vtt"])
def test_one_video_into_one_file(name: str) -> None:
    path = Path(f"clip.{name}")
    assert choose_destination(str(path), None, 1, is_terminal=True) == OneFile(path, FORMATS[name])
    assert choose_destination(f"CLIP.{name.upper()}", name, 1, is_terminal=True).format is FORMATS[name]  # type: ignore[union-attr]


def test_many_videos_into_one_table() -> None:
    assert choose_destination("all.csv", None, 9, is_terminal=True) == TableDestination(Path("all.csv"), FORMATS["csv"])


def test_folders(tmp_path: Path) -> None:
    assert choose_destination("labels", None, 2, is_terminal=True) == Folder(Path("labels"), FORMATS["json"])
    assert choose_destination("labels.v2/", "csv", 1, is_terminal=True) == Folder(Path("labels.v2"), FORMATS["csv"])
    dotted = tmp_path / "labels.v3"
    dotted.mkdir()
    assert choose_destination(str(dotted), None, 1, is_terminal=True) == Folder(dotted, FORMATS["json"])


@pytest.mark.parametrize("name", ["results_2024.05.01", "v1.2", "out/run.10"])
def test_dates_and_versions_are_no_endings(name: str) -> None:
    for videos in (1, 2):
        assert choose_destination(name, None, videos, is_terminal=True) == Folder(Path(name), FORMATS["json"])


@pytest.mark.parametrize("name", ["out.d", "labels.new", "clip.mp4", "v1.2b"])
def test_other_endings_may_be_those_of_folders(name: str) -> None:
    with pytest.raises(UsageError, match="or end it with / for a folder"):
        choose_destination(name, None, 2, is_terminal=False)
    assert choose_destination(f"{name}/", None, 2, is_terminal=False) == Folder(Path(name), FORMATS["json"])


@pytest.mark.parametrize(
    ("output", "format_name", "videos", "problem"),
    [
        ("", None, 1, "is empty"),
        ("clip.mp4", None, 1, "not a suffix"),
        ("clip.txt", "csv", 1, "not a suffix"),
        ("clip.json", "csv", 1, "does not end as --format csv does"),
        ("all.srt", None, 2, "can hold the labels of one video, not of 2"),
        ("all.json", None, 2, "one file for all \\(.jsonl, .csv\\)"),
        (None, "vtt", 2, "holds the labels of one video, not of 2"),
    ],
)
def test_what_cannot_be_meant_is_refused(output: str, format_name: str, videos: int, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        choose_destination(output, format_name, videos, is_terminal=False)


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "labels").touch()
    with pytest.raises(UsageError, match="is a file where a folder is needed"):
        choose_destination(str(tmp_path / "labels"), None, 2, is_terminal=False)
