"""Reading begins in the middle of a file where that gives the right frames, and at its start where it does not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, read_number, write_video
from sounds import Clip
from video_writing.sounding import H264, REORDERED, look, write_sounding
from vidlabel.video.decoders import seeking
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.probe import probe
from vidlabel.video.request import SampleRequest
from vidlabel.video_writing.clip import write_clip
from vidlabel.video_writing.media import Media
from vidlabel.video_writing.span import TimeSpan

OPEN = {"preset": "veryfast", "x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0:open-gop=1"}


@pytest.fixture(autouse=True)
def _in_short_files_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeking, "_LEAST_PACKETS", 1)


def read_late(path: Path) -> tuple[list[int], int]:
    """The numbers that the frames around 3.5 s show, at the times of these numbers, and how many packets were read."""
    beats: list[None] = []
    found = probe(path)
    reader = PyavReader(found, SampleRequest(start_s=3.4, end_s=3.6))
    frames = [(tick * found.time_base, frame) for tick, frame in reader.frames(lambda: beats.append(None))]
    reader.close()
    assert (reader.stats.decode_errors, reader.stats.holes) == (0, [])
    numbers = [read_number(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)) for _, frame in frames]
    assert [round(time_s * 25) for time_s, _ in frames] == numbers
    return numbers, len(beats)


@pytest.mark.parametrize(
    ("suffix", "options", "is_sought"),
    [
        (".mp4", OPEN, True),
        (".mkv", OPEN, True),
        (".mov", {"preset": "veryfast", "x264-params": "keyint=1"}, True),
        (".ts", OPEN, False),
        (".avi", H264, False),
    ],
)
def test_the_same_frames_for_fewer_packets(
    suffix: str, options: dict[str, str], is_sought: bool, tmp_path: Path
) -> None:
    path = write_video(tmp_path / f"a{suffix}", Recipe(options=options, frames=110))
    numbers, read = read_late(path)
    assert set(numbers) >= set(range(84, 91))
    assert (read < 60) == is_sought


@pytest.mark.parametrize("first", [None, 10**9, "later"])
def test_where_a_seek_leads_elsewhere_the_file_is_read_from_its_start(
    first: int | str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nowhere, to a packet that nobody knows, or to one after the frames that are wanted."""
    path = write_video(tmp_path / "a.mp4", Recipe(options=REORDERED, frames=110))
    found = probe(path)
    later = int(found.packets.pts[96])
    monkeypatch.setattr(seeking, "_time_after_seek", lambda *_: later if first == "later" else first)
    numbers, read = read_late(path)
    assert set(numbers) >= set(range(84, 91))
    assert read > 80


@pytest.mark.parametrize(
    ("start", "options", "codec", "suffix"),
    [
        ("4.32", H264, "aac", ".mp4"),  # pictures and sound are copied
        ("4.4", REORDERED, "aac", ".mp4"),  # both are encoded
        ("4.4", REORDERED, "pcm_s16le", ".mov"),
        ("4.4", H264, "aac", ".mkv"),
    ],
)
def test_a_late_clip_is_read_from_near_its_start(
    start: str, options: dict[str, str], codec: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Clip(codec=codec, video_lasts=5.0, sound_lasts=5.0, bursts=((4.6, 4.8), (0.5, 0.6)))
    video = write_sounding(tmp_path / f"a{suffix}", Recipe(options=options, frames=125), sound)
    beats: list[None] = []
    media, span = Media(video, lambda: beats.append(None)), TimeSpan(Fraction(start), Fraction("4.88"))
    beats.clear()
    write_clip(media, span, tmp_path / "sought.mp4")
    read = len(beats)
    monkeypatch.setattr(seeking, "_is_sought_exactly", lambda *_: False)
    write_clip(media, span, tmp_path / "read.mp4")
    assert read < 0.75 * (len(beats) - read)
    seen = look(tmp_path / "sought.mp4")
    assert seen.frames == look(tmp_path / "read.mp4").frames
    assert [number for _, number in seen.frames] == list(range(round(float(start) * 25), 122))
    (burst,) = seen.bursts
    assert burst == pytest.approx((4.6 - float(start), 4.8 - float(start)), abs=0.03)
