"""Text at the times of samples: from inside the video, and from files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from av.stream import Disposition

from corpus import Recipe, read_number, start_edit_list_later, write_video
from subtitled import Cue, Track, add_subtitles, add_webvtt, mp4_box, webvtt_cue
from vidlabel.errors import SubtitleError
from vidlabel.video.samples import isolated_probe, samples

CUES: Sequence[Cue] = (
    (0.2, 0.84, "First"),
    (1.0, 1.6, r"{\i1}Second{\i0}\Nline, with a comma"),
    (1.6, 2.0, "Grüße"),
)
SHOWN = {(5, 21): "First", (25, 40): "Second line, with a comma", (40, 50): "Grüße"}
"""By first frame and frame after the last, of 25 a second."""
SRT = "1\n00:00:00,200 --> 00:00:00,840\nbeside\n"


def expected(shown: dict[tuple[int, int], str], frames: int = 60) -> list[str]:
    return [next((text for (first, end), text in shown.items() if first <= i < end), "") for i in range(frames)]


def texts(path: Path, **options: object) -> list[str | None]:
    with samples(path, rate=25, short_side=32, text=True, **options) as stream:  # type: ignore[arg-type]
        return [sample.text for sample in stream]


def warnings(path: Path) -> tuple[str, ...]:
    with samples(path, rate=25, short_side=32, text=True) as stream:
        list(stream)
        return stream.report.warnings


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("plain") / "plain.mp4", Recipe(width=64, height=48))


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("mov_text", ".mp4"), ("mov_text", ".mov"), ("subrip", ".mkv"), ("ass", ".mkv"), ("webvtt", ".mkv")],
)
def test_lines_inside_the_file_are_shown_at_their_times(tmp_path: Path, plain: Path, codec: str, suffix: str) -> None:
    path = add_subtitles(plain, tmp_path / f"clip{suffix}", Track(codec, CUES, "eng"))
    assert texts(path) == expected(SHOWN)
    with samples(path, text=True) as stream:
        assert stream.opened.text_source is not None
        assert stream.opened.text_source.endswith(", eng)")
        assert [track.is_text for track in stream.probe.subtitles] == [True]


NO_CUE = mp4_box(b"vtte")


def test_webvtt_in_mp4_is_read(tmp_path: Path, plain: Path) -> None:
    """Each sample holds what is shown during it: the cues that overlap again, an empty box where there are none."""
    first, second = webvtt_cue("<v Ann>First &amp; last"), webvtt_cue("<b>Second</b>\nline")
    content = [(0, 0.2, NO_CUE), (0.2, 1.0, first), (1.0, 1.6, first + second), (1.6, 2.0, second), (2.0, 2.4, NO_CUE)]
    path = add_webvtt(plain, tmp_path / "clip.mp4", content)
    one, two = "First & last", "Second line"
    assert texts(path) == expected({(5, 25): one, (25, 40): f"{one} {two}", (40, 50): two})
    with samples(path, text=True) as stream:
        assert stream.opened.text_source == "subtitle stream 1 (webvtt, eng)"


@pytest.mark.parametrize("sample", [b"\0\0", b"\xff" * 60, webvtt_cue("cut")[:20], mp4_box(b"vttc", b"\0" * 9), b"vtt"])
def test_a_sample_of_webvtt_in_mp4_that_is_no_cue_says_nothing(tmp_path: Path, plain: Path, sample: bytes) -> None:
    content = [(0.2, 1.0, sample), (1.0, 1.6, webvtt_cue("read"))]
    path = add_webvtt(plain, tmp_path / "clip.mp4", content)
    assert texts(path) == expected({(25, 40): "read"})


def test_overlapping_lines_are_joined(tmp_path: Path, plain: Path) -> None:
    cues = ((0.2, 1.0, "one"), (0.4, 0.6, "two"), (0.4, 2.0, "three"))
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", cues))
    shown = {(5, 10): "one", (10, 15): "one two three", (15, 25): "one three", (25, 50): "three"}
    assert texts(path) == expected(shown)


def test_a_line_of_unknown_length_lasts_until_the_next_one(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", CUES, lasts=False))
    with samples(path, rate=25, short_side=32, text=True) as stream:
        assert [s.text for s in stream if read_number(s.rgb) in (4, 5, 24, 25, 39, 40, 59)] == [
            *("", "First", "First", "Second line, with a comma", "Second line, with a comma", "Grüße", "Grüße")
        ]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_count_from_the_first_frame_of_the_video(tmp_path: Path, suffix: str) -> None:
    late = write_video(tmp_path / "late.mp4", Recipe(width=64, height=48, pts=lambda index: index + 2500))
    cues = [(start + 100, end + 100, text) for start, end, text in CUES]
    codec = "mov_text" if suffix == ".mp4" else "subrip"
    path = add_subtitles(late, tmp_path / f"clip{suffix}", Track(codec, cues))
    assert texts(path) == expected(SHOWN)


def test_an_edit_list_of_the_video_shifts_its_text(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mp4", Track("mov_text", CUES))
    content = path.read_bytes()
    assert content.index(b"vmhd") < content.index(b"tx3g")  # the first edit list is that of the video
    path.write_bytes(start_edit_list_later(1)(content))
    # One second of pictures is cut away at the front; what is left starts at 0 on the clock of the text.
    with samples(path, rate=25, short_side=32, text=True) as stream:
        assert [(read_number(s.rgb), s.text) for s in stream] == [
            (25 + index, text) for index, text in enumerate(expected(SHOWN, 35))
        ]


def test_windows_and_rates_see_the_same_text(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", CUES))
    assert texts(path, start=1.0, end=1.8) == expected(SHOWN)[25:45]
    with samples(path, rate=2, text=True) as stream:
        second = "Second line, with a comma"
        assert [sample.text for sample in stream] == ["", "First", second, second, ""]


def test_the_default_track_is_read_and_a_forced_one_last(tmp_path: Path, plain: Path) -> None:
    def track(text: str, disposition: Disposition) -> Track:
        return Track("subrip", [(0, 2, text)], disposition=disposition)

    forced = track("forced", Disposition.forced | Disposition.default)
    one, two = track("one", Disposition(0)), track("two", Disposition(0))
    path = add_subtitles(plain, tmp_path / "a.mkv", forced, one, track("two", Disposition.default))
    assert texts(path)[0] == "two"
    path = add_subtitles(plain, tmp_path / "b.mkv", forced, one, two)
    assert texts(path)[0] == "one"
    assert len(isolated_probe(path).facts.subtitles) == 3


def test_a_file_beside_the_video_goes_before_what_is_inside(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", CUES))
    (tmp_path / "clip.srt").write_text(SRT, encoding="utf-8")
    assert texts(path) == expected({(5, 21): "beside"})
    with samples(path, text=True) as stream:
        assert stream.opened.text_source == "clip.srt"


def test_a_named_file_goes_before_all_others(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", CUES))
    (tmp_path / "clip.srt").write_text(SRT, encoding="utf-8")
    (tmp_path / "other.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nnamed\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert texts(path, subtitles="other.vtt") == expected({(25, 50): "named"})


def test_a_damaged_file_beside_the_video_is_warned_of(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", CUES))
    (tmp_path / "clip.srt").write_text("not subtitles", encoding="utf-8")
    assert texts(path) == expected(SHOWN)
    assert warnings(path) == ("clip.srt: holds no subtitles that can be read; it is not used",)


def test_a_damaged_file_that_was_named_is_an_error(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "bad.srt").write_text("not subtitles", encoding="utf-8")
    for name, problem in (("bad.srt", "holds no subtitles"), ("none.srt", "cannot be read")):
        with pytest.raises(SubtitleError, match=f"{name}: {problem}"):
            samples(plain, subtitles=tmp_path / name)


def test_a_video_without_text_says_so(plain: Path) -> None:
    with samples(plain, text=True) as stream:
        assert stream.opened.text_source is None
        assert {sample.text for sample in stream} == {None}


def test_text_is_given_only_where_it_is_asked_for(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("subrip", CUES))
    with samples(path) as stream:
        assert {sample.text for sample in stream} == {None}


def test_damaged_lines_inside_the_file_cost_no_picture(tmp_path: Path, plain: Path) -> None:
    path = add_subtitles(plain, tmp_path / "clip.mkv", Track("ass", CUES))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Default,,0,0,0,,First", b"\xff\xfe\0\0\x80,,,\x80\x80\0\0\0\0\0\0\0First"[:21]))
    found = texts(path)
    assert len(found) == 60
    assert found[25:50] == expected(SHOWN)[25:50]


def test_each_recording_of_a_joined_file_shows_its_own_lines(tmp_path: Path, plain: Path) -> None:
    parts = [
        add_subtitles(plain, tmp_path / f"{name}.mkv", Track("subrip", [(0.2, 0.84, name), (2.2, 9.0, f"{name} ends")]))
        for name in ("one", "two")
    ]
    path = tmp_path / "joined.mkv"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    found = texts(path)
    shown = [expected({(5, 21): name, (55, 60): f"{name} ends"}) for name in ("one", "two")]
    assert found == [*shown[0], *shown[1]]


def test_exact_times_decide(tmp_path: Path) -> None:
    recipe = Recipe(width=64, height=48, rate=Fraction(30000, 1001), frames=30)
    path = write_video(tmp_path / "ntsc.mp4", recipe)
    # Frame 10 is shown at 0.33366... s: a line from 0.334 s on begins with frame 11, one from 0.333 s on with frame 10.
    (tmp_path / "ntsc.srt").write_text(
        "1\n00:00:00,333 --> 00:00:00,334\na\n\n2\n00:00:00,334 --> 00:00:00,400\nb\n", encoding="utf-8"
    )
    with samples(path, rate=30, short_side=32, text=True) as stream:
        assert [s.text for s in stream][9:14] == ["", "a", "b", "", ""]
