"""The sound of a stretch: damaged, short, and of kinds that change."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from sounds import Clip
from sounds import write_clip as write_grey
from video_writing.sounding import bursts_of, look, write_sounding
from vidlabel.video_writing.clip import write_clip
from vidlabel.video_writing.media import Media
from vidlabel.video_writing.span import TimeSpan


def cut(video: Path, start: str, end: str) -> Path:
    path = video.with_name("clip.mp4")
    write_clip(Media(video, lambda: None), TimeSpan(Fraction(start), Fraction(end)), path)
    return path


def test_sound_that_ends_early_leaves_the_pictures(tmp_path: Path) -> None:
    for suffix, codec in ((".mp4", "aac"), (".mov", "pcm_s16le")):  # copied, and encoded
        video = write_sounding(tmp_path / f"a{suffix}", clip=Clip(codec=codec, sound_lasts=1.0, bursts=((0.5, 0.6),)))
        assert look(cut(video, "0.48", "2")).bursts
        seen = look_at_pictures(cut(video, "1.44", "2.4"))
        assert seen == 24


def look_at_pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return len(list(container.decode(video=0)))


def test_numbers_that_are_none_are_silent(tmp_path: Path) -> None:
    video = write_sounding(tmp_path / "a.mov", clip=Clip(codec="pcm_f32le"))
    with av.open(str(video)) as container:
        places = [packet.pos for packet in container.demux(audio=0) if packet.size]
    data = bytearray(video.read_bytes())
    place = places[20]
    assert place is not None
    data[place : place + 400] = struct.pack("<2f", float("nan"), float("inf")) * 50
    video.write_bytes(data)
    assert np.allclose(look(cut(video, "0.52", "2")).bursts[-1], (0.48, 0.68), rtol=0, atol=0.02)


def test_sound_whose_channels_change_is_joined(tmp_path: Path) -> None:
    parts = [
        write_grey(
            tmp_path / f"{layout}.ts",
            Clip(video_codec="libx264", layout=layout, video_lasts=1.0, sound_lasts=1.0, bursts=((0.4, 0.6),)),
        )
        for layout in ("stereo", "mono")
    ]
    video = tmp_path / "joined.ts"
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    found = bursts_of(cut(video, "0.2", "1.9"), Fraction(0))
    assert np.allclose(found, [(0.2, 0.4), (1.2, 1.4)], rtol=0, atol=0.04)
