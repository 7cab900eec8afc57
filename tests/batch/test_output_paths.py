"""Where outputs go: inside the folder, never two inputs to one file."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.output_paths import plan_outputs

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
