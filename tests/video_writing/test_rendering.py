"""Copies of videos with labels burnt in: their frames, times, sound and orientation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import CATALOGUE, Picture, Recipe, read_number, write_video
from sounds import Clip
from video_writing.sounding import H264, bursts_of, write_sounding
from vidlabel.video_writing.drawn import BandSegment
from vidlabel.video_writing.media import Media
from vidlabel.video_writing.rendering import render

QUIET_HEVC = {"x265-params": "log-level=none"}
SEGMENTS = (BandSegment(400, 1200, "fall", "", 0.9),)


def top_half(picture: Picture) -> Picture:
    """A painted picture in the upper half of one of its size: the band covers some of the lower half."""
    return np.concatenate([picture[::2], np.full_like(picture[1::2], 128)])


def rendered(video: Path) -> Path:
    path = video.with_name("rendered.mp4")
    assert render(Media(video, lambda: None), SEGMENTS, None, path, lambda *_: None) == ()
    return path


def upper_numbers(path: Path) -> list[tuple[float, int]]:
    """Times and numbers of the frames of a copy, which FFmpeg decodes."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            assert frame.rotation == 0
            assert frame.pts is not None
            assert frame.time_base is not None
            found.append((float(frame.pts * frame.time_base), read_number(rgb[: len(rgb) // 2])))
    return found


@pytest.mark.parametrize(
    "name", ["vfr.mkv", "from_100s.mp4", "open.ts", "mpeg4_b.avi", "odd_size.mp4", "rounded_times.mkv", "edit_list.mp4"]
)
def test_every_frame_is_there_at_its_time(tmp_path: Path, name: str) -> None:
    painted = CATALOGUE[name]
    video = replace(painted, recipe=replace(painted.recipe, stored=top_half)).write(tmp_path)
    found = upper_numbers(rendered(video))
    assert [number for _, number in found] == list(painted.numbers)
    assert np.allclose([time for time, _ in found], [float(time) for time in painted.times], rtol=0, atol=2e-5)


@pytest.mark.parametrize(("rotation", "mirror"), [(90, False), (180, True), (270, False)])
def test_turned_videos_are_rendered_upright(tmp_path: Path, rotation: int, mirror: bool) -> None:
    def stored(picture: Picture) -> Picture:
        upright = top_half(picture)
        return np.rot90(upright[:, ::-1] if mirror else upright, k=-(rotation // 90) % 4)

    recipe = Recipe(options=H264, rotation=rotation, mirror=mirror, stored=stored, frames=5)
    found = upper_numbers(rendered(write_video(tmp_path / "a.mp4", recipe)))
    assert [number for _, number in found] == list(range(5))


@pytest.mark.parametrize(
    ("recipe", "size"),
    [
        (Recipe(options=H264, width=120, height=120, aspect=Fraction(2), frames=5), (240, 120)),
        (Recipe(options=H264, width=321, height=243, pixels="yuv444p", frames=5), (322, 244)),
        (
            Recipe(codec="libx265", pixels="yuv420p10le", options={"x265-params": "log-level=none"}, frames=5),
            (160, 120),
        ),
    ],
    ids=["wide pixels", "odd size", "10 bits"],
)
def test_copies_have_square_pixels_even_sides_and_8_bits(tmp_path: Path, recipe: Recipe, size: tuple[int, int]) -> None:
    with av.open(str(rendered(write_video(tmp_path / "a.mp4", recipe)))) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.format.name) == (*size, "yuv420p")
        assert container.streams.video[0].sample_aspect_ratio in (None, 1)


def test_interlaced_videos_stay_interlaced(tmp_path: Path) -> None:
    recipe = Recipe(codec="mpeg2video", options={"flags": "+ildct+ilme"}, frames=5)
    with av.open(str(rendered(write_video(tmp_path / "a.ts", recipe)))) as container:
        assert next(container.decode(video=0)).interlaced_frame


def test_the_picture_above_the_band_stays_as_it_was(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(options=H264, frames=3))
    before, after = (first_frame(path) for path in (video, rendered(video)))
    assert np.abs(before[:80].astype(int) - after[:80]).mean() < 2
    assert np.abs(before[-8:].astype(int) - after[-8:]).mean() > 20


def first_frame(path: Path) -> Picture:
    with av.open(str(path)) as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("a.mp4", Clip()),
        ("a.mkv", Clip(codec="libopus")),
        ("a.mov", Clip(codec="pcm_s16le")),
        ("b.mp4", Clip(rate=44100)),
    ],
)
def test_sound_stays_with_the_pictures(tmp_path: Path, name: str, clip: Clip) -> None:
    path = rendered(write_sounding(tmp_path / name, clip=clip))
    assert np.allclose(bursts_of(path, Fraction(0)), [(1.0, 1.2)], rtol=0, atol=0.02)


def test_sound_is_copied_where_mp4_holds_it(tmp_path: Path) -> None:
    video = write_sounding(tmp_path / "a.mp4")
    copied, whole = (sound_packets(path) for path in (rendered(video), video))
    assert copied == whole[: len(copied)]
    assert len(copied) > 100


def sound_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_joined_recordings_are_rendered_as_one(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / f"{first}.mp4", Recipe(frames=10, stored=top_half), range(first, first + 10))
        for first in (0, 50)
    ]
    video = tmp_path / "joined.mp4"
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert [number for _, number in upper_numbers(rendered(video))] == [*range(10), *range(50, 60)]
