from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pysubs2
import pytest

from vidlabel.errors import SubtitleError
from vidlabel.video.subtitles.files import read_subtitle_file

SRT = "1\n00:00:01,000 --> 00:00:02,500\nFirst <i>line</i>\nin two\n\n2\n00:00:03,000 --> 00:00:04,000\nSecond\n"
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}First{\\i0}, line{a note}\\Nin two
Dialogue: 1,0:00:00.00,0:00:09.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,Second
"""
VTT = """WEBVTT - a title

NOTE this is
a note

STYLE
::cue { color: red }

first
00:01.000 --> 00:02.500 align:start
First &lt;line&gt;

00:00:03.000 --> 00:00:04.000
<v Bob>Second
"""

Rows = list[tuple[float, float, str]]


def read(folder: Path, content: str | bytes, name: str = "clip.srt") -> tuple[Rows, tuple[str, ...]]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    found = read_subtitle_file(path)
    return [(float(line.start_s), float(line.end_s), line.text) for line in found.lines], found.warnings


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_subrip(tmp_path: Path, line_end: str) -> None:
    expected = [(1.0, 2.5, "First line in two"), (3.0, 4.0, "Second")]
    assert read(tmp_path, SRT.replace("\n", line_end)) == (expected, ())


def test_webvtt_without_names_notes_and_styles(tmp_path: Path) -> None:
    assert read(tmp_path, VTT) == ([(1.0, 2.5, "First <line>"), (3.0, 4.0, "Second")], ())


def test_ass_without_comments_and_drawings(tmp_path: Path) -> None:
    assert read(tmp_path, ASS) == ([(1.0, 2.5, "First, line in two"), (3.0, 4.0, "Second")], ())


def test_ssa_with_columns_in_another_order(tmp_path: Path) -> None:
    events = (
        "[Script Info]\n[Events]\nFormat: Marked, End, Start, Text\nDialogue: Marked=0,0:00:02.00,0:00:01.00,a, b\n"
    )
    assert read(tmp_path, events)[0] == [(1.0, 2.0, "a, b")]


@pytest.mark.parametrize(("kind", "content"), [("srt", SRT), ("ass", ASS)])
def test_ordinary_files_read_as_another_library_reads_them(tmp_path: Path, kind: str, content: str) -> None:
    # pysubs2 leaves notes within braces to the caller, and counts drawings as lines.
    theirs = [event for event in pysubs2.SSAFile.from_string(content, format_=kind) if event.is_text]
    expected = [(e.start / 1000, e.end / 1000, " ".join(e.plaintext.split())) for e in theirs]
    assert read(tmp_path, content)[0] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-mark"])
def test_encodings_that_say_what_they_are(tmp_path: Path, encoding: str) -> None:
    text = SRT.replace("Second", "Grüße, Привет, 你好")
    content = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-mark" else text.encode(encoding)
    rows, warnings = read(tmp_path, content)
    assert (rows[1][2], warnings) == ("Grüße, Привет, 你好", ())


def test_windows_1252_is_read_and_warned_of(tmp_path: Path) -> None:
    rows, warnings = read(tmp_path, SRT.replace("Second", "Grüße, œuvre, €").encode("cp1252"))
    assert rows[1][2] == "Grüße, œuvre, €"
    assert [*warnings] == ["clip.srt: is not UTF-8 and read as Windows-1252; save it as UTF-8 if letters are wrong"]


def test_one_damaged_byte_does_not_change_the_encoding(tmp_path: Path) -> None:
    content = SRT.replace("Second", "Grüße, Grüße, X").encode("utf-8").replace(b"X", b"\xff")
    rows, warnings = read(tmp_path, content)
    assert rows[1][2] == "Grüße, Grüße, \ufffd"
    assert [*warnings] == ["clip.srt: 1 characters are not UTF-8 and are replaced"]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("0:00:01.5 --> 0:00:02,25", (1.5, 2.25)),
        ("00:01,5 --> 00:02", (1.5, 2.0)),
        ("100:00:00,000 --> 100:00:01,000 X1:40 X2:600", (360000.0, 360001.0)),
        ("-00:00:01,000 --> 00:00:02,000", (-1.0, 2.0)),
        ("00:75:00,000 --> 00:76:00,000", (4500.0, 4560.0)),
    ],
)
def test_times_as_programs_write_them(tmp_path: Path, times: str, expected: tuple[float, float]) -> None:
    assert read(tmp_path, f"1\n{times}\nx\n") == ([(*expected, "x")], ())


def test_lines_with_wrong_times_are_left_out_and_counted(tmp_path: Path) -> None:
    wrong = (
        "\n3\n00:00:09,000 --> 00:00:08,000\nreversed\n\n4\n00:00:05,000 --> 00:00:05,000\nempty\n"
        "\n5\n0x:1 --> y\ntext\n\n6\n00:00:07,00x --> 00:00:08,000\nbroken\n"
    )
    rows, warnings = read(tmp_path, SRT + wrong)
    assert [text for _, _, text in rows] == ["First line in two", "Second"]
    assert [*warnings] == [
        "clip.srt: 2 of 6 subtitle lines have times that cannot be read and are left out",
        "clip.srt: 2 of 6 subtitle lines do not end after their start and are left out",
    ]


def test_lines_come_in_the_order_of_their_starts(tmp_path: Path) -> None:
    swapped = "2\n00:00:03,000 --> 00:00:04,000\nlater\n\n1\n00:00:01,000 --> 00:00:05,000\nsooner\n"
    assert [text for _, _, text in read(tmp_path, swapped)[0]] == ["sooner", "later"]


def test_numbers_that_are_said_and_blank_lines_stay(tmp_path: Path) -> None:
    cues = "1\n00:00:01,000 --> 00:00:02,000\nyear\n1984\n\n2\n00:00:02,000 --> 00:00:03,000\n\n3\n"
    cues += "00:00:03,000 --> 00:00:04,000\nbefore --> after\n\nstill it\n"
    assert [text for _, _, text in read(tmp_path, cues)[0]] == ["year 1984", "before --> after still it"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"Dear diary,\nnothing happened.\n", "holds no subtitles that can be read"),
        (b"video,start,end,label\na.mp4,0,1,x\n", "holds no subtitles that can be read"),
        (b"1\n0:0x --> 1\nbroken\n", "holds no subtitles that can be read"),
        (b"\0\1\2 --> \3", "is no text"),
        (b"\x89PNG\r\n\x1a\n\xff\xff", "holds no subtitles that can be read"),
    ],
)
def test_what_is_no_subtitle_file_is_one_line(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(SubtitleError, match=rf"clip.srt: {problem}; give an SRT, WebVTT or ASS file"):
        read(tmp_path, content)


def test_folders_and_missing_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="is no file"):
        read_subtitle_file(tmp_path)
    with pytest.raises(SubtitleError, match=re.escape("none.srt: cannot be read (No such file")):
        read_subtitle_file(tmp_path / "none.srt")


def test_a_valid_file_may_have_no_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "WEBVTT\n\nNOTE nothing is said\n", "clip.vtt") == ([], ())


def test_as_many_lines_as_a_day_of_film_has(tmp_path: Path) -> None:
    count = 100_000

    def clock(ms: int) -> str:
        return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"

    cues = (f"{i}\n{clock(i * 700)} --> {clock(i * 700 + 650)}\nline <i>{i}</i>\n\n" for i in range(count))
    path = tmp_path / "clip.srt"
    path.write_text("".join(cues), encoding="utf-8")
    lines = read_subtitle_file(path).lines
    assert len(lines) == count
    assert (lines[-1].start_s, lines[-1].text) == (Fraction((count - 1) * 700, 1000), f"line {count - 1}")


@pytest.mark.parametrize("unit", ["<", "<a", "{\\p1", "\n", "{\\", "\n\n1", "<   ", "\\N", "1\n", "-", "00:"])
def test_hostile_text_takes_no_more_time_than_other_text(tmp_path: Path, unit: str) -> None:
    # A square of these lengths would take hours, which the time limit of a test ends.
    content = "1\n00:00:01,000 --> 00:00:02,000\n" + unit * 200_000 + "\n"
    assert len(read(tmp_path, content)[0]) <= 1
    assert read(tmp_path, "1\n00:00:01,000 -->" + unit * 200_000 + "\nx\n\n" + SRT)[0] != []
