"""Which files of a folder are taken for videos."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.errors import InputError
from vidlabel.video.folder_search import VIDEO_SUFFIXES, describe_left_out, is_video_name, natural_key, walk_files

TRANSPORT_STREAM = (b"\x47" + bytes(187)) * 3
BLURAY_STREAM = (bytes(4) + b"\x47" + bytes(187)) * 3
PROGRAM_STREAM = b"\0\0\1\xba" + bytes(20)
MP4 = b"\0\0\0\x20ftypisom" + bytes(20)


def test_what_ffmpeg_calls_videos_is_taken() -> None:
    """FFmpeg names the endings of some of its demuxers; a few are of pictures, sound or text."""
    import av

    from vidlabel.video.container.open import FORMATS

    named = set[str]().union(*(av.ContainerFormat(name, "r").extensions for name in FORMATS.split(",")))
    others = {"avif", "heic", "heif", "ism", "isma", "m4a", "m4b", "mka", "mks", "mpo", "ogg", "psp"}
    assert {f".{ending}" for ending in named - others} <= VIDEO_SUFFIXES


@pytest.mark.parametrize(
    "name", ["a.MP4", "MOV002.TOD", "VID_00.insv", "cam.m2t", "ch01.264", "ch02.265", "old.rmvb", "cam.dav", "GX01.LRV"]
)
def test_videos_by_their_endings(tmp_path: Path, name: str) -> None:
    assert is_video_name(tmp_path / name)
    assert not is_video_name(tmp_path / f".{name}")


@pytest.mark.parametrize(
    ("name", "content", "taken"),
    [
        ("index.ts", b"export const a = 1;\n", False),
        ("Global.ts", b"GLOBAL = 1;\r\n", False),
        ("film.ts", TRANSPORT_STREAM, True),
        ("film.mts", BLURAY_STREAM, True),
        ("cut_at_its_start.ts", TRANSPORT_STREAM[100:], True),
        ("server.mts", b"export {};\n", False),
        ("MOV001.MOD", PROGRAM_STREAM, True),
        ("HD001.MOD", TRANSPORT_STREAM, True),
        ("song.mod", b"intro" + bytes(1100) + b"M.K.", False),
        ("drawing.ps", b"%!PS-Adobe-3.0\n", False),
        ("film.ps", PROGRAM_STREAM, True),
        ("AVSEQ01.DAT", b"RIFF" + bytes(4) + b"CDXAfmt ", True),
        ("table.dat", b"1 2 3\n4 5 6\n", False),
        ("DJI_0001.LRF", MP4, True),
        ("book.lrf", b"L\0R\0F\0" + bytes(20), False),
        ("speech.ogg", b"OggS" + bytes(24) + b"\x01vorbis", False),
        ("film.ogg", b"OggS" + bytes(24) + b"\x80theora", True),
        ("show.rec", TRANSPORT_STREAM, True),
        ("empty.ts", b"", False),
    ],
)
def test_endings_that_other_files_share_are_decided_by_content(
    tmp_path: Path, name: str, content: bytes, taken: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_video_name(tmp_path / name) is taken


def test_no_pipe_is_opened_to_look_into_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ts")
    assert is_video_name(tmp_path / "pipe.ts")


def walk(folder: Path) -> tuple[list[str], list[str]]:
    """Files found, and errors."""
    errors: list[InputError] = []
    found = [path.as_posix() for path in walk_files(folder, recursive=True, errors=errors)]
    return found, [str(error) for error in errors]


class Refused:
    """An entry of a folder that may not be looked at."""

    def __init__(self, entry: os.DirEntry[str], number: int) -> None:
        self.name, self._number = entry.name, number

    def is_dir(self) -> bool:
        raise OSError(self._number, os.strerror(self._number))


class Listing:
    """`os.scandir`, with entries that may not be looked at."""

    def __init__(self, folder: Path, refused: dict[str, int]) -> None:
        with os.scandir.real(folder) as found:  # type: ignore[attr-defined]
            self._entries = [Refused(entry, refused[entry.name]) if entry.name in refused else entry for entry in found]

    def __enter__(self) -> list[os.DirEntry[str] | Refused]:
        return self._entries

    def __exit__(self, *_: object) -> None:
        pass


def test_a_path_that_may_not_be_looked_at_costs_that_path_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "locked.mp4", "loop.txt", "stale"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.mp4").touch()
    refused = {"locked.mp4": errno.EACCES, "stale": errno.ESTALE, "loop.txt": errno.ELOOP}
    real = os.scandir

    class Scandir:
        @staticmethod
        def real(folder: Path) -> object:
            return real(folder)

        def __call__(self, folder: Path) -> Listing:
            return Listing(folder, refused)

    monkeypatch.setattr(os, "scandir", Scandir())
    assert walk(tmp_path) == (
        ["a.mp4", "locked.mp4", "loop.txt", "sub/b.mp4"],
        [f"{tmp_path / 'stale'}: cannot be looked at (Stale file handle); check its permissions"],
    )


def test_hidden_files_come_only_where_they_are_called_like_videos(tmp_path: Path) -> None:
    for name in (".hidden.mp4", "._a.mp4", ".DS_Store", "a.mp4", ".trash/b.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert walk(tmp_path) == ([".hidden.mp4", "a.mp4"], [])


def test_what_is_left_out_is_named_by_its_endings() -> None:
    assert describe_left_out(["notes.txt"]) == "notes.txt"
    assert describe_left_out(["v/a.jpg", "old.xyz", "v/b.JPG"]) == "2 .jpg such as v/a.jpg, old.xyz"
    assert describe_left_out(["x", "y"]) == "2 without ending such as x"
    many = [f"a.{letter}" for letter in "abcdefgh"]
    assert describe_left_out(many) == "a.a, a.b, a.c, a.d, a.e, a.f, and 2 more kinds"


@given(st.lists(st.text(max_size=12), max_size=20))
def test_natural_order_is_total_and_keeps_names_apart(words: list[str]) -> None:
    ordered = sorted(set(words), key=natural_key)
    assert sorted(ordered, key=natural_key) == ordered
    assert len({natural_key(word) for word in ordered}) == len(ordered)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_numbers_in_names_are_compared_as_numbers(numbers: list[int]) -> None:
    assert sorted((f"clip{n}.mp4" for n in numbers), key=natural_key) == [f"clip{n}.mp4" for n in sorted(numbers)]
