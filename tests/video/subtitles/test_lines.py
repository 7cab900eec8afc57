from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.subtitles.lines import LONGEST_TEXT, ShownText, SubtitleLine, plain_text

TENTHS = st.integers(0, 200).map(lambda tenths: Fraction(tenths, 10))


def line(start: float, end: float, text: str) -> SubtitleLine:
    return SubtitleLine(Fraction(str(start)), Fraction(str(end)), text)


@pytest.mark.parametrize(
    ("styled", "plain"),
    [
        (r"{\i1}Run{\i0}\Nnow,  {\an8}please", "Run now, please"),
        ("<i>Run</i>\n<font color='#fff'>now</font>", "Run now"),
        ("<v Bob>Hi <00:03.500>there<c.loud>!</c>", "Hi there!"),
        (r"{\p1}m 0 0 l 10 0 10 10{\p0}seen", "seen"),
        (r"{\p2\pos(1,2)}m 0 0 l 10 0", ""),
        ("{laughs} 3 < 4 > 2", "{laughs} 3 < 4 > 2"),
        ("never closed {\\i1 and <b", "never closed {\\i1 and <b"),
        ("\u200bGrüße\tan\xa0alle ", "\u200bGrüße an alle"),
    ],
)
def test_text_loses_its_styling_and_line_breaks(styled: str, plain: str) -> None:
    assert plain_text(styled) == plain


def test_a_line_is_shown_from_its_start_up_to_its_end() -> None:
    shown = ShownText(iter([line(1, 2, "one"), line(2, 3, "two")]))
    times = [Fraction(tenths, 10) for tenths in (9, 10, 19, 20, 29, 30)]
    assert [shown.at(time) for time in times] == ["", "one", "one", "two", "two", ""]


def test_lines_shown_together_are_joined_in_order_each_text_once() -> None:
    lines = [line(0, 9, "a"), line(1, 3, "b"), line(1, 9, "a"), line(2, 9, "c")]
    shown = ShownText(iter(lines))
    assert [shown.at(Fraction(time)) for time in (0, 1, 2, 3)] == ["a", "a b", "a b c", "a c"]


def test_lines_that_never_end_take_neither_memory_nor_time() -> None:
    read: list[int] = []

    def endless() -> Iterator[SubtitleLine]:
        for number in range(100_000):
            read.append(number)
            yield SubtitleLine(Fraction(number, 10), Fraction(10**9), f"line {number:06}")

    shown = ShownText(endless())
    assert shown.at(Fraction(1)).startswith("line 000000 line 000001")
    assert len(read) == 12  # up to the first line that starts later
    last = shown.at(Fraction(10**6))
    assert last.endswith("line 099999")
    assert len(last) <= LONGEST_TEXT


@given(st.lists(st.tuples(TENTHS, TENTHS), max_size=20), st.lists(TENTHS, max_size=20))
def test_every_time_shows_the_lines_that_hold_it(spans: list[tuple[Fraction, Fraction]], times: list[Fraction]) -> None:
    lines = [SubtitleLine(start, end, f"<{number}>") for number, (start, end) in enumerate(sorted(spans))]
    shown = ShownText(iter(lines))
    for time in sorted(times):
        assert shown.at(time) == " ".join(one.text for one in lines if one.start_s <= time < one.end_s)
