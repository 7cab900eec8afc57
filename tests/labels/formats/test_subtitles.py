from __future__ import annotations

import io

import pysubs2
import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from labels.results import result_of, result_of_two, segments, written
from vidlabel.labels.annotations import LabelTableError
from vidlabel.labels.formats.registry import FORMATS, Format
from vidlabel.labels.result import Segment

SRT, VTT = FORMATS["srt"], FORMATS["vtt"]
PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
TWO = (Segment(0.0, 4.5, "fall", 0.93), Segment(4.0, 3661.25, "lying & waiting", 0.5))


def test_srt_file_is_this_to_the_letter() -> None:
    assert written(SRT, result_of(TWO)).decode() == (
        "1\n00:00:00,000 --> 00:00:04,500\nfall\n\n2\n00:00:04,000 --> 01:01:01,250\nlying & waiting\n\n"
    )


def test_vtt_file_is_this_to_the_letter() -> None:
    assert written(VTT, result_of(TWO)).decode() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:04.500\nfall\n\n00:00:04.000 --> 01:01:01.250\nlying &amp; waiting\n\n"
    )


@given(st.lists(segments(PLAIN), max_size=5))
def test_pysubs2_reads_the_same_cues(some: list[Segment]) -> None:
    below_100_hours = [segment for segment in some if segment.end < 360000]
    text = written(SRT, result_of(below_100_hours)).decode()
    cues = pysubs2.SSAFile.from_string(text, format_="srt")
    assert sorted((cue.start, cue.end, cue.plaintext) for cue in cues) == sorted(
        (round(segment.start * 1000), round(segment.end * 1000), segment.label) for segment in below_100_hours
    )


@given(st.lists(segments(PLAIN), max_size=5))
def test_webvtt_reads_the_same_cues(some: list[Segment]) -> None:
    cues = webvtt.from_buffer(io.BytesIO(written(VTT, result_of(some))), format="vtt").captions
    assert [(round(1000 * seconds(cue.start)), round(1000 * seconds(cue.end)), cue.text) for cue in cues] == [
        (round(1000 * segment.start), round(1000 * segment.end), segment.label) for segment in some
    ]


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@pytest.mark.parametrize("format_", [SRT, VTT])
def test_more_than_99_hours(format_: Format) -> None:
    text = written(format_, result_of([Segment(360000.25, 4000000.5, "on", 0.5)])).decode()
    start, end = next(line for line in text.splitlines() if "-->" in line).split(" --> ")
    assert (seconds(start), seconds(end)) == (360000.25, 4000000.5)
    assert start.startswith("100:00:00")


@pytest.mark.parametrize(("format_", "wanted"), [(SRT, ""), (VTT, "WEBVTT\n\n")])
def test_no_segments_are_a_valid_file(format_: Format, wanted: str) -> None:
    assert written(format_, result_of(())).decode() == wanted


LABELS = st.text(min_size=1).filter(str.strip) | st.sampled_from(
    ["a --> b", "a\n\n1\n00:00:00,000 --> 00:00:01,000\nb", "\r\na", "a\u2028b"]
)


