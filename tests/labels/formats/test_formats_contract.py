"""What holds for every format: writing and reading back, detection by content, refusal of wrong files."""

from __future__ import annotations

import codecs
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.results import SEGMENTS, result_of, written
from vidlabel.errors import AnnotationError
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.registry import FORMATS, Format, detect_format, read_label_table, read_labels
from vidlabel.labels.result import Segment

PATH = os.fsdecode(b"videos/caf\xe9 1.mp4")
NAMES_VIDEOS = {"json", "jsonl", "csv"}
"""Formats whose files say of which video they are, and with which score."""
WRONG = {
    "json": b'{\n "schema": "vidlabel.result/1",\n "status": 7\n}',
    "jsonl": b'\n{"schema": "vidlabel.result/1", "status": 7}\n',
    "csv": b"video,start,end,label\na.mp4,2,1,fall\n",
    "srt": b"1\n00:00:01,000 --> 00:00:02,000\nfall\n\n2\n00:00:01 -> 00:00:02\nfall\n",
    "vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\nfall\n\n00:03.000 --> 00:02.000\nfall\n",
}
PROBLEMS = {
    "json": "is not a result of vidlabel",
    "jsonl": "line 2: is not a result of vidlabel",
    "csv": "line 2: end 1 is not after start 2",
    "srt": "line 6: '00:00:01 -> 00:00:02' are not the times of a cue",
    "vtt": "line 6: end 2 is not after start 3",
}

each_format = pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)


def expected(format_: Format, file: Path) -> list[Annotation]:
    """What a file with the segments of `result_of` says."""
    known = format_.name in NAMES_VIDEOS
    video = PATH if known else file.stem
    return [Annotation(video, s.start, s.end, s.label, score=s.score if known else None) for s in SEGMENTS]


@each_format
def test_what_is_written_is_read_back(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"a.mp4{format_.suffix}"
    file.write_bytes(written(format_, result_of(path=PATH)))
    assert read_labels(file) == expected(format_, file)


@each_format
def test_lines_are_those_of_the_file(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"a.mp4{format_.suffix}"
    file.write_bytes(written(format_, result_of()))
    lines = file.read_text(encoding="utf-8").splitlines()
    marks = {"json": '"start": ', "jsonl": "", "csv": "videos/", "srt": "-->", "vtt": "-->"}
    found = [number for number, line in enumerate(lines, 1) if marks[format_.name] in line]
    wanted = found * len(SEGMENTS) if format_.name == "jsonl" else found
    assert [row.line for row in read_labels(file)] == wanted


@each_format
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_encoding_and_line_end_is_read(format_: Format, encoding: str, newline: str, tmp_path: Path) -> None:
    file = tmp_path / f"a.mp4{format_.suffix}"
    text = written(format_, result_of(path=PATH)).decode().replace("\r\n", "\n")
    file.write_bytes(text.replace("\n", newline).encode(encoding))
    assert read_labels(file) == expected(format_, file)


@each_format
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["plain", "marked"])
def test_content_counts_more_than_the_suffix(format_: Format, mark: bytes) -> None:
    content = mark + written(format_, result_of())
    for name in ("labels.txt", "labels", "labels.vtt.bak", "labels.csv"):
        assert detect_format(Path(name), content[:4096]) is format_


@each_format
def test_suffix_decides_where_the_content_does_not(format_: Format) -> None:
    assert detect_format(Path("a.mp4" + format_.suffix.upper()), b"hello") is format_


@each_format
def test_wrong_files_are_named_with_their_lines(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"labels{format_.suffix}"
    file.write_bytes(WRONG[format_.name])
    with pytest.raises(AnnotationError) as caught:
        read_labels(file)
    assert str(caught.value).startswith(f"{file}: {PROBLEMS[format_.name]}")
    assert "\n" not in str(caught.value)


@each_format
def test_lines_that_are_not_text_are_named(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"labels{format_.suffix}"
    file.write_bytes(written(format_, result_of()) + b"caf\xe9\n")
    with pytest.raises(AnnotationError, match=r"line \d+: is not UTF-8"):
        read_labels(file)


@each_format
def test_repeated_labels_are_named(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"a.mp4{format_.suffix}"
    file.write_bytes(written(format_, result_of([Segment(0, 1, "fall", 0.5), Segment(0, 1, "fall", 0.5)])))
    with pytest.raises(AnnotationError, match=r"line \d+: repeats line \d+; correct these lines"):
        read_labels(file)


@each_format
def test_labels_that_may_be_one_are_warned_of(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"a.mp4{format_.suffix}"
    file.write_bytes(written(format_, result_of([Segment(0, 1, "fall", 0.5), Segment(1, 2, "Fall", 0.5)])))
    (warning,) = read_label_table(file).warnings
    assert "is spelt nearly like" in warning


@each_format
def test_no_segments_are_no_labels(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"a.mp4{format_.suffix}"
    file.write_bytes(written(format_, result_of(())))
    assert read_labels(file) == []


@each_format
@given(content=st.binary(max_size=200), kept=st.integers(0, 400))
def test_any_bytes_are_read_or_refused(format_: Format, content: bytes, kept: int) -> None:
    for start in (b"", WRONG[format_.name][:kept], written(format_, result_of())[:kept]):
        try:
            table = format_.reader.read(start + content, "labels")
        except AnnotationError as error:
            assert str(error).startswith("labels: ")  # noqa: PT017 - either is right
        else:
            assert all(row.label and row.video for row in table.rows)


@each_format
def test_a_file_is_its_header_and_its_results_and_stays_open(format_: Format) -> None:
    file = io.BytesIO()
    format_.write(result_of(), file)
    assert not file.closed
    assert file.getvalue() == written(format_, result_of())
    assert written(format_) == format_.writer.header(1).encode()


@pytest.mark.parametrize("format_", [one for one in FORMATS.values() if one.holds_many], ids=lambda one: one.name)
def test_results_of_several_videos_are_read_in_their_order(format_: Format, tmp_path: Path) -> None:
    file = tmp_path / f"all{format_.suffix}"
    one = [Segment(0, 1, "fall", 0.5)]
    file.write_bytes(written(format_, result_of(one, path="b.mp4"), result_of(one, path="a.mp4")))
    assert [(row.video, row.label) for row in read_labels(file)] == [("b.mp4", "fall"), ("a.mp4", "fall")]


@each_format
def test_lone_surrogates_of_windows_names_do_not_crash(format_: Format) -> None:
    written(format_, result_of(path="a\ud800b.mp4")).decode("utf-8")
