"""Which videos a command line names."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest

from vidlabel.batch.inputs import Inputs, collect_inputs
from vidlabel.errors import UsageError


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
    assert [Path(path).relative_to(tree).as_posix() for path in inputs.left_out] == [
        ".hidden.mp4",
        "notes.txt",
        "sub/labels.csv",
    ]


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


def test_a_list_that_cannot_be_used_is_named_and_the_rest_is_done(tree: Path) -> None:
    (tree / "damaged.txt").write_bytes("one.mp4\n".encode("utf-16")[:-1])
    inputs = collect(f"@{tree / 'nolist.txt'}", f"@{tree}", f"@{tree / 'damaged.txt'}", tree / "clip2.mp4")
    assert names(inputs) == ["clip2.mp4"]
    assert [str(error).split(";")[0] for error in inputs.errors] == [
        f"{tree / 'nolist.txt'}: cannot be read (No such file or directory)",
        f"{tree}: is a folder, not a list of paths",
        f"{tree / 'damaged.txt'}: looks like UTF-16, and is no text in it (byte 14)",
    ]
    assert inputs.refused == 3


class ClosedInput(io.BytesIO):
    def read(self, _: int | None = -1, /) -> bytes:
        raise OSError(errno.EBADF, "Bad file descriptor")


def test_closed_standard_input_is_an_error_of_its_own(tree: Path) -> None:
    inputs = collect_inputs(["-", str(tree / "clip2.mp4")], recursive=True, standard_input=ClosedInput())
    assert names(inputs) == ["clip2.mp4"]
    assert [str(error) for error in inputs.errors] == [
        "standard input: cannot be read (Bad file descriptor); redirect a list to it"
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_list_in_a_wide_encoding_searches_no_folder(
    tree: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.chdir(tree)
    listing = "./clip2.mp4\r\nsub/b.webm\r\n".encode(encoding)
    (tree / "list.txt").write_bytes(listing)
    for inputs in (collect("@list.txt"), collect("-", standard_input=listing)):
        assert [video.shown for video in inputs.videos] == ["./clip2.mp4", "sub/b.webm"]
        assert inputs.errors == ()


@pytest.mark.parametrize("entry", [".", "/", "..", "./", "sub/.."])
def test_a_list_cannot_have_a_nameless_folder_searched(tree: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.chdir(tree)
    inputs = collect("-", standard_input=f"{entry}\nsub\n".encode())
    assert names(inputs) == ["b.webm"]
    assert [str(error).split(";")[0] for error in inputs.errors] == [
        f"standard input: names {entry}, which is not searched for a list"
    ]


def test_an_empty_argument_searches_no_folder(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    inputs = collect("", "clip2.mp4")
    assert names(inputs) == ["clip2.mp4"]
    assert [str(error).split(";")[0] for error in inputs.errors] == ["'': is no path of a file"]


def test_a_file_or_folder_whose_name_begins_with_at(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    (tree / "@reel.mp4").touch()
    (tree / "@eaDir").mkdir()
    (tree / "@eaDir" / "c.mp4").touch()
    assert [video.shown for video in collect("@reel.mp4", "@eaDir").videos] == ["@reel.mp4", "@eaDir/c.mp4"]
    (tree / "eaDir").mkdir()  # cannot be a list
    assert [video.shown for video in collect("@eaDir").videos] == ["@eaDir/c.mp4"]


def test_a_name_that_is_a_file_and_a_list_is_refused_alone(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    for name in ("@reel.mp4", "reel.mp4"):
        (tree / name).write_text("clip10.mp4\n")
    inputs = collect("@reel.mp4", "clip2.mp4")
    assert names(inputs) == ["clip2.mp4"]
    assert [(error.subject, error.problem) for error in inputs.errors] == [
        ("@reel.mp4", "is a file, and there is a list reel.mp4")
    ]
    assert names(collect("./@reel.mp4")) == ["@reel.mp4"]
    assert names(collect("@./reel.mp4")) == ["clip10.mp4"]


def test_a_video_under_several_spellings_is_one(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    (tree / "linked").symlink_to("sub")
    spellings: list[str | Path] = [
        "sub/b.webm",
        "./sub/b.webm",
        "sub//b.webm",
        "sub/../sub/b.webm",
        tree / "sub/b.webm",
        "linked/b.webm",
    ]
    for first in spellings:
        assert [video.shown for video in collect(first, *spellings, "sub", "@list").videos] == [str(first)]
    assert len(collect(".", "clip2.mp4", "sub/b.webm").videos) == len(collect(".").videos)
    assert collect("sub", "./sub").left_out == ("sub/labels.csv",)


def test_links_and_copies_are_names_of_their_own(tree: Path) -> None:
    (tree / "link.mp4").symlink_to("clip2.mp4")
    (tree / "hard.mp4").hardlink_to(tree / "clip2.mp4")
    assert names(collect(tree / "clip2.mp4", tree / "link.mp4", tree / "hard.mp4")) == [
        "clip2.mp4",
        "link.mp4",
        "hard.mp4",
    ]


def test_a_file_left_out_by_a_folder_and_named_is_taken(tree: Path) -> None:
    inputs = collect(tree / "sub", tree / "sub" / "labels.csv")
    assert (names(inputs), inputs.left_out) == (["sub/b.webm", "labels.csv"], ())


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


def test_names_outside_utf8_survive(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    (tmp_path / name).touch()
    assert names(collect(tmp_path)) == [name]
    assert names(collect("-", standard_input=b"caf\xe9.mp4\n")) == [name]
