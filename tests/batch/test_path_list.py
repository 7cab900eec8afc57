"""Lists of paths in the encodings that people and programs save them in."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch import path_list
from vidlabel.batch.path_list import read_open_path_list, read_path_list
from vidlabel.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "examples" / "bottle-detection.mp4"


def parse(data: bytes) -> list[str]:
    return read_open_path_list(io.BytesIO(data), "list.txt")


def test_lines_in_utf8_with_and_without_byte_order_mark() -> None:
    assert parse(b"a.mp4\r\n\n  \ntwo words.mp4\rc.mp4") == ["a.mp4", "two words.mp4", "c.mp4"]
    assert parse("caf\u00e9.mp4\nb\u2028c.mp4\n".encode("utf-8-sig")) == ["caf\u00e9.mp4", "b\u2028c.mp4"]
    assert parse(b"") == []


def test_nul_separated_paths_may_hold_anything_else() -> None:
    assert parse(b"a\nb.mp4\0c.mp4\0") == ["a\nb.mp4", "c.mp4"]
    assert parse(b".\0./a.mp4\0./b.mp4\0") == [".", "./a.mp4", "./b.mp4"]
    assert parse(b"x\0clips/a.mp4\0y\0clips/b.mp4\0") == ["x", "clips/a.mp4", "y", "clips/b.mp4"]
    assert parse("a.mp4\0b.mp4\0".encode("utf-16")) == ["a.mp4", "b.mp4"]


def test_bytes_outside_utf8_stay_what_they_are() -> None:
    assert parse(b"caf\xe9.mp4\n") == [os.fsdecode(b"caf\xe9.mp4")]


WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize(
    "lines",
    [
        ["one.mp4"],
        ["a/b/c.mp4", "/x.mp4", "."],
        ["\u89c6\u9891\u4e00.mp4", "\u52d5\u753b/\u4e00\u4e00.mkv"],
        ["caf\u00e9 1.mp4", "\U0001f600.mp4"],
    ],
    ids=["ascii", "folders", "chinese", "accents"],
)
def test_wide_encodings_are_recognised(encoding: str, lines: list[str]) -> None:
    assert parse("".join(f"{line}\r\n" for line in lines).encode(encoding)) == lines
    assert parse("\n".join(lines).encode(encoding)) == lines


paths = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(st.lists(paths.map("videos/{}.mp4".format), min_size=1, max_size=4), st.sampled_from(WIDE))
def test_any_list_comes_back_from_any_encoding(lines: list[str], encoding: str) -> None:
    assert parse("".join(f"{line}\n" for line in lines).encode(encoding)) == lines
    assert parse("".join(f"{line}\0" for line in lines).encode()) == lines


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("one.mp4\r\n".encode("utf-16")[:-1], "looks like UTF-16, and is no text in it \\(byte 16"),
        ("one.mp4".encode("utf-16") + b"\n", "looks like UTF-16, and is no text in it"),
        ("one.mp4".encode("utf-32")[:-2], "looks like UTF-32, and is no text in it"),
        (b"o\0n\0e\0.\0m\0p\0004\0\n", "looks like UTF-16, and is no text in it"),
        (EXAMPLE.read_bytes(), "looks like UTF-16, and is no text in it"),
        (gzip.compress(b"a.mp4\n"), "is no list of paths"),
        (bytes(range(256)), "is no list of paths"),
    ],
    ids=["cut", "mixed", "cut utf-32", "mixed without mark", "video", "gzip", "bytes"],
)
def test_what_is_no_list_is_refused_by_its_name(data: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=rf"^list\.txt: {problem}"):
        parse(data)


def test_a_file_with_a_control_character_in_its_name_can_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\x01.mp4").touch()
    assert parse(b"a\x01.mp4\n") == ["a\x01.mp4"]


def test_a_list_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_list, "MAX_LIST_BYTES", 8)
    assert parse(b"abc.mp4\n") == ["abc.mp4"]
    with pytest.raises(InputError, match="too much for a list"):
        parse(b"abcd.mp4\n")


def test_a_list_file(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a.mp4\n")
    assert read_path_list(tmp_path / "list.txt") == ["a.mp4"]
    with pytest.raises(InputError, match="is a folder, not a list"):
        read_path_list(tmp_path)
    for name in ("gone.txt", "x" * 300):
        with pytest.raises(InputError, match=f"{name}: cannot be read"):
            read_path_list(tmp_path / name)
