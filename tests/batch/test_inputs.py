"""Which videos a command line names."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch.inputs import Inputs, collect_inputs, is_video_name, natural_key, parse_list
from vidlabel.errors import InputError, UsageError


def collect(*arguments: str | Path, recursive: bool = True, standard_input: bytes = b"") -> Inputs:
    return collect_inputs([str(a) for a in arguments], recursive=recursive, standard_input=io.BytesIO(standard_input))


def names(inputs: Inputs) -> list[str]:
    return [video.below.as_posix() for video in inputs.videos]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "clip10.mp4",
        "clip2.mp4",
        "Clip1.MKV",
        "notes.txt",
        ".hidden.mp4",
        "._clip2.mp4",
        "sub/b.webm",
        "sub/labels.csv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_gives_its_videos_in_natural_order(tree: Path) -> None:
    inputs = collect(tree)
    assert names(inputs) == ["Clip1.MKV", "clip2.mp4", "clip10.mp4", "sub/b.webm"]
    assert inputs.other_files == 2


def test_without_recursion_folders_inside_are_left_out(tree: Path) -> None:
    assert names(collect(tree, recursive=False)) == ["Clip1.MKV", "clip2.mp4", "clip10.mp4"]


def test_several_folders_keep_their_names_apart(tmp_path: Path) -> None:
    for name in ("a/x.mp4", "b/x.mp4"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert names(collect(tmp_path / "a", tmp_path / "b")) == ["a/x.mp4", "b/x.mp4"]


def test_the_path_is_shown_as_it_was_given(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert [v.shown for v in collect("./clip2.mp4", "sub").videos] == ["./clip2.mp4", str(Path("sub/b.webm"))]


def test_a_file_by_name_is_taken_whatever_it_is_called(tree: Path) -> None:
    assert names(collect(tree / "notes.txt", tree / "missing")) == ["notes.txt", "missing"]


def test_a_video_given_twice_is_labelled_once(tree: Path) -> None:
    assert names(collect(tree / "clip2.mp4", tree / "clip2.mp4")) == ["clip2.mp4"]


def test_a_list_file_and_standard_input(tree: Path) -> None:
    listing = tree / "list.txt"
    listing.write_bytes(b"\xef\xbb\xbfone.mp4\r\n\ntwo words.mp4\n")
    assert names(collect(f"@{listing}")) == ["one.mp4", "two words.mp4"]
    assert names(collect("-", standard_input=b"a\nb.mp4\0c.mp4\0")) == ["a\nb.mp4", "c.mp4"]


def test_a_list_that_is_missing_or_a_folder_is_named(tree: Path) -> None:
    with pytest.raises(InputError, match=r"nolist\.txt: cannot be read"):
        collect(f"@{tree / 'nolist.txt'}")
    with pytest.raises(InputError, match="is a folder"):
        collect(f"@{tree}")


def test_no_argument_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no video was given"):
        collect()


def test_links_that_lead_back_end(tree: Path) -> None:
    (tree / "sub" / "up").symlink_to(tree, target_is_directory=True)
    (tree / "sub" / "self").symlink_to(tree / "sub", target_is_directory=True)
    assert names(collect(tree)) == ["Clip1.MKV", "clip2.mp4", "clip10.mp4", "sub/b.webm"]


def test_a_linked_folder_elsewhere_is_followed(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "z.mp4").touch()
    (tree / "linked").symlink_to(other, target_is_directory=True)
    assert "linked/z.mp4" in names(collect(tree))


def test_typescript_is_no_transport_stream(tmp_path: Path) -> None:
    script, stream = tmp_path / "index.ts", tmp_path / "film.ts"
    script.write_text("export const a = 1;\n")
    stream.write_bytes(b"\x47" + bytes(187))
    assert not is_video_name(script)
    assert is_video_name(stream)


def test_names_outside_utf8_survive(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    (tmp_path / name).touch()
    assert names(collect(tmp_path)) == [name]
    assert list(parse_list(b"caf\xe9.mp4\n")) == [name]


@given(st.lists(st.text(max_size=12), max_size=20))
def test_natural_order_is_total_and_keeps_names_apart(words: list[str]) -> None:
    ordered = sorted(set(words), key=natural_key)
    assert sorted(ordered, key=natural_key) == ordered
    assert len({natural_key(word) for word in ordered}) == len(ordered)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_numbers_in_names_are_compared_as_numbers(numbers: list[int]) -> None:
    assert sorted((f"clip{n}.mp4" for n in numbers), key=natural_key) == [f"clip{n}.mp4" for n in sorted(numbers)]
