"""Tables of labels as people save them: read, written and refused."""

from __future__ import annotations

import codecs
import pickle
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.errors import AnnotationError, OutputError
from vidlabel.labels.annotations import Annotation, LabelTable, LabelTableError
from vidlabel.labels.formats.csv import CsvReader
from vidlabel.labels.formats.registry import read_label_table, read_labels, write_labels

HEADER = "video,start,end,label\n"


def parse_label_table(content: bytes, name: str) -> LabelTable:
    return CsvReader().read(content, name)


def rows(text: str) -> list[Annotation]:
    return list(parse_label_table(text.encode(), "labels.csv").rows)


def problems(text: str) -> list[str]:
    with pytest.raises(LabelTableError) as caught:
        rows(text)
    return [str(problem) for problem in caught.value.problems]


def test_rows_with_and_without_times() -> None:
    assert rows(HEADER + "a.mp4,0,2.5,fall\nb.mp4,,,walk\n") == [
        Annotation("a.mp4", 0.0, 2.5, "fall"),
        Annotation("b.mp4", None, None, "walk"),
    ]


def test_optional_columns_are_understood_and_others_passed_over() -> None:
    text = "Note,Label,Score,Group,End,Start,Video\nsee,fall,0.9, p1 ,2,1,a.mp4\n,walk,,,,,a.mp4\n"
    assert rows(text) == [Annotation("a.mp4", 1.0, 2.0, "fall", "p1", 0.9), Annotation("a.mp4", None, None, "walk")]


def test_rows_know_their_line() -> None:
    assert [row.line for row in rows(HEADER + '\n"a\n.mp4",0,1,fall\nb.mp4,0,1,fall\n')] == [3, 5]


def test_excel_in_countries_with_decimal_commas() -> None:
    text = 'video;start;end;label\r\n"a.mp4";0,25;2,5;"fall; hard"\r\n;;;\r\n'
    content = codecs.BOM_UTF8 + text.encode()
    assert parse_label_table(content, "a").rows == (Annotation("a.mp4", 0.25, 2.5, "fall; hard"),)
    tabs = "video\tstart\tend\tlabel\na.mp4\t0,25\t2,5\tfall\n".encode("utf-16")
    assert parse_label_table(tabs, "a").rows == (Annotation("a.mp4", 0.25, 2.5, "fall"),)


THOUSANDS = "write all with a decimal point and nothing between thousands"
DIGITS = "write its digits without marks, and a point before decimals"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'video\tstart\tend\tlabel\na\t0.5\t"1,234"\tx\nb\t0.5\t1.5\ty\n',
            "line 2: the table uses both marks in its numbers: a comma, such as '1,234' (line 2), and a point, such as "
            f"'0.5' (lines 2, 3); {THOUSANDS}",
        ),
        (
            "video;start;end;label\na;0;2,5;x\na;3;4;x\nb;0;1.234;y\n",
            "line 2: the table uses both marks in its numbers: a comma, such as '2,5' (line 2), and a point, such as "
            f"'1.234' (line 4); {THOUSANDS}",
        ),
        (
            "video;start;end;label\na;0;1.234,5;x\n",
            "line 2: the table uses both marks in its numbers: a comma, such as '1.234,5' (line 2), and a point, such "
            f"as '1.234,5' (line 2); {THOUSANDS}",
        ),
        (
            "video;start;end;label\na;0;10;x\nb;0;1,234;y\n",
            "line 3: '1,234' (line 3) may be 1.234 or 1234, and no other number of the table tells which; write a "
            "decimal point, or nothing between thousands",
        ),
        ("video;start;end;label\na;0;1 234;x\n", f"line 2: end '1 234' is not a number: {DIGITS}"),
        ("video;start;end;label\na;0;1\u202f234,5;x\n", f"line 2: end '1\\u202f234,5' is not a number: {DIGITS}"),
        ("video;start;end;label\na;0;1\u2019234;x\n", f"line 2: end '1\u2019234' is not a number: {DIGITS}"),
        ("video,start,end,label\na,0,1'234.5,x\n", f'line 2: end "1\'234.5" is not a number: {DIGITS}'),
        ('video,start,end,label\na,0,"1,234.5",x\n', f"line 2: end '1,234.5' is not a number: {DIGITS}"),
    ],
)
def test_numbers_with_marks_between_thousands_are_never_guessed(text: str, problem: str) -> None:
    assert problems(text) == [problem]


@pytest.mark.parametrize("telling", ["0,500", "1234,000", "2,5", "0,0"])
def test_one_number_tells_that_commas_are_decimal_marks(telling: str) -> None:
    found = rows(f"video;start;end;label\na;1,234;2,345;x\nb;{telling};99999;x\n")
    assert (found[0].start, found[0].end) == (1.234, 2.345)
    assert found[1].start == float(telling.replace(",", "."))