@pytest.mark.parametrize("format_", [SRT, VTT])
@given(LABELS, LABELS)
def test_no_label_breaks_out_of_its_cue(format_: Format, first: str, second: str) -> None:
    text = written(format_, result_of([Segment(0, 1, first, 0.5), Segment(1, 2, second, 0.5)])).decode()
    blocks = text.removesuffix("\n\n").split("\n\n")
    cues = [block.split("\n")[-2:] for block in blocks if block != "WEBVTT"]
    assert len(cues) == 2
    assert all("-->" in times and "-->" not in label and label.strip() for times, label in cues)
    assert not any(mark in text for mark in "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


def test_vtt_label_reads_as_it_is() -> None:
    text = written(VTT, result_of([Segment(0, 1, "a <b> & c --> d", 0.5)])).decode()
    assert "\na &lt;b&gt; &amp; c --&gt; d\n" in text


def test_cue_lasts_at_least_a_millisecond() -> None:
    text = written(SRT, result_of([Segment(1.0, 1.0002, "blink", 0.5)])).decode()
    assert "00:00:01,000 --> 00:00:01,001" in text


@given(st.lists(segments(PLAIN), max_size=5, unique_by=lambda segment: (segment.start, segment.end, segment.label)))
def test_cues_of_other_libraries_are_read(some: list[Segment]) -> None:
    cues = pysubs2.SSAFile()
    below_100_hours = [segment for segment in some if segment.end < 360000]
    cues.events = [
        pysubs2.SSAEvent(round(segment.start * 1000), round(segment.end * 1000), segment.label)
        for segment in below_100_hours
    ]
    for format_, name in ((SRT, "srt"), (VTT, "vtt")):
        rows = format_.reader.read(cues.to_string(name).encode(), f"out/a.mp4.{name}").rows
        assert sorted((row.start, row.end, row.label) for row in rows) == sorted(
            (segment.start, segment.end, segment.label) for segment in below_100_hours
        )
        assert {row.video for row in rows} <= {"a.mp4"}


def cues(format_: Format, text: str) -> list[tuple[int, float | None, float | None, str]]:
    rows = format_.reader.read(text.encode(), "a.mp4.txt").rows
    return [(row.line, row.start, row.end, row.label) for row in rows]


def test_subrip_as_people_write_it() -> None:
    text = (
        "\n7\n00:00:01,500 --> 00:00:02.250  X1:1 X2:2 Y1:3 Y2:4\nlying\nstill \n \n"
        "00:00:03,000-->100:00:04,000\n<i>a & b</i>\n\n\n"
    )
    assert cues(SRT, text) == [(3, 1.5, 2.25, "lying still"), (7, 3.0, 360004.0, "<i>a & b</i>")]


def test_webvtt_as_people_write_it() -> None:
    text = (
        "WEBVTT - of the lab\nKind: captions\n\nNOTE\nby Kyle\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\n"
        "the start\n00:01.500 --> 00:02.250 align:start line:0\n- <v Bob>lying &amp; <i>still</i>\n- &lt;b&gt;\n\n"
        "NOTE one line\n\n01:00:00.000 --> 01:00:01.000\nwalk<00:00:01.000>ing"
    )
    assert cues(VTT, text) == [(14, 1.5, 2.25, "- lying & still - <b>"), (20, 3600.0, 3601.0, "walking")]
    assert cues(VTT, "WEBVTT\n00:01.000 --> 00:02.000\nfall\n") == [(2, 1.0, 2.0, "fall")]


@pytest.mark.parametrize(
    ("format_", "text", "problem"),
    [
        (SRT, "1\n00:00:01,000 --> 00:00:02,000\n\n", "line 2: label is empty"),
        (SRT, "1\n00:00:61,000 --> 00:00:62,000\na\n", "line 2: '00:00:61,000 --> 00:00:62,000' are not the times"),
        (SRT, "1\n00:01,000 --> 00:02,000\na\n", "line 2: '00:01,000 --> 00:02,000' are not the times"),
        (SRT, "1\n00:00:02,000 --> 00:00:02,000\na\n", "line 2: end 2 is not after start 2"),
        (SRT, "fall\n", "line 1: 'fall' are not the times"),
        (SRT, "1\n" + "9" * 5000 + ":00:02,000 --> 00:00:02,000\na\n", "line 2: .* are not the times"),
        (VTT, "", "line 1: does not begin with WEBVTT"),
        (VTT, "WEBVTTS\n\n00:01.000 --> 00:02.000\na", "line 1: does not begin with WEBVTT"),
        (VTT, "WEBVTT\n\n00:01,000 --> 00:02,000\na", "line 3: '00:01,000 --> 00:02,000' are not the times"),
        (VTT, "WEBVTT\n\n00:01.000 --> 00:02.000\n<i></i>", "line 3: label is empty"),
        (VTT, "WEBVTT\n\n00:01.000 --> 00:02.000\n&#" + "9" * 5000 + ";", "line 3: "),
    ],
)
def test_cues_that_mean_nothing_are_named(format_: Format, text: str, problem: str) -> None:
    with pytest.raises(LabelTableError, match=f"^a.srt: {problem}"):
        format_.reader.read(text.encode(), "a.srt")


def test_several_models_are_named_before_the_labels() -> None:
    times = "00:00:00,000 --> 00:00:04,500"
    srt = written(SRT, result_of_two())
    assert srt.decode() == f"1\n{times}\n[made-up] fall\n\n2\n{times}\n[<other>] a & b\n\n"
    vtt = written(VTT, result_of_two())
    cues = "<v made-up>fall", "<v &lt;other&gt;>a &amp; b"
    assert vtt.decode() == "WEBVTT\n\n" + "".join(f"{times.replace(',', '.')}\n{cue}\n\n" for cue in cues)
    # Another library takes the voice for markup, too.
    assert webvtt.from_buffer(io.BytesIO(vtt), format="vtt").captions[0].text == "fall"
    assert [row.label for row in VTT.reader.read(vtt, "a.vtt").rows] == ["fall", "a & b"]
