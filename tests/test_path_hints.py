"""What may be wrong with a path, as people save paths in lists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidlabel.path_hints import missing_file


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sub").mkdir()
    for name in ("a.mp4", "two words.mp4", "clip #2.mp4", "sub/b.mp4", "caf\u00e9.mp4", "\u52d5\u753b.mp4"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "meant", "remedy"),
    [
        ('"a.mp4"', "a.mp4", "write it without quotes"),
        ("'two words.mp4'", "two words.mp4", "write it without quotes"),
        ("\u201ca.mp4\u201d", "a.mp4", "write it without quotes"),
        ('"a.mp4",', "a.mp4", "write it without quotes"),
        (" a.mp4\t", "a.mp4", "write it without blanks at its ends"),
        ("\ufeffa.mp4", "a.mp4", "write it without blanks at its ends"),
        ('"two words.mp4" ', "two words.mp4", "write it without blanks at its ends, write it without quotes"),
        ("a.mp4  # the first", "a.mp4", "lists have no comments"),
        ('"a.mp4" # the first', "a.mp4", "lists have no comments, write it without quotes"),
        ('"clip #2.mp4"', "clip #2.mp4", "write it without quotes"),
        ("sub\\b.mp4", "sub/b.mp4", "write / in place of \\"),
        ('".\\sub\\b.mp4"', "sub/b.mp4", "write it without quotes, write / in place of \\"),
        ("two\\ words.mp4", "two words.mp4", "write it without the backslashes of a shell"),
        ("cafe\u0301.mp4", "caf\u00e9.mp4", "its accents are encoded in another way"),
        (os.fsdecode("caf\u00e9.mp4".encode("cp1252")), "caf\u00e9.mp4", "save the list as UTF-8"),
        (os.fsdecode("\u52d5\u753b.mp4".encode("cp932")), "\u52d5\u753b.mp4", "save the list as UTF-8"),
    ],
)
def test_the_file_that_was_perhaps_meant(path: str, meant: str, remedy: str) -> None:
    assert missing_file(path) == (f"no such file (is it {meant!r}?)", remedy)


def test_addresses_and_home_folders(folder: Path) -> None:
    where = str(folder / "two words.mp4")
    expected = f"no such file (is it {where!r}?)"
    address = (folder / "two words.mp4").as_uri()
    for path in (address, address.replace("file://", "file://localhost"), address.replace("file://", "FILE:")):
        assert missing_file(path) == (expected, "write the path in place of the address")
    assert missing_file("~/two words.mp4") == (expected, "write the folder in place of ~")
    assert missing_file("file://[")[0] == "no such file"


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("gone.mp4", "check the path"),
        ("clip #3.mp4", "check the path"),
        ("# all clips", "lists have no comments"),
        ('"gone.mp4"', "write it without quotes"),
        ("gone.mp4 ", "write it without blanks at its ends"),
        ("C:\\Users\\me\\gone.mp4", "write / in place of \\"),
        ("gone\udce9.mp4", "save the list as UTF-8"),
    ],
)
def test_without_such_a_file_the_form_of_the_path_is_named(path: str, remedy: str) -> None:
    assert missing_file(path) == ("no such file", remedy)
