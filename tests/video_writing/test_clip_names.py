"""Names of clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.video_writing.clip_names import Clip, clip_names


def name_of(label: str, video: str = "videos/clip.mp4") -> str:
    return clip_names([Clip(Path(video), 12340, 15200, label)])[0]


def test_a_name_tells_video_times_and_label() -> None:
    assert name_of("fall") == "clip_0012.340-0015.200_fall.mp4"
    assert name_of("water bottle") == "clip_0012.340-0015.200_water_bottle.mp4"


LABELS = [
    *("a/b", "..", "<b>x</b>", "C:\\x", "tab\there", "", ".", "con", "x" * 300, "é" * 300, "倒れる" * 100),
    *("\udcff", "a\0b", "fall ", "*?|", "\u202egpj", "😀"),
]


@pytest.mark.parametrize("label", LABELS)
def test_any_label_gives_a_name_that_every_file_system_takes(label: str, tmp_path: Path) -> None:
    name = name_of(label)
    assert len(name.encode("utf-8")) <= 200
    assert not set(name) & set('/\\:*?"<>|\0\n\t')
    assert name.isprintable()
    (tmp_path / name).write_bytes(b"")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_letters_of_any_script_stay() -> None:
    assert name_of("倒れる") == "clip_0012.340-0015.200_倒れる.mp4"


def test_any_video_name_gives_a_name() -> None:
    assert name_of("fall", "v/" + "n" * 250 + ".mp4").startswith("n" * 50 + "_0012")
    assert name_of("fall", "a\udcff<.mp4") == "a___0012.340-0015.200_fall.mp4"
    assert name_of("fall", "....mp4").startswith("video_")


def test_no_two_clips_have_one_name() -> None:
    labels = ["fall", "Fall", "a/b", "a:b", "x" * 300, "x" * 299]
    clips = [
        Clip(Path(video), 0, 1000, label) for video in ("a/clip.mp4", "b/clip.mp4", "clip.mkv") for label in labels
    ]
    names = {name.casefold() for name in clip_names(clips)}
    assert len(names) == len(clips)
