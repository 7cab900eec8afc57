from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from labels.results import SEGMENTS, result_of, result_of_two, segments, written
from vidlabel.labels.formats.csv import csv_line
from vidlabel.labels.formats.registry import FORMATS, read_labels
from vidlabel.labels.result import Segment

CSV = FORMATS["csv"]
CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def test_csv_file_is_this_to_the_letter() -> None:
    wanted = (
        "video,start,end,label,score\r\n"
        "a.mp4,0.000,4.500,fall,0.9300\r\n"
        'a.mp4,4.500,61.250,"lying, still",0.5000\r\n'
        'a.mp4,360000.000,360001.500,"says ""help""",1.0000\r\n'
        "b.mp4,0.333,4.500,fall,0.9346\r\n"
    )
    second = result_of([Segment(1 / 3, 4.5, "fall", 0.93456)], path="b.mp4")
    assert written(CSV, result_of(path="a.mp4"), second).decode() == wanted


def test_video_without_segments_leaves_a_table_without_rows() -> None:
    assert written(CSV, result_of(())) == b"video,start,end,label,score\r\n"


@given(st.lists(segments(CELLS), min_size=1, max_size=4), CELLS)
def test_csv_module_reads_the_same_cells(some: list[Segment], path: str) -> None:
    text = written(CSV, result_of(some, path=path)).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [(row["video"], float(row["start"]), float(row["end"]), row["label"]) for row in rows] == [
        (path, segment.start, segment.end, segment.label) for segment in some
    ]


def test_pandas_reads_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_bytes(written(CSV, result_of(path="äh, so.mp4")))
    table = pd.read_csv(path)
    assert list(table.columns) == ["video", "start", "end", "label", "score"]
    assert set(table["video"]) == {"äh, so.mp4"}
    assert list(table["label"]) == [segment.label for segment in SEGMENTS]
    assert list(table["end"]) == [segment.end for segment in SEGMENTS]


def test_formulas_of_spreadsheets_stand_as_they_are() -> None:
    text = written(CSV, result_of([Segment(0, 1, "=1+1", 0.5)], path="@a.mp4")).decode()
    assert text.splitlines()[1] == "@a.mp4,0.000,1.000,=1+1,0.5000"


def test_a_path_that_begins_like_a_comment_is_quoted() -> None:
    assert csv_line(("#1.mp4", "0.5", "a, b")) == '"#1.mp4",0.5,"a, b"\r\n'
    assert csv_line(("#1,2.mp4", "#")) == '"#1,2.mp4",#\r\n'
    assert csv_line(("a#.mp4", "#")) == "a#.mp4,#\r\n"


def test_several_models_have_a_column(tmp_path: Path) -> None:
    content = written(CSV, result_of_two())
    assert content.decode() == (
        "video,start,end,label,score,model\r\n"
        "videos/äh 1.mp4,0.000,4.500,fall,0.9300,made-up\r\n"
        "videos/äh 1.mp4,0.000,4.500,a & b,0.9300,<other>\r\n"
    )
    (tmp_path / "all.csv").write_bytes(content)
    assert [row.annotator for row in read_labels(tmp_path / "all.csv")] == ["made-up", "<other>"]
