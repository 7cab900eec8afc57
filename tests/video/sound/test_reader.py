"""The sound around each sample lies where the file has it, on the clock of the pictures."""

from __future__ import annotations

import math
import re
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from corpus import start_edit_list_later
from sounds import Burst, Clip, SoundPacket, bursts_in, without_sense, write_clip
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.request import SampleRequest
from vidlabel.video.sound.reader import SoundReader

WINDOW_S = 0.975


def read(path: Path, until_s: float = 4.0, number: int | None = None) -> tuple[npt.NDArray[np.float32], SoundReader]:
    """Windows side by side as one sound, which begins at -0.4875 s, and what read it."""
    with VideoSource(path) as opened:
        reader = SoundReader(open_reading(opened, SampleRequest(sound=True)).sound_sources, number)
    count = math.ceil((until_s + WINDOW_S / 2) / WINDOW_S)
    windows = [reader.window(k * Fraction(39, 40)) for k in range(count)]
    assert {(window.shape, window.dtype) for window in windows} == {((15600,), np.dtype(np.float32))}
    reader.close()
    return np.concatenate(windows), reader


def bursts(path: Path, until_s: float = 4.0) -> list[Burst]:
    return bursts_in(read(path, until_s)[0], -WINDOW_S / 2)


def assert_bursts(path: Path, *expected: Burst, until_s: float = 4.0, within_s: float = 0.002) -> None:
    found = bursts(path, until_s)
    assert len(found) == len(expected), found
    np.testing.assert_allclose(found, expected, rtol=0, atol=within_s)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("aac.mp4", Clip("aac", 48000, "stereo")),
        ("aac.ts", Clip("aac", 44100, "mono", video_codec="mpeg2video")),
        ("surround.mkv", Clip("aac", 48000, "5.1")),
        ("slow.mov", Clip("aac", 22050, "mono")),
        ("pcm.mov", Clip("pcm_s16le", 44100, "mono")),
        ("pcm.avi", Clip("pcm_s16le", 8000, "stereo")),
        ("floats.mov", Clip("pcm_f32le", 32000, "mono")),
        ("wide.mkv", Clip("pcm_s32le", 96000, "stereo")),
        ("opus.mkv", Clip("libopus", 48000, "stereo")),
        ("mp3.mp4", Clip("libmp3lame", 44100, "stereo")),
        ("flac.mkv", Clip("flac", 16000, "mono")),
        ("telephone.avi", Clip("pcm_mulaw", 8000, "mono")),
        ("mp2.mpg", Clip("mp2", 44100, "stereo", video_codec="mpeg2video")),
        ("aac.flv", Clip("aac", 44100, "mono", video_codec="flv1")),
    ],
)
def test_bursts_lie_at_their_times(tmp_path: Path, name: str, clip: Clip) -> None:
    clip = replace(clip, bursts=((0.2, 0.4), (1.0, 1.2), (3.3, 3.4)))
    assert_bursts(write_clip(tmp_path / name, clip), *clip.bursts)


def test_mp3_without_its_delay_is_late_by_it(tmp_path: Path) -> None:
    """An AVI does not say how long the encoder's delay is: 1105 samples."""
    path = write_clip(tmp_path / "mp3.avi", Clip("libmp3lame", 32000, "mono"))
    assert_bursts(path, (1.0, 1.2), within_s=0.04)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_sound_that_starts_later_and_ends_earlier_is_silent_outside(tmp_path: Path, suffix: str) -> None:
    clip = Clip("aac", 44100, sound_from=1.5, sound_lasts=1.0, bursts=((1.5, 2.5),))
    assert_bursts(write_clip(tmp_path / f"short{suffix}", clip), (1.5, 2.5), within_s=0.03)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".mov"])
def test_times_count_from_the_first_frame(tmp_path: Path, suffix: str) -> None:
    clip = Clip("aac", video_from=2.0, video_lasts=2.0, bursts=((1.8, 1.9), (2.5, 2.6)))
    assert_bursts(write_clip(tmp_path / f"late{suffix}", clip), (-0.2, -0.1), (0.5, 0.6))


def test_an_edit_list_of_the_pictures_moves_them_under_the_sound(tmp_path: Path) -> None:
    """The first second of the pictures is hidden: the frame of second 1 is shown with the sound of second 0."""
    path = write_clip(tmp_path / "edited.mp4", Clip("pcm_s16le", 16000, "mono", "libx264", bursts=((1.0, 1.2),)))
    path.write_bytes(start_edit_list_later(1)(path.read_bytes()))
    assert_bursts(path, (1.0, 1.2))


