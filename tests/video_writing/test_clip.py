"""One clip out of a video: which frames, when, how they are turned, and the sound with them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import CATALOGUE, Recipe, read_number, write_video
from sounds import Clip
from sounds import write_clip as write_grey
from video.in_process import samples
from video_writing.sounding import REORDERED, bursts_of, look, write_sounding
from vidlabel.errors import VideoError
from vidlabel.video_writing.clip import ClipReport, write_clip
from vidlabel.video_writing.media import Media
from vidlabel.video_writing.span import TimeSpan

ONE_FRAME_S = 0.04


def cut(video: Path, start: str, end: str) -> tuple[Path, ClipReport]:
    path = video.with_name("clip.mp4")
    return path, write_clip(Media(video, lambda: None), TimeSpan(Fraction(start), Fraction(end)), path)


@pytest.mark.parametrize(
    "name",
    [
        "open.mp4",
        "h264_b.avi",
        "mpeg4_b.avi",
        "open.ts",
        "mpeg2.mpg",
        "prores.mov",
        "animation.gif",
        "odd_size.mp4",
        "wide_pixels.mp4",
        "from_100s.mkv",
        "edit_list.mp4",
        "vfr.mp4",
        "vfr.mkv",
        "rounded_times.mkv",
        "turned90.mp4",
        "turned270_mirrored.mp4",
        "vp9.webm",
    ],
)
@pytest.mark.parametrize(("start", "end"), [("0.3", "1.1"), ("0.48", "9")], ids=["encoded", "from a key frame"])
def test_a_clip_holds_the_frames_from_its_start_to_before_its_end(
    tmp_path: Path, name: str, start: str, end: str
) -> None:
    painted = CATALOGUE[name]
    shown = zip(painted.times, painted.numbers, strict=True)
    wanted = [(time, number) for time, number in shown if Fraction(start) <= round(time, 3) < Fraction(end)]
    path, _ = cut(painted.write(tmp_path), start, end)
    with samples(path, rate=2000, short_side=120) as found:
        seen = [(sample.time_s, read_number(sample.rgb)) for sample in found]
        assert found.report.decode_errors == 0
    assert [number for _, number in seen] == [number for _, number in wanted]
    times = [float(time - wanted[0][0]) for time, _ in wanted]
    assert np.allclose([time for time, _ in seen], times, rtol=0, atol=2e-5)


def test_frames_of_one_millisecond_are_told_apart(tmp_path: Path) -> None:
    path, _ = cut(CATALOGUE["thousand_fps.mkv"].write(tmp_path), "0.010", "0.031")
    assert look(path).numbers == list(range(10, 31))


def test_frames_are_compared_with_times_that_results_round(tmp_path: Path) -> None:
    video = write_video(tmp_path / "thirds.mp4", Recipe(options=REORDERED, rate=Fraction(30)))
    path, _ = cut(video, "0.333", "0.667")  # frames 10 and 20 at a third and two thirds of a second
    assert look(path).numbers == list(range(10, 20))


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("a.mp4", Clip()),
        ("a.mkv", Clip(codec="libopus")),
        ("a.mov", Clip(codec="pcm_s16le")),
        ("mp3.mp4", Clip(codec="libmp3lame")),
    ],
)
def test_packets_are_copied_from_a_key_frame_with_their_sound(tmp_path: Path, name: str, clip: Clip) -> None:
    video = write_sounding(tmp_path / name, clip=clip)
    path, report = cut(video, "0.49", "1.5")  # a quarter of a frame after the key frame 12
    assert report == ClipReport(copied=True, warnings=())
    assert packets(path) == packets(video)[12:38]
    seen = look(path)
    assert seen.numbers == list(range(12, 38))
    assert np.allclose(seen.bursts, [(1 - 0.48, 1.2 - 0.48)], rtol=0, atol=ONE_FRAME_S / 2)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize(
    ("options", "start", "end", "numbers"),
    [
        (None, "0.52", "1.5", range(13, 38)),  # a frame after the key frame
        (REORDERED, "0.48", "1.4", range(12, 35)),  # the last B-frames refer to a frame after the end
    ],
    ids=["no key frame", "reordered end"],
)
def test_what_cannot_be_copied_exactly_is_encoded(
    tmp_path: Path, options: dict[str, str] | None, start: str, end: str, numbers: range
) -> None:
    video = write_sounding(tmp_path / "a.mp4", None if options is None else Recipe(options=options))
    path, report = cut(video, start, end)
    assert not report.copied
    seen = look(path)
    assert seen.numbers == list(numbers)
    assert np.allclose(seen.bursts, [(1 - float(start), 1.2 - float(start))], rtol=0, atol=ONE_FRAME_S / 2)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("late.mp4", Clip(video_codec="libx264", video_from=0.4, bursts=((1.4, 1.6),))),
        ("sound_later.mkv", Clip(video_codec="libx264", sound_from=0.8, sound_lasts=2)),
        ("pcm.avi", Clip(codec="pcm_s16le", rate=44100)),
        ("slow.avi", Clip(codec="pcm_s16le", rate=7350, layout="mono")),
        ("mp2.mpg", Clip(codec="mp2", video_codec="mpeg2video")),
        ("surround.mkv", Clip(codec="flac", layout="5.1", video_codec="libx264")),
    ],
)
def test_encoded_sound_stays_with_the_pictures(tmp_path: Path, name: str, clip: Clip) -> None:
    path, report = cut(write_grey(tmp_path / name, clip), "0.6", "1.1")
    assert not report.copied
    assert np.allclose(
        bursts_of(path, Fraction(0)), [(0.4, 0.5)], rtol=0, atol=ONE_FRAME_S / 2
    )  # the end of the burst is cut off


def test_the_clip_of_a_turned_video_is_turned_by_the_player(tmp_path: Path) -> None:
    path, _ = cut(CATALOGUE["turned90.mp4"].write(tmp_path), "0.1", "0.4")
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation % 360) == (160, 120, 90)


def test_the_clip_of_wide_pixels_has_wide_pixels(tmp_path: Path) -> None:
    path, _ = cut(CATALOGUE["wide_pixels.mp4"].write(tmp_path), "0.1", "0.4")
    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio == 2


def test_a_damaged_stretch_is_named(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(codec="mpeg4", frames=50))
    with av.open(str(video)) as container:
        spoilt = [packet.pos for packet in container.demux(video=0) if packet.pts and 15 <= packet.pts // 512 < 25]
    data = bytearray(video.read_bytes())
    for position in spoilt:
        assert position is not None
        data[position : position + 40] = bytes(40)
    video.write_bytes(data)
    _, report = cut(video, "0.2", "1.8")
    assert len(report.warnings) == 1
    assert "the video is damaged here" in report.warnings[0]
    _, later = cut(video, "1.48", "1.8")
    assert later.warnings == ()


@pytest.mark.parametrize(
    ("start", "end", "problem"), [("9", "10", "is 2.400 s long"), ("0.41", "0.43", "has no frame from 0.410 to 0.430")]
)
def test_a_clip_without_frames_is_an_error(tmp_path: Path, start: str, end: str, problem: str) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(options=REORDERED))
    with pytest.raises(VideoError, match=problem):
        cut(video, start, end)


def test_joined_recordings_are_cut_across_the_join(tmp_path: Path) -> None:
    parts = [write_video(tmp_path / f"{first}.mp4", Recipe(frames=25), range(first, first + 25)) for first in (0, 50)]
    video = tmp_path / "joined.mp4"
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    path, _ = cut(video, "0.8", "1.2")
    assert look(path).numbers == [*range(20, 25), *range(50, 55)]


def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    video = tmp_path / "a.ts"
    codecs = ("mpeg2video", "libx264")
    parts = [write_video(tmp_path / f"{codec}.ts", Recipe(codec=codec, frames=50)) for codec in codecs]
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    path, report = cut(video, "1.6", "3")
    assert look(path).numbers == list(range(40, 50))
    assert report.warnings == ("the video is damaged here: 2.000-3.000 s could not be decoded",)


def test_several_audio_streams_are_kept(tmp_path: Path) -> None:
    video = tmp_path / "two.mkv"
    with av.open(str(write_sounding(tmp_path / "one.mkv"))) as source, av.open(str(video), "w") as output:
        picture, sound = source.streams.video[0], source.streams.audio[0]
        streams = [output.add_stream_from_template(one, opaque=True) for one in (picture, sound, sound)]
        for packet in source.demux(picture, sound):
            if packet.dts is not None:
                for stream in streams[:1] if packet.stream is picture else streams[1:]:
                    packet.stream = stream
                    output.mux(packet)
    for start in ("0.48", "0.52"):
        path, _ = cut(video, start, "1")
        with av.open(str(path)) as container:
            assert len(container.streams.audio) == 2
