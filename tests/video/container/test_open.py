"""Opening files: what is no video is refused by name, and packets come in the same order each time."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import CATALOGUE, Recipe, write_video
from vidlabel.errors import VideoError
from vidlabel.video.container.open import check_file, choose_stream, open_container, open_undecoded, read_packets
from vidlabel.video.probe import probe


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        for name, problem in {
            "gone.mp4": "no such file",
            "empty.mp4": "is empty",
            "folder.mp4": "is a folder",
            "pipe.mp4": "is a pipe, socket or device",
            "s": "is a pipe, socket or device",
            "x" * 300: "cannot be read",
            "nul\0.mp4": "cannot be read",
        }.items():
            with pytest.raises(VideoError, match=problem):
                check_file(tmp_path / name)
    (tmp_path / "one.mp4").write_bytes(b"12345")
    assert check_file(tmp_path / "one.mp4") == 5


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("playlist.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile other.mp4\n"),
        ("text.txt", b"just words, line after line\n" * 50),
        ("noise.mp4", bytes(range(256)) * 20),
    ],
)
def test_what_is_no_single_video_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match=r"is of a kind that is not read|is damaged or no video"):
        open_container(tmp_path / name)


def test_a_name_is_never_an_address(
    video: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("http:x.mp4", "concat:a|b.mp4", "%03d.mp4", "-.mp4", os.fsdecode(b"\xff.mp4")):
        shutil.copy(video("closed.mp4"), tmp_path / name)
        with open_container(Path(name)) as container:
            assert choose_stream(container, Path(name)).codec_context.name == "h264"


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with open_container(path) as container, pytest.raises(VideoError, match="holds no video stream"):
        choose_stream(container, path)


@pytest.mark.parametrize("name", ["closed.mp4", "open.ts", "h264_b.avi", "h264.mkv", "raw.h264"])
def test_all_packets_come_in_the_same_order_and_an_empty_one_last(video: Callable[[str], Path], name: str) -> None:
    path = video(name)

    def packets() -> list[tuple[int | None, int]]:
        beats: list[int] = []
        with open_container(path) as container:
            stream = choose_stream(container, path)
            found = list(read_packets(container, stream, lambda: beats.append(1)))
        assert len(beats) >= 60
        assert all(isinstance(packet, av.Packet) for packet in found)
        return [(packet.pts, packet.size) for packet in found if isinstance(packet, av.Packet)]

    first = packets()
    assert packets() == first
    assert len(first) == 61  # frames, and the one that empties the decoder
    assert [size for _, size in first if size == 0] == [0]
    assert first[-1][1] == 0
    with av.open(str(path)) as container:  # as the library gives them
        plain = [(packet.pts, packet.size) for packet in container.demux(video=0) if packet.size]
        assert container.streams.video[0].average_rate == Fraction(25)
    assert first[:-1] == plain


def same_but_for_its_shape_in_the_container(source: Path, target: Path) -> Path:
    """A copy that tells the shape of its pixels in the pictures alone, as FFmpeg's own muxer never does."""
    data = source.read_bytes()
    assert data.count(b"pasp") == 1
    target.write_bytes(data.replace(b"pasp", b"free"))
    return target


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.endswith((".mp4", ".mov"))])
def test_a_file_that_is_opened_without_decoding_tells_the_same(video: Callable[[str], Path], name: str) -> None:
    path = video(name)
    with open_container(path) as decoded, open_undecoded(path) as undecoded:
        streams = choose_stream(decoded, path), choose_stream(undecoded, path)
        opened = [
            (s.codec_context.name, s.codec_context.has_b_frames, s.codec_context.width, s.codec_context.height)
            for s in streams
        ]
        rates = [(s.guessed_rate, s.average_rate, s.base_rate, s.time_base, s.start_time, s.duration) for s in streams]
        assert opened[0] == opened[1]
        assert rates[0] == rates[1]
        if undecoded.streams.video[0].codec_context.pix_fmt is None:  # It is known once a picture was decoded.
            assert opened[0][0] == "h264"


def test_what_only_claims_to_be_mp4_is_opened_as_ever(video: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "matroska.mp4"
    shutil.copy(video("h264.mkv"), path)
    with open_undecoded(path) as container:
        assert container.format.name == "matroska,webm"
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_the_shape_of_pixels_is_taken_from_the_pictures_where_the_container_is_silent(tmp_path: Path) -> None:
    source = write_video(tmp_path / "wide.mp4", Recipe(aspect=Fraction(2), b_frames=2))
    path = same_but_for_its_shape_in_the_container(source, tmp_path / "silent.mp4")
    with open_undecoded(path) as container:
        assert container.streams.video[0].codec_context.pix_fmt is None
        assert container.streams.video[0].sample_aspect_ratio is None
    assert probe(path).shown_width == 2 * probe(path).coded_width
