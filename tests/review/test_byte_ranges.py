"""Which bytes a range of HTTP means (RFC 9110, section 14.1.2)."""

from __future__ import annotations

import pytest

from vidlabel.review.byte_ranges import ByteRange, UnsatisfiableRangeError, parse_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-", (0, 10000)),
        ("bytes=0-499", (0, 500)),
        ("bytes=500-999", (500, 1000)),
        ("bytes=9500-", (9500, 10000)),
        ("bytes=-500", (9500, 10000)),
        ("bytes=-20000", (0, 10000)),
        ("bytes=9999-99999", (9999, 10000)),
        ("Bytes= 5-5 ", (5, 6)),
    ],
)
def test_one_range_is_given(header: str, wanted: tuple[int, int]) -> None:
    assert parse_range(header, 10000) == ByteRange(*wanted)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,5-6", "lines=1-2"),
        *("bytes=0-" + "9" * 30, "bytes=" + "0-," * 1000, "bytes=+1-2", "bytes=1 - 2", "bytes=٣-٤"),
    ],
)
def test_anything_else_is_the_whole_file(header: str | None) -> None:
    assert parse_range(header, 10000) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=10000-", 10000), ("bytes=-0", 10000), ("bytes=0-", 0)])
def test_a_range_after_the_end_is_refused(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, size)
