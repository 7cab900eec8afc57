from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.labels.delimited import Record, TableError, read_table

TEXT = 'b;a;more\r\n1;"x;""y""\nz";9\r\n;;\r\n\r\n2;ä;'
RECORDS = (Record(2, {"a": 'x;"y"\nz', "b": "1"}), Record(6, {"a": "ä", "b": "2"}))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.upper().replace("Ä", "ä").replace("X", "x").replace("Y", "y").replace("Z", "z").encode(),
    ],
)
def test_records_with_their_lines_in_every_encoding(content: bytes) -> None:
    table = read_table(content, ["a", "b"], ["c"])
    assert table.records == RECORDS
    assert table.problems == ()
    assert table.decimal_comma


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_delimiter_and_line_end(end: str, delimiter: str) -> None:
    content = end.join(["", delimiter.join(["A ", "b"]), delimiter.join(["1", "2"]), ""]).encode()
    table = read_table(content, ["a", "b"], [])
    assert table.records == (Record(3, {"a": "1", "b": "2"}),)
    assert table.decimal_comma == (delimiter != ",")


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", ["line 1: names no column a", "line 1: names no column b"]),
        (b"a,a,b\n", ["line 1: names the column a 2 times"]),
        ("a,b\nä,é\n1,2\né".encode("latin-1"), [
            "line 2: is not UTF-8 (byte 0xe4 at 0); save the table as CSV UTF-8",
            "line 4: is not UTF-8 (byte 0xe9 at 0); save the table as CSV UTF-8",
        ]),
        (b"a,b\n1,\0", ["line 2: holds a NUL character, which no text table does"]),
        ("a,b\n1".encode("utf-16-le"), ["line 1: holds a NUL character, which no text table does"]),
        (
            codecs.BOM_UTF16_LE + "a,b\n1".encode("utf-16-le") + b"\0",
            ["line 2: is not UTF-16, as the file's first bytes say"],
        ),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_read_at_all(content: bytes, problems: list[str]) -> None:
    with pytest.raises(TableError) as caught:
        read_table(content, ["a", "b"], [])
    assert [str(problem) for problem in caught.value.problems] == problems


def test_column_with_a_similar_name_is_hinted_at() -> None:
    with pytest.raises(TableError, match=r"names no column label \(it has 'labels'\)"):
        read_table(b"video,labels\n", ["video", "label"], [])


def test_rows_that_are_too_long_and_broken_quotes_are_problems() -> None:
    table = read_table(b'a,b\n1,2,3\n1,2,,\n1\n"x,\n', ["a", "b"], [])
    assert table.records == (Record(3, {"a": "1", "b": "2"}), Record(4, {"a": "1", "b": ""}))
    assert [problem.line for problem in table.problems] == [2, 5]
    assert str(table.problems[0]) == "line 2: has 3 cells, the first line has 2"
    assert "check its quotes" in str(table.problems[1])


@given(st.binary())
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    for start in (b"", b"a,b\n", b"a;b\n", codecs.BOM_UTF16_LE + "a,b\n".encode("utf-16-le")):
        try:
            table = read_table(start + content, ["a", "b"], [])
        except TableError as error:
            lines = [problem.line for problem in error.problems]
        else:
            lines = [0, *(record.line for record in table.records)]
        assert lines
        assert lines == sorted(lines)
