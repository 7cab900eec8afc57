"""Lines of a decoding process: whole, in order, and never waited for longer than asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.isolation.pipe import LONGEST_LINE, LineReader

PATIENCE_S = 60.0


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, int]]:
    """The end that is read, and the descriptor that is written."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as file:
        yield file, writing


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=20), st.integers(1, 30))
def test_lines_come_whole_however_they_were_cut(lines: list[bytes], size: int) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as file:
        reader = LineReader(file)
        data = b"".join(line + b"\n" for line in lines)
        for first in range(0, len(data), size):
            os.write(writing, data[first : first + size])
        os.close(writing)
        assert [reader.read_line(PATIENCE_S) for _ in lines] == lines
        assert reader.read_line(PATIENCE_S) == b""
        assert reader.read_line(PATIENCE_S) == b""


def test_nothing_in_time_is_none_and_half_a_line_is_nothing(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    reader = LineReader(file)
    assert reader.read_line(0) is None
    os.write(writing, b"half")
    assert reader.read_line(0.01) is None
    os.write(writing, b" a line\n")
    line = reader.read_line(PATIENCE_S)
    os.close(writing)
    assert line is not None
    assert line.rstrip(b"\n") == b"half a line"


def test_a_line_without_end_is_the_end(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    reader = LineReader(file)
    told: list[bytes | None] = []
    chunk = b"x" * (1 << 16)
    for _ in range(LONGEST_LINE // len(chunk) + 2):
        os.write(writing, chunk)
        told.append(reader.read_line(0))
        if told[-1] is not None:
            break
    os.close(writing)
    assert told[-1] == b""
