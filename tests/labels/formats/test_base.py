"""What all formats share: the header first, results in order, and bytes for any path."""

from __future__ import annotations

import io
from collections.abc import Iterator

from labels.results import result_of, written
from vidlabel.labels.formats.base import Format
from vidlabel.labels.result import Result


class Paths(Format):
    """A line for each path."""

    name = "paths"
    suffix = ".txt"
    holds_many = True

    def header(self) -> str:
        """One word."""
        return "paths\n"

    def body(self, result: Result) -> Iterator[str]:
        """In two pieces."""
        yield result.video.path
        yield "\n"


def test_a_file_is_its_header_and_its_results() -> None:
    assert written(Paths()) == b"paths\n"
    assert written(Paths(), result_of(path="ä.mp4"), result_of(path="b.mp4")) == "paths\nä.mp4\nb.mp4\n".encode()


def test_one_result_is_a_whole_file_and_the_file_stays_open() -> None:
    file = io.BytesIO()
    Paths().write(result_of(path="a.mp4"), file)
    assert file.getvalue() == b"paths\na.mp4\n"


def test_bytes_of_a_path_outside_utf_8_are_told_by_their_numbers() -> None:
    path = b"caf\xe9.mp4".decode("utf-8", errors="surrogateescape")
    assert written(Paths(), result_of(path=path)) == b"paths\ncaf\\udce9.mp4\n"
