from __future__ import annotations

import io

import pysubs2
import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from labels.results import result_of, segments, written
from vidlabel.labels.formats.subtitles import SrtFormat, VttFormat
from vidlabel.labels.result import Segment

PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
TWO = (Segment(0.0, 4.5, "fall", 0.93), Segment(4.0, 3661.25, "lying & waiting", 0.5))


def test_srt_file_is_this_to_the_letter() -> None:
    assert written(SrtFormat(), result_of(TWO)).decode() == (
        "1\n00:00:00,000 --> 00:00:04,500\nfall\n\n2\n00:00:04,000 --> 01:01:01,250\nlying & waiting\n\n"
    )


def test_vtt_file_is_this_to_the_letter() -> None:
    assert written(VttFormat(), result_of(TWO)).decode() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:04.500\nfall\n\n00:00:04.000 --> 01:01:01.250\nlying &amp; waiting\n\n"
    )


@given(st.lists(segments(PLAIN), max_size=5))
def test_pysubs2_reads_the_same_cues(some: list[Segment]) -> None:
    below_100_hours = [segment for segment in some if segment.end < 360000]
    text = written(SrtFormat(), result_of(below_100_hours)).decode()
    cues = pysubs2.SSAFile.from_string(text, format_="srt")
    assert sorted((cue.start, cue.end, cue.plaintext) for cue in cues) == sorted(
        (round(segment.start * 1000), round(segment.end * 1000), segment.label) for segment in below_100_hours
    )


@given(st.lists(segments(PLAIN), max_size=5))
def test_webvtt_reads_the_same_cues(some: list[Segment]) -> None:
    cues = webvtt.from_buffer(io.BytesIO(written(VttFormat(), result_of(some))), format="vtt").captions
    assert [(round(1000 * seconds(cue.start)), round(1000 * seconds(cue.end)), cue.text) for cue in cues] == [
        (round(1000 * segment.start), round(1000 * segment.end), segment.label) for segment in some
    ]


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@pytest.mark.parametrize("format_", [SrtFormat(), VttFormat()])
def test_more_than_99_hours(format_: SrtFormat | VttFormat) -> None:
    text = written(format_, result_of([Segment(360000.25, 4000000.5, "on", 0.5)])).decode()
    start, end = next(line for line in text.splitlines() if "-->" in line).split(" --> ")
    assert (seconds(start), seconds(end)) == (360000.25, 4000000.5)
    assert start.startswith("100:00:00")


@pytest.mark.parametrize(("format_", "wanted"), [(SrtFormat(), ""), (VttFormat(), "WEBVTT\n\n")])
def test_no_segments_are_a_valid_file(format_: SrtFormat | VttFormat, wanted: str) -> None:
    assert written(format_, result_of(())).decode() == wanted


LABELS = st.text(min_size=1).filter(str.strip) | st.sampled_from(
    ["a --> b", "a\n\n1\n00:00:00,000 --> 00:00:01,000\nb", "\r\na", "a\u2028b"]
)


@pytest.mark.parametrize("format_", [SrtFormat(), VttFormat()])
@given(LABELS, LABELS)
def test_no_label_breaks_out_of_its_cue(format_: SrtFormat | VttFormat, first: str, second: str) -> None:
    text = written(format_, result_of([Segment(0, 1, first, 0.5), Segment(1, 2, second, 0.5)])).decode()
    blocks = text.removesuffix("\n\n").split("\n\n")
    cues = [block.split("\n")[-2:] for block in blocks if block != "WEBVTT"]
    assert len(cues) == 2
    assert all("-->" in times and "-->" not in label and label.strip() for times, label in cues)
    assert not any(mark in text for mark in "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


def test_vtt_label_reads_as_it_is() -> None:
    text = written(VttFormat(), result_of([Segment(0, 1, "a <b> & c --> d", 0.5)])).decode()
    assert "\na &lt;b&gt; &amp; c --&gt; d\n" in text


def test_cue_lasts_at_least_a_millisecond() -> None:
    text = written(SrtFormat(), result_of([Segment(1.0, 1.0002, "blink", 0.5)])).decode()
    assert "00:00:01,000 --> 00:00:01,001" in text
