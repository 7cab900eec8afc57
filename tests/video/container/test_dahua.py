"""Recordings of Dahua cameras and of other cameras with formats of their own: frames at the times that they carry."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import av.bitstream
import pytest

from corpus import Recipe, write_video
from video.joined_parts import frames, joined, shown
from vidlabel.video.container.dahua import frame_times

FRAMES = 60
EVENLY = [number * 40 for number in range(FRAMES)]
X264 = {"preset": "veryfast", "x264-params": "keyint=12:bframes=0:scenecut=0"}
NOON = datetime(2024, 5, 1, 12)


def access_units(folder: Path) -> Iterator[tuple[bytes, bool]]:
    """Frames 0 to 59 as H.264 with start codes, and whether decoding can begin there."""
    with av.open(str(write_video(folder / "source.mp4", Recipe(options=X264, frames=FRAMES)))) as container:
        stream = container.streams.video[0]
        to_start_codes = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in container.demux(stream):
            yield from ((bytes(p), p.is_keyframe) for p in (to_start_codes.filter(packet) if packet.size else []))


def dahua(folder: Path, times_ms: Sequence[int], start: datetime = NOON, counter: int = 0) -> bytes:
    """A recording whose frames were taken so many milliseconds after its start; its counter stands anywhere then."""
    data = b""
    for number, (unit, is_key) in enumerate(access_units(folder)):
        when = start + timedelta(milliseconds=times_ms[number])
        day = (when.year - 2000) << 26 | when.month << 22 | when.day << 17
        extension = bytes([0x80, 0, 160 // 8, 120 // 8, 0x81, 0, 2, 25])
        length = 24 + len(extension) + len(unit) + 8
        head = b"DHAV" + struct.pack("<B3xII", 0xFD if is_key else 0xFC, number, length)
        head += struct.pack("<I", day | when.hour << 12 | when.minute << 6 | when.second)
        head += struct.pack("<HB", (counter + times_ms[number]) % 65536, len(extension))
        data += head + bytes([sum(head) & 255]) + extension + unit + b"dhav" + struct.pack("<I", length)
    return data


@pytest.mark.parametrize(
    ("start", "counter"),
    [
        (NOON, 0),
        (NOON + timedelta(seconds=0.53), 777),  # seconds begin between frames, and elsewhere than the counter's
        (datetime(2024, 2, 29, 23, 59, 58, 900_000), 65_000),  # over the end of a month, and of the counter
    ],
)
def test_frames_come_at_their_times(start: datetime, counter: int, tmp_path: Path) -> None:
    found, report = shown(joined(tmp_path, "a.dav", dahua(tmp_path, EVENLY, start, counter)))
    assert found == frames(*range(FRAMES))
    assert report.duration_s == pytest.approx(FRAMES / 25)
    assert (report.decoded_ratio, report.decode_errors, report.warnings) == (1.0, 0, ())


def test_pauses_longer_than_a_turn_of_the_counter_are_kept(tmp_path: Path) -> None:
    times = [time + (200_000 if time >= 1000 else 0) for time in EVENLY]
    found, _ = shown(joined(tmp_path, "a.dav", dahua(tmp_path, times)))
    assert found == {Fraction(time, 40): number for number, time in enumerate(times)}


def test_a_recording_that_was_cut_off_says_so(tmp_path: Path) -> None:
    data = dahua(tmp_path, EVENLY)
    _, report = shown(joined(tmp_path, "a.dav", data[: len(data) // 2]))
    assert report.decoded_ratio < 1
    assert any("cut off" in warning for warning in report.warnings)


def test_recordings_may_be_joined(tmp_path: Path) -> None:
    data = dahua(tmp_path, EVENLY) + dahua(tmp_path, EVENLY, NOON + timedelta(seconds=2.4), counter=2400)
    found, _ = shown(joined(tmp_path, "a.dav", data))
    assert found == {Fraction(number): number % FRAMES for number in range(2 * FRAMES)}


@pytest.mark.parametrize("times", [[0] * 4, [0, 10, 5, 3]])
def test_a_counter_that_tells_nothing_is_not_believed(times: Sequence[int]) -> None:
    heads = [
        b"DHAV" + bytes(12) + struct.pack("<IH", 24 << 26 | 5 << 22 | 1 << 17 | n * 9, t) for n, t in enumerate(times)
    ]
    assert frame_times(BytesIO(b"".join(heads)), [22 * number for number in range(len(times))]) is None


def test_bytes_that_are_no_frame_have_no_time() -> None:
    assert frame_times(BytesIO(bytes(100)), [0, 50]) is None
    assert frame_times(BytesIO(b"DHAV" + bytes(30)), [0, 0]) is None  # month 0


def hxvs(folder: Path, times_ms: Sequence[int]) -> bytes:
    """A recording of cameras with HiSilicon chips: each unit of H.264 behind a head with its frame's milliseconds."""
    data = b"HXVS" + struct.pack("<II4x", 160, 120)
    for (unit, is_key), time in zip(access_units(folder), times_ms, strict=True):
        data += b"HXVF" + struct.pack("<III", len(unit), time, is_key) + unit
    return data + b"HXFI" + struct.pack("<II4x", 200_000, times_ms[-1]) + bytes(200_000)


@pytest.mark.parametrize("name", ["a.264", "camera.bin"])
def test_hxvs_is_read_at_the_times_of_its_heads(name: str, tmp_path: Path) -> None:
    times = [time + (1000 if time >= 1000 else 0) for time in EVENLY]
    found, report = shown(joined(tmp_path, name, hxvs(tmp_path, times)))
    assert found == {Fraction(time, 40): number for number, time in enumerate(times)}
    assert report.decoder == "pyav: container hxvs"