def test_an_edit_list_of_the_sound_moves_it(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "edited.mp4", Clip("pcm_s16le", 16000, "mono", "libx264", bursts=((1.5, 1.7),)))
    data = path.read_bytes()
    at = data.rindex(b"elst") + 16
    scale = struct.unpack_from(">I", data, data.rindex(b"mdhd") + 16)[0]
    path.write_bytes(data[:at] + struct.pack(">i", scale // 2) + data[at + 4 :])
    assert_bursts(path, (1.0, 1.2))


def test_sound_that_goes_on_after_the_pictures_is_there(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mp4", Clip(video_lasts=1.0, bursts=((1.1, 1.3),)))
    assert_bursts(path, (1.1, 1.3), until_s=1.0)


def without(first_s: float, end_s: float) -> Callable[[int, SoundPacket], SoundPacket | None]:
    """Leaves out the packets of a time."""

    def edit(number: int, packet: SoundPacket) -> SoundPacket | None:
        assert packet.pts is not None
        return None if first_s <= packet.pts * packet.time_base < end_s else packet

    return edit


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".flv"])
def test_a_gap_is_silent_and_what_follows_lies_right(tmp_path: Path, suffix: str) -> None:
    codec = "flv1" if suffix == ".flv" else "mpeg4"
    clip = Clip("aac", 44100, "mono", codec, bursts=((0.5, 2.5), (3.0, 3.2)), edit=without(1.0, 2.0))
    assert_bursts(write_clip(tmp_path / f"gap{suffix}", clip), (0.5, 1.0), (2.0, 2.5), (3.0, 3.2), within_s=0.05)


def spoilt(numbers: range) -> Callable[[int, SoundPacket], SoundPacket]:
    """Puts bytes that are no sound into some packets."""

    def edit(number: int, packet: SoundPacket) -> SoundPacket:
        return without_sense(packet) if number in numbers else packet

    return edit


@pytest.mark.parametrize(("codec", "suffix"), [("aac", ".mp4"), ("aac", ".mkv"), ("flac", ".mkv")])
def test_damage_is_silent_with_a_warning_and_what_follows_lies_right(tmp_path: Path, codec: str, suffix: str) -> None:
    numbers = range(44, 66) if codec == "aac" else range(10, 15)  # of 0.0232 and 0.104 s: from about 1.0 to 1.5 s
    clip = Clip(codec, 44100, "mono", bursts=((0.5, 0.6), (1.2, 1.3), (2.5, 2.7)), edit=spoilt(numbers))
    path = write_clip(tmp_path / f"spoilt{suffix}", clip)
    sound, reader = read(path)
    found = bursts_in(sound, -WINDOW_S / 2)
    assert found[0] == pytest.approx((0.5, 0.6), abs=0.01)
    assert found[-1] == pytest.approx((2.5, 2.7), abs=0.01)
    assert not np.abs(sound[int((1.2 + WINDOW_S / 2) * 16000) : int((1.3 + WINDOW_S / 2) * 16000)]).any()
    (warning,) = reader.warnings
    assert re.match(r"the sound is damaged from (0\.99|1\.0)\d+ s on; what cannot be decoded of it is silent", warning)


def test_one_false_time_does_not_silence_the_rest(tmp_path: Path) -> None:
    """A tag of an FLV claims to be 100 s later."""
    path = write_clip(tmp_path / "false.flv", Clip("aac", 44100, "mono", "flv1", bursts=((0.5, 0.6), (2.5, 2.7))))
    data = bytearray(path.read_bytes())
    place, sounds_met = 13, 0
    while sounds_met < 60:
        sounds_met += data[place] == 8
        if sounds_met < 60:
            place += 15 + int.from_bytes(data[place + 1 : place + 4], "big")
    time = int.from_bytes(data[place + 4 : place + 7], "big") + 100_000
    data[place + 4 : place + 7] = time.to_bytes(3, "big")
    path.write_bytes(data)
    assert_bursts(path, (0.5, 0.6), (2.5, 2.7), within_s=0.005)


@pytest.mark.parametrize("name", ["twice.ts", "twice.mkv", "twice.mp4"])
def test_joined_recordings_keep_their_sound(tmp_path: Path, name: str) -> None:
    """The second one's burst is found as long after its own first frame as in its own file."""
    lasts = 4.0
    codec = "mpeg2video" if name.endswith(".ts") else "mpeg4"
    one = write_clip(tmp_path / f"one-{name}", Clip("aac", 48000, "mono", codec, bursts=((1.0, 1.2),)))
    two = write_clip(tmp_path / f"two-{name}", Clip("aac", 48000, "mono", codec, bursts=((0.5, 0.7), (3.0, 3.1))))
    path = tmp_path / name
    path.write_bytes(one.read_bytes() + two.read_bytes())
    expected = ((1.0, 1.2), (lasts + 0.5, lasts + 0.7), (lasts + 3.0, lasts + 3.1))
    assert_bursts(path, *expected, until_s=8.0, within_s=0.005)


def test_a_clock_that_starts_again_takes_the_sound_with_it(tmp_path: Path) -> None:
    """A transport stream's clock has 33 bits: it starts again after 26.5 hours, here in the middle of the clip."""
    wrap_s = 2**33 / 90_000
    start = math.floor(wrap_s) - 2
    clip = Clip("aac", 44100, "mono", "mpeg2video", video_from=start, sound_from=start)
    path = write_clip(
        tmp_path / "wrap.ts", replace(clip, bursts=((start + 1.0, start + 1.2), (start + 3.0, start + 3.1)))
    )
    assert_bursts(path, (1.0, 1.2), (3.0, 3.1))


def test_the_default_stream_is_heard_or_the_one_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        streams = [output.add_stream("pcm_s16le", rate=16000, layout="mono") for _ in range(2)]
        streams[1].disposition = av.stream.Disposition.default
        streams[0].disposition = av.stream.Disposition(0)
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(video.encode(frame))
            for level, stream in zip((8192, 16384), streams, strict=True):
                sound = av.AudioFrame.from_ndarray(np.full((1, 640), level, np.int16), "s16", "mono")
                sound.sample_rate, sound.pts, sound.time_base = 16000, number * 640, Fraction(1, 16000)
                output.mux(stream.encode(sound))
        output.mux(video.encode(None))
    expected: list[tuple[int | None, float]] = [(None, 0.5), (0, 0.25), (1, 0.5), (2, 0)]
    for asked, loudest in expected:
        assert np.abs(read(path, 1.5, asked)[0]).max() == loudest


def test_only_what_is_needed_is_decoded(tmp_path: Path) -> None:
    """A window far into the file is the same as that of a reader that heard everything before it."""
    clip = Clip("aac", 44100, "mono", video_lasts=12.0, sound_lasts=12.0, bursts=((9.9, 10.2),))
    path = write_clip(tmp_path / "far.mp4", clip)
    with VideoSource(path) as opened:
        sources = open_reading(opened, SampleRequest(sound=True)).sound_sources
    everything, late = SoundReader(sources), SoundReader(sources)
    for second in range(10):
        everything.window(Fraction(second))
    expected = everything.window(Fraction(10))
    assert np.abs(expected).max() > 0.4
    np.testing.assert_allclose(late.window(Fraction(10)), expected, rtol=0, atol=1e-3)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Ten minutes take 38 MB as numbers; a window 0.06."""
    path = tmp_path / "long.mov"
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg4", rate=1)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        for second in range(600):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8)).reformat(format="yuv420p")
            frame.pts, frame.time_base = second, Fraction(1)
            output.mux(video.encode(frame))
            noise = av.AudioFrame.from_ndarray(np.full((1, 8000), second, np.int16), "s16", "mono")
            noise.sample_rate, noise.pts, noise.time_base = 8000, second * 8000, Fraction(1, 8000)
            output.mux(sound.encode(noise))
        output.mux(video.encode(None))
    with VideoSource(path) as opened:
        reader = SoundReader(open_reading(opened, SampleRequest(sound=True)).sound_sources)
    tracemalloc.start()
    for second in range(600):
        window = reader.window(second + Fraction(1, 2))
        assert window[7800] == pytest.approx(second / 32768, abs=1e-5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


class StopHereError(Exception):
    pass


def test_a_heartbeat_ends_reading(tmp_path: Path) -> None:
    def stop() -> None:
        raise StopHereError

    path = write_clip(tmp_path / "clip.mp4", Clip(video_lasts=1.0, sound_lasts=1.0))
    with VideoSource(path) as opened:
        sources = open_reading(opened, SampleRequest(sound=True)).sound_sources
    with pytest.raises(StopHereError):
        SoundReader(sources, heartbeat=stop).window(Fraction(0))


def test_a_file_that_went_away_is_silent_with_a_warning(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Clip(video_lasts=1.0, sound_lasts=1.0, bursts=((0.0, 1.0),)))
    with VideoSource(path) as opened:
        reader = SoundReader(open_reading(opened, SampleRequest(sound=True)).sound_sources)
    path.unlink()
    assert not reader.window(Fraction(0)).any()
    assert len(reader.warnings) == 1
    assert reader.warnings[0].startswith("the sound cannot be read")