def test_long_lists_of_lines_are_cut() -> None:
    text = "video;start;end;label\n" + "a;0,5;1;x\n" + "".join(f"b{n};0.5;1;x\n" for n in range(8))
    assert "(lines 3, 4, 5, 6, 7 and 3 more)" in problems(text)[0]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_labels_and_groups_of_either_unicode_form_are_one(form: Literal["NFC", "NFD"]) -> None:
    name = unicodedata.normalize(form, "caf\u00e9 \uac01")
    found = rows(f"video,start,end,label,group\na,,,{name},{name}\nb,,,\u00a0{name}\u2003,\n")
    assert [(row.label, row.group) for row in found] == [
        ("caf\u00e9 \uac01", "caf\u00e9 \uac01"),
        ("caf\u00e9 \uac01", None),
    ]
    assert parse_label_table((HEADER + f"a,,,{name}\nb,,,caf\u00e9 \uac01\n").encode(), "a").warnings == ()


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("f\u0430ll", r"'f\u0430ll'"),
        ("\u0415\u0445it", r"'\u0415\u0445it'"),
        ("fall\u200b", r"'fall\u200b'"),
        ("ru\u00adn", r"'ru\xadn'"),
        ("fall\u00a0down", r"'fall\xa0down'"),
        ("\ufb01ght", r"'\ufb01ght'"),
    ],
)
def test_labels_that_look_alike_are_warned_of_and_told_apart(label: str, shown: str) -> None:
    latin = {
        "\u0415\u0445it": "Exit",
        "f\u0430ll": "fall",
        "fall\u200b": "fall",
        "ru\u00adn": "run",
        "\ufb01ght": "fight",
    }
    other = latin.get(label, "fall down")
    table = parse_label_table((HEADER + f"a,,,{other}\nb,,,{other}\nc,,,{label}\n").encode(), "labels.csv")
    assert table.warnings == (f"label {shown} (1 row) is spelt nearly like {other!r} (2 rows)",)


def test_comments_that_could_be_rows_are_warned_of() -> None:
    text = "# from the lab, 2024\nvideo,start,end,label\n# checked\na,0,1,x\n#b,0,1,x\n"
    table = parse_label_table(text.encode(), "labels.csv")
    assert table.rows == (Annotation("a", 0.0, 1.0, "x"),)
    assert table.warnings == ("line 5 begins with #: taken for a comment; put quotes around a path that begins so",)
    more = parse_label_table((text + '#c,0,1,x\n"#d",0,1,x\n').encode(), "labels.csv")
    assert [row.video for row in more.rows] == ["a", "#d"]
    assert more.warnings[0].startswith("2 lines, the first one line 5, begin with #: taken for comments;")


def test_white_space_around_labels_and_numbers_does_not_count() -> None:
    assert rows(HEADER + "a.mp4, 0 , 1 , fall down \n") == [Annotation("a.mp4", 0.0, 1.0, "fall down")]


def test_table_without_rows_is_empty() -> None:
    assert rows(HEADER) == []


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("a.mp4,2,1,fall", "end 1 is not after start 2"),
        ("a.mp4,1,1,fall", "end 1 is not after start 1"),
        ("a.mp4,-1,1,fall", "start -1 is negative"),
        ("a.mp4,-2,-1,fall", "start -2 is negative; end -1 is negative"),
        ("a.mp4,nan,1,fall", "start 'nan' is not a number"),
        ("a.mp4,0,inf,fall", "end 'inf' is not a number"),
        ("a.mp4,0,1e999,fall", "end inf is not finite"),
        ("a.mp4,0:10,1_0,fall", "start '0:10' is not a number; end '1_0' is not a number"),
        ('a.mp4,0,"1,5",fall', f"end '1,5' is not a number: {DIGITS}"),
        ("a.mp4,,1,fall", "has an end and no start: give both, or none to label the whole video"),
        ("a.mp4,1,,fall", "has a start and no end: give both, or none to label the whole video"),
        ("a.mp4,0,1,", "label is empty"),
        ("a.mp4,0,1", "label is empty"),
        (" ,0,1, ", "video is empty; label is empty"),
        ("a.mp4,0,1,fall,down", "has 5 cells, the first line has 4"),
    ],
)
def test_wrong_rows_are_named(cells: str, problem: str) -> None:
    assert problems(HEADER + "b.mp4,0,1,fall\n" + cells + "\n") == [f"line 3: {problem}"]


def test_wrong_score_is_named() -> None:
    header = "video,start,end,label,score\n"
    assert problems(header + "a,0,1,fall,high\nb,0,1,fall,1e999\n") == [
        "line 2: score 'high' is not a number",
        "line 3: score inf is not finite",
    ]


