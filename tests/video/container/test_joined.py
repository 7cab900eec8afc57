"""Recordings joined end to end in one file: every frame of all of them at its time, or a report of what is missing."""

from __future__ import annotations

import random
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import Recipe, write_video
from video.joined_parts import FRAMES, X264, X265, frames, joined, shown
from video.joined_parts import part as any_part
from vidlabel.video.container.joined import MP4, joined_starts, joined_starts_by_signature
from vidlabel.video.container.trailing import trailing_recording

VPX = {"deadline": "realtime", "cpu-used": "8"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
RECIPES = {
    "a.mp4": Recipe(options=X264),
    "index_first.mp4": Recipe(options=X264, container_options={"movflags": "faststart"}),
    "fragmented.mp4": Recipe(options=X264, container_options=FRAGMENTED),
    "a.mov": Recipe(options=X264),
    "a.3gp": Recipe(options=X264),
    "a.mkv": Recipe(options=X264),
    "live.mkv": Recipe(options=X264, container_options={"live": "1"}),
    "a.webm": Recipe(codec="libvpx-vp9", options=VPX),
    "a.avi": Recipe(codec="mpeg4"),
    "reordered.avi": Recipe(options=X264),
    "a.flv": Recipe(options=X264),
    "a.wmv": Recipe(codec="wmv2"),
    "a.gif": Recipe(codec="gif", pixels="rgb8"),
    "a.apng": Recipe(codec="apng", container="apng", pixels="rgb24"),
    "a.ogv": Recipe(codec="libvpx", options={**VPX, "auto-alt-ref": "0"}, container="ogg"),
    "a.nut": Recipe(options=X264),
    "a.ivf": Recipe(codec="libvpx-vp9", options=VPX),
    "a.ts": Recipe(options=X264),
    "a.mpg": Recipe(codec="mpeg2video", b_frames=2),
    "raw.h264": Recipe(options=X264),
}


def part(folder: Path, name: str, number: int, recipe: Recipe | None = None) -> bytes:
    return any_part(folder, name, number, recipe or RECIPES[name])


@pytest.mark.parametrize("name", RECIPES)
def test_all_frames_of_joined_recordings_are_read_at_their_times(name: str, tmp_path: Path) -> None:
    path = joined(tmp_path, name, *(part(tmp_path, name, number) for number in range(3)))
    found, report = shown(path)
    assert found == frames(*range(3 * FRAMES))
    assert (report.decoded_ratio, report.decode_errors, report.holes) == (1.0, 0, ())
    assert report.duration_s == pytest.approx(3 * FRAMES / 25)


@pytest.mark.parametrize("name", RECIPES)
def test_a_single_recording_is_not_joined(name: str, tmp_path: Path) -> None:
    path = joined(tmp_path, name, part(tmp_path, name, 0))
    found, report = shown(path)
    assert found == frames(*range(FRAMES))
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.mp4", Recipe(options=X264, width=320, height=240)),
        ("a.mp4", Recipe(options=X264, width=120, height=160)),
        ("a.mp4", Recipe(codec="libx265", options=X265)),
        ("a.mp4", Recipe(options=X264, container_options=FRAGMENTED)),
        ("fragmented.mp4", Recipe(options=X264)),
        ("index_first.mp4", Recipe(options=X264)),
        ("a.mkv", Recipe(codec="libvpx-vp9", options=VPX)),
        ("a.flv", Recipe(options=X264, width=320, height=240)),
    ],
)
def test_parts_may_differ(first: str, second: Recipe, tmp_path: Path) -> None:
    path = joined(tmp_path, first, part(tmp_path, first, 0), part(tmp_path, first, 1, second))
    found, report = shown(path)
    assert found == frames(*range(2 * FRAMES))
    assert report.decoded_ratio == 1.0


@pytest.mark.parametrize("between", [b"", bytes(512), bytes(5001)])
@pytest.mark.parametrize(
    "names",
    [("a.mp4", "a.mkv"), ("a.mkv", "a.mp4"), ("a.avi", "a.mov"), ("a.mp4", "a.mp4"), ("a.mkv", "a.mkv", "a.ogv")],
)
def test_parts_may_be_of_different_containers_and_padded(
    names: tuple[str, ...], between: bytes, tmp_path: Path
) -> None:
    parts = [part(tmp_path, name, number) for number, name in enumerate(names)]
    found, report = shown(joined(tmp_path, names[0], between.join(parts)))
    assert found == frames(*range(len(names) * FRAMES))
    assert report.decoded_ratio == 1.0


def test_parts_of_different_frame_rates_keep_their_times(tmp_path: Path) -> None:
    parts = [part(tmp_path, "a.mp4", 0), part(tmp_path, "a.mp4", 1, Recipe(options=X264, rate=Fraction(5)))]
    found, report = shown(joined(tmp_path, "a.mp4", *parts))
    assert found == {Fraction(FRAMES + max(0, n - FRAMES) * 5 if n >= FRAMES else n): n for n in range(2 * FRAMES)}
    assert report.duration_s == pytest.approx(FRAMES / 25 + FRAMES / 5)


