"""What makes a result out of date."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from vidlabel.errors import VideoError
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.options import PredictOptions

OPTIONS = PredictOptions()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"12345")
    os.utime(path, ns=(10**18, 10**18))
    return path


def test_it_is_the_same_for_the_same_things(video: Path) -> None:
    assert fingerprint(str(video), ("aa",), OPTIONS) == fingerprint(str(video), ("aa",), PredictOptions())


@pytest.mark.parametrize(
    "changed",
    [
        {"rate": 4.0},
        {"threshold": 0.5},
        {"top": 1},
        {"scores": True},
        {"keyframes": True},
        {"audio_stream": 0},
        {"end": 3.0},
        {"decoder": "pyav"},
        {"labels": ("dog",)},
    ],
    ids=str,
)
def test_an_option_that_changes_the_result_changes_it(video: Path, changed: dict[str, float]) -> None:
    assert fingerprint(str(video), ("aa",), replace(OPTIONS, **changed)) != fingerprint(str(video), ("aa",), OPTIONS)  # type: ignore[arg-type]


def test_an_option_without_effect_does_not(video: Path) -> None:
    assert fingerprint(str(video), ("aa",), replace(OPTIONS, timeout=3.0)) == fingerprint(str(video), ("aa",), OPTIONS)


def test_all_models_count_in_their_order(video: Path) -> None:
    given = [("aa",), ("aa", "bb"), ("bb", "aa"), ("aabb",)]
    assert len({fingerprint(str(video), models, OPTIONS) for models in given}) == 4


def test_size_time_name_and_model_change_it(video: Path) -> None:
    seen = {fingerprint(str(video), ("aa",), OPTIONS), fingerprint(str(video), ("bb",), OPTIONS)}
    other = video.with_name("b.mp4")
    other.write_bytes(b"12345")
    os.utime(other, ns=(10**18, 10**18))
    seen.add(fingerprint(str(other), ("aa",), OPTIONS))
    os.utime(video, ns=(10**18, 10**18 + 1))
    seen.add(fingerprint(str(video), ("aa",), OPTIONS))
    video.write_bytes(b"123456")
    os.utime(video, ns=(10**18, 10**18))
    seen.add(fingerprint(str(video), ("aa",), OPTIONS))
    assert len(seen) == 5


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.mp4: no such file"):
        fingerprint(str(tmp_path / "gone.mp4"), ("aa",), OPTIONS)


def test_what_is_read_beside_the_video_counts_where_it_is_read(video: Path, tmp_path: Path) -> None:
    def known(*streams: str, subtitles: Path | None = None) -> str:
        options = replace(OPTIONS, subtitles=None if subtitles is None else str(subtitles))
        return fingerprint(str(video), ("aa",), options, streams)

    without = known("frames", "text")
    assert without == known("frames") == known()
    beside, named = video.with_suffix(".srt"), tmp_path / "named.srt"
    beside.write_bytes(b"one")
    named.write_bytes(b"two")
    assert known("frames") == without
    assert len({without, known("text"), known("text", subtitles=named)}) == 3
    first = known("text")
    beside.write_bytes(b"two")
    assert first != known("text") == known("text", subtitles=named)
