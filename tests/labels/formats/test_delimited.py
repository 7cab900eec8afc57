from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.labels.formats.delimited import TableError, TableRecord, read_table

TEXT = 'b;a;more\r\n1;"x;""y""\nz";9\r\n;;\r\n\r\n2;ä;'
RECORDS = (TableRecord(2, {"a": 'x;"y"\nz', "b": "1"}), TableRecord(6, {"a": "ä", "b": "2"}))


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
    assert table.records == (TableRecord(3, {"a": "1", "b": "2"}),)
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
    assert table.records == (TableRecord(3, {"a": "1", "b": "2"}), TableRecord(4, {"a": "1", "b": ""}))
    assert [problem.line for problem in table.problems] == [2, 5]
    assert str(table.problems[0]) == "line 2: has 3 cells, the first line has 2"
    assert "check its quotes" in str(table.problems[1])


@pytest.mark.parametrize(
    "before",
    [
        "sep=;\r\n",
        "\ufeffsep=;\n",
        "SEP=;\n\n",
        '"sep=;"\n',
        "sep=;;;\n",
        "\r\n \r\nsep=;\r\n\r\n",
        '# made by hand: "x\n# c;d\n',
        "sep=;\n#note\n\ufeff",
    ],
)
def test_lines_before_the_names_of_columns_are_passed_over(before: str) -> None:
    table = read_table((before + '"a";b\n1;2,5\n').encode(), ["a", "b"], [])
    assert table.records == (TableRecord(before.count("\n") + 2, {"a": "1", "b": "2,5"}),)
    assert table.problems == ()
    assert table.decimal_comma


@pytest.mark.parametrize(("named", "delimiter"), [(",", ","), ("\t", "\t"), ("\\t", "\t"), ("|", "|"), (":", ":")])
def test_a_line_names_the_separator(named: str, delimiter: str) -> None:
    rows = [["a", "b;c,d"], ["1", "2"]]
    content = f"sep={named}\n" + "\n".join(delimiter.join(row) for row in rows).replace("b;c,d", '"b"')
    table = read_table(content.encode("utf-16"), ["a", "b"], [])
    assert table.records == (TableRecord(3, {"a": "1", "b": "2"}),)
    assert table.decimal_comma == (delimiter != ",")


def test_names_of_columns_in_a_comment_count() -> None:
    table = read_table(b"# made by numpy\n# a,b\n1,2\n", ["a", "b"], [])
    assert table.records == (TableRecord(3, {"a": "1", "b": "2"}),)


def test_comments_end_no_record() -> None:
    table = read_table(b'a,b\n1,"x\n#y"\n#"1,2\n# 3\n4,5\n"#6",7\n', ["a", "b"], [])
    assert table.records == (
        TableRecord(2, {"a": "1", "b": "x\n#y"}),
        TableRecord(6, {"a": "4", "b": "5"}),
        TableRecord(7, {"a": "#6", "b": "7"}),
    )
    assert table.problems == ()
    assert table.comments == (4,)


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