@pytest.mark.parametrize(
    "request_",
    [
        {"rate": 2},
        {"rate": 3, "lag_s": 0.1},
        {"rate": 8, "start_s": 0.3, "end_s": 1.3},
        {"rate": 25, "start_s": 0.84},
        {"rate": 25, "end_s": 0.76},
        {"rate": 2.5, "start_s": 1.0, "end_s": 1.1},
    ],
)
def test_samples_are_those_of_one_recording_with_all_frames(request_: dict[str, float], tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", RECIPES["a.mp4"], range(3 * FRAMES))
    path = joined(tmp_path, "a.mp4", *(part(tmp_path, "a.mp4", number) for number in range(3)))
    assert shown(path, **request_)[0] == shown(whole, **request_)[0]
    assert shown(path, **request_)[1].decoded_ratio == 1.0


def test_a_part_that_cannot_be_read_is_reported_and_counted(tmp_path: Path) -> None:
    first, second = part(tmp_path, "a.mp4", 0), part(tmp_path, "a.mp4", 1)
    cut = second[: second.rindex(b"moov") - 4]
    found, report = shown(joined(tmp_path, "a.mp4", first, cut))
    assert found == frames(*range(FRAMES))
    assert 0.3 < report.decoded_ratio < 0.7
    assert report.holes[0][0] == pytest.approx(FRAMES / 25)
    assert any("left out" in warning and f"{len(cut)} bytes" in warning for warning in report.warnings)


def test_a_part_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    second = part(tmp_path, "index_first.mp4", 1)
    path = joined(tmp_path, "a.mp4", part(tmp_path, "a.mp4", 0), second[: len(second) * 3 // 4])
    found, report = shown(path)
    assert found == frames(*range(len(found)))
    assert FRAMES < len(found) < 2 * FRAMES
    assert report.holes[-1][1] == pytest.approx(2 * FRAMES / 25)


def test_a_part_without_pictures_is_named_and_no_loss(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.m4a"), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48000, 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    path = joined(tmp_path, "a.mp4", part(tmp_path, "a.mp4", 0), (tmp_path / "sound.m4a").read_bytes())
    path.write_bytes(path.read_bytes() + part(tmp_path, "a.mp4", 1))
    found, report = shown(path)
    assert found == frames(*range(2 * FRAMES))
    assert report.decoded_ratio == 1.0
    assert any("holds no moving pictures" in warning for warning in report.warnings)


def test_what_follows_a_part_that_cannot_be_read_is_read(tmp_path: Path) -> None:
    parts = [part(tmp_path, "a.mp4", number) for number in range(3)]
    damaged = parts[1].replace(b"mdia", b"gone")
    found, report = shown(joined(tmp_path, "a.mp4", parts[0], damaged, parts[2]))
    seen = list(found.values())
    assert seen[:FRAMES] == [*range(FRAMES)]
    # When the third part begins is a guess: its first frame may lie too near to the sample before.
    assert seen[FRAMES:] in ([*range(2 * FRAMES, 3 * FRAMES)], [*range(2 * FRAMES + 1, 3 * FRAMES)])
    assert 0.5 < report.decoded_ratio < 0.8
    assert len(report.holes) == 1


TRAILERS = {
    "zeros": bytes(5000),
    "tags": b"TAG" + bytes(125),
    "noise": random.Random(1).randbytes(4000),
    "free": b"\0\0\x01\0free" + bytes(248),
    "skip": b"\0\0\x01\0skip" + bytes(248),
    "uuid": b"\0\0\x01\0uuid" + bytes(range(248)),
    "picture": b"\xff\xd8\xff\xe0" + random.Random(2).randbytes(4000),
    "type": b"\0\0\0\x18ftypisom\0\0\x02\0isommp41",
}


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.flv", "a.wmv", "a.gif", "a.ts"])
def test_what_follows_a_recording_and_is_none_is_no_loss(name: str, trailer: str, tmp_path: Path) -> None:
    data = part(tmp_path, name, 0) + TRAILERS[trailer]
    container = {"a.mp4": MP4, "a.mkv": "matroska,webm", "a.wmv": "asf", "a.ts": "mpegts"}.get(name, name[2:])
    assert joined_starts(container, BytesIO(data), len(data)) == []
    assert joined_starts_by_signature(container, BytesIO(data), 0) == []
    assert trailing_recording(container, BytesIO(data), len(data)) is None


def test_old_movies_without_a_head_are_told_apart_by_their_indexes() -> None:
    def box(name: bytes, size: int = 16) -> bytes:
        return size.to_bytes(4, "big") + name + bytes(size - 8)

    index, media, free = box(b"moov"), box(b"mdat", 40), box(b"free")
    for data, starts in (
        (media + index, []),
        (media + index + media + index, [56]),
        (index + media + index + media, [56]),
        (index + media + media + free, []),
        (index + media + index, []),  # an index that was written twice
        (box(b"ftyp") + index + box(b"ftyp") + index + media, []),
        (box(b"ftyp") + media + index + free + box(b"ftyp") + free + media + index, [88]),
    ):
        assert joined_starts(MP4, BytesIO(data), len(data)) == starts


@pytest.mark.parametrize("container", [MP4, "matroska,webm", "avi", "asf", "ogg", "gif", "apng", "ivf", "nut", "flv"])
def test_any_bytes_come_to_an_answer(container: str, tmp_path: Path) -> None:
    name = {MP4: "a.mp4", "matroska,webm": "a.mkv", "asf": "a.wmv", "ogg": "a.ogv"}.get(container, f"a.{container}")
    data = part(tmp_path, name, 0) + part(tmp_path, name, 1)
    chance = random.Random(container)
    for _ in range(50):
        changed = bytearray(data)
        for _ in range(10):
            changed[chance.randrange(len(data))] = chance.choice([0, 1, 255, chance.randrange(256)])
        file, size = BytesIO(changed[: chance.randrange(1, len(data))]), len(data)
        starts = joined_starts(container, file, size) + joined_starts_by_signature(container, file, 0)
        trailing_recording(container, file, size)
        assert all(0 < start < size for start in starts)