def test_repeated_rows_are_named() -> None:
    text = HEADER + "a.mp4,0,1,fall\na.mp4,0,1,walk\na.mp4,0.0,1e0, fall\nb.mp4,,,x\nb.mp4,,,x\n"
    assert problems(text) == ["line 4: repeats line 2", "line 6: repeats line 5"]


def test_all_errors_are_collected_and_ten_are_listed() -> None:
    text = HEADER + "a.mp4,2,1,fall\nb.mp4,0,1,fall,more\n" * 8 + '"'
    with pytest.raises(LabelTableError) as caught:
        rows(text)
    assert [problem.line for problem in caught.value.problems] == list(range(2, 19))
    message = str(caught.value)
    assert message.startswith("labels.csv: line 2: end 1 is not after start 2; line 3: has 5 cells")
    assert message.count("line ") == 10 + 5  # "the first line has 4" five times
    assert message.endswith("; and 7 more; correct these lines")
    assert "\n" not in message


def test_error_survives_a_journey_between_processes() -> None:
    with pytest.raises(LabelTableError) as caught:
        rows(HEADER + "a.mp4,2,1,fall\n")
    back = pickle.loads(pickle.dumps(caught.value))
    assert (str(back), back.problems) == (str(caught.value), caught.value.problems)


def test_labels_that_may_be_one_and_padded_paths_are_warned_of() -> None:
    table = parse_label_table((HEADER + "a.mp4,0,1,fall\nb.mp4 ,0,1,Fall\na.mp4,2,3,fall\n").encode(), "labels.csv")
    assert table.warnings == (
        "label 'Fall' (1 row) is spelt nearly like 'fall' (2 rows)",
        "path 'b.mp4 ' has white space around it",
    )
    assert [row.label for row in table.rows] == ["fall", "Fall", "fall"]


@given(st.binary() | st.text().map(lambda text: (HEADER + text).encode(errors="replace")))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    for start in (b"", HEADER.encode(), HEADER.replace(",", ";").encode()):
        try:
            table = parse_label_table(start + content, "labels.csv")
        except AnnotationError as error:
            message = str(error)
        else:
            message = "labels.csv: line "
            assert all(row.video.strip() and row.label for row in table.rows)
        assert message.startswith("labels.csv: line ")


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(str.strip)
STRIPPED = TEXT.map(str.strip)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


BYTES = st.binary(min_size=1)
SECONDS = st.floats(0, allow_nan=False, allow_infinity=False)
TIMES = st.just((None, None)) | st.tuples(SECONDS, SECONDS).filter(lambda pair: pair[0] != pair[1]).map(sorted)
SCORES = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(
        st.builds(
            lambda video, times, *others: Annotation(video, *times, *others),
            TEXT
            | st.binary(min_size=1).map(lambda name: "x" + name.replace(b"\0", b"").decode(errors="surrogateescape")),
            TIMES,
            STRIPPED,
            st.none() | STRIPPED,
            SCORES,
        ),
        unique_by=lambda row: (row.video, row.start, row.end, nfc(row.label)),
        max_size=5,
    )
)
def test_written_rows_are_read_back_exactly(tmp_path_factory: pytest.TempPathFactory, some: list[Annotation]) -> None:
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    write_labels(some, path)
    assert read_labels(path) == [replace(row, label=nfc(row.label), group=row.group and nfc(row.group)) for row in some]


def test_who_labelled_is_a_column_too(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    some = [Annotation("a.mp4", 0.0, 1.0, "fall", annotator="ann"), Annotation("a.mp4", 2.0, 3.0, "fall")]
    write_labels(some, path)
    assert path.read_text().splitlines()[:2] == ["video,start,end,label,annotator", "a.mp4,0.0,1.0,fall,ann"]
    assert read_labels(path) == some


def test_points_are_not_written_as_segments(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot hold labels of single points in time"):
        write_labels([Annotation("a.mp4", 1.0, 1.0, "fall", kind="point")], tmp_path / "labels.csv")
    assert list(tmp_path.iterdir()) == []


def test_columns_that_nobody_uses_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    write_labels([Annotation("a.mp4", None, None, "fall"), Annotation("a, b.mp4", 0.1, 2, "fall")], path)
    assert path.read_bytes() == b'video,start,end,label\r\na.mp4,,,fall\r\n"a, b.mp4",0.1,2.0,fall\r\n'


def test_labels_cannot_be_written_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        write_labels([], tmp_path / "file" / "labels.csv")


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="cannot be read"):
        read_labels(tmp_path / "none.csv")
    with pytest.raises(AnnotationError, match="cannot be read"):
        read_labels(tmp_path)


def test_video_given_as_table_is_refused_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\0\0\0\x20ftypisom" + b"\xff" * 10000)
    with pytest.raises(AnnotationError, match="is not a text file; give a CSV table of labels"):
        read_label_table(path)
