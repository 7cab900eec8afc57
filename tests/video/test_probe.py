"""Facts of files against what their maker knows, and files that are no videos."""

from __future__ import annotations

import os
import pickle
import struct
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import CATALOGUE, Recipe, read_number, write_video
from video.in_process import samples
from vidlabel.errors import VideoError
from vidlabel.video.container.open import LARGEST_SIDE
from vidlabel.video.probe import probe

VideoMaker = Callable[[str], Path]


@pytest.mark.parametrize("name", CATALOGUE)
def test_frames_and_duration_are_those_that_were_painted(name: str, video: VideoMaker) -> None:
    painted, facts = CATALOGUE[name], probe(video(name))
    assert facts.frames == len(painted.numbers)
    times = facts.frame_times()
    if times is not None:
        assert [int(tick) * facts.time_base for tick in times] == list(painted.times)
    last = float(painted.times[-1])
    assert last < facts.duration_s <= last + 2.5 / float(painted.recipe.rate)
    assert facts.fps == pytest.approx(facts.frames / facts.duration_s)
    assert (facts.missing_packets, facts.packets.jumps, facts.packets.breaks) == (0, (), ())


@pytest.mark.parametrize(
    ("name", "container", "codec", "shown", "rotation"),
    [
        ("closed.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", (160, 120), 0),
        ("hevc.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "hevc", (160, 120), 0),
        ("vp9.webm", "matroska,webm", "vp9", (160, 120), 0),
        ("mpeg4_b.avi", "avi", "mpeg4", (160, 120), 0),
        ("open.ts", "mpegts", "h264", (160, 120), 0),
        ("turned90.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", (120, 160), 90),
        ("turned270_mirrored.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", (120, 160), 270),
        ("wide_pixels.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", (240, 120), 0),
    ],
)
def test_facts(name: str, container: str, codec: str, shown: tuple[int, int], rotation: int, video: VideoMaker) -> None:
    path = video(name)
    facts = probe(path)
    assert (facts.container, facts.codec) == (container, codec)
    assert (facts.shown_width, facts.shown_height, facts.rotation) == (*shown, rotation)
    info = facts.info("as/given.mp4")
    assert (info.path, info.width, info.height, info.rotation) == ("as/given.mp4", *shown, rotation)
    assert info.size_bytes == path.stat().st_size


def test_a_probe_can_be_sent_to_another_process(video: VideoMaker) -> None:
    facts = probe(video("closed.mp4"))
    copy = pickle.loads(pickle.dumps(facts))
    assert (copy.path, copy.time_base, copy.orientation) == (facts.path, facts.time_base, facts.orientation)
    np.testing.assert_array_equal(copy.packets.pts, facts.packets.pts)


def test_names_that_look_like_something_else(tmp_path: Path) -> None:
    for name in (b"a:b.mp4", b"-y.mp4", b"http:x.mp4", b"two\nlines.mp4", b"caf\xe9.mp4", "日本.mp4".encode()):
        path = tmp_path / os.fsdecode(name)
        write_video(tmp_path / "plain.mp4", Recipe(frames=5)).rename(path)
        stream = samples(path, rate=25, short_side=160)
        assert [read_number(sample.rgb) for sample in stream] == [0, 1, 2, 3, 4]


@pytest.fixture
def bad_file(tmp_path: Path) -> Callable[[str], Path]:
    def make(kind: str) -> Path:
        path = tmp_path / f"{kind}.mp4"
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "sound":
            with wave.open(str(path), "wb") as sound:
                sound.setparams((1, 2, 8000, 0, "NONE", ""))
                sound.writeframes(bytes(16000))
        elif kind == "sound in mp4":
            _write_sound(path)
        elif kind == "cut header":
            path.write_bytes(write_video(tmp_path / "whole.mp4", Recipe(frames=5)).read_bytes()[:200])
        elif kind != "missing":
            path.write_bytes(TEXTS[kind])
        return path

    return make


TEXTS = {
    "empty": b"",
    "text": b"The quick brown fox jumps over the lazy dog.\n" * 50,
    "nfo": b"\x1b[31m\xdb\xdb\xdb release notes \xdb\xdb\xdb\x1b[0m\r\n" * 50,
    "random": bytes(np.random.default_rng(0).integers(0, 256, 20000, np.uint8)),
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.ts\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile other.mp4\n",
    "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
}


def _write_sound(path: Path) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=8000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "sound", "sound in mp4", "cut header", *TEXTS])
def test_what_is_no_video_is_refused_in_one_line(kind: str, bad_file: Callable[[str], Path]) -> None:
    path = bad_file(kind)
    with pytest.raises(VideoError) as error:
        probe(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert error.value.remedy


def test_a_playlist_does_not_open_the_file_it_names(tmp_path: Path) -> None:
    """The other file is a pipe: a reader of it would wait for ever, and the test's time limit would end it."""
    os.mkfifo(tmp_path / "other.ts")
    os.mkfifo(tmp_path / "other.mp4")
    for kind in ("hls", "concat"):
        path = tmp_path / f"list_{kind}.mp4"
        path.write_bytes(TEXTS[kind])
        with pytest.raises(VideoError):
            probe(path)


def test_a_track_that_lies_in_another_file_is_not_followed(tmp_path: Path) -> None:
    """The data reference of a MOV is changed from `in this file` to the path of another whole video."""
    whole = write_video(tmp_path / "whole.mov", Recipe(suffix=".mov", frames=5)).read_bytes()
    other = tmp_path / "other.mov"
    other.write_bytes(whole)
    data = _with_external_reference(whole, str(other))
    start = data.index(b"mdat") + 4
    emptied = tmp_path / "emptied.mov"
    emptied.write_bytes(
        data[:start] + bytes(len(data[start : data.index(b"moov") - 4])) + data[data.index(b"moov") - 4 :]
    )
    with pytest.raises(VideoError):
        list(samples(emptied, rate=25))


def _with_external_reference(data: bytes, target: str) -> bytes:
    """Replace the `dref` of the video track by an alias record that holds a Unix path (QuickTime, type 18)."""
    name = target.encode()
    record = bytearray(150)
    struct.pack_into(">HH", record, 4, 150 + 4 + len(name) + len(name) % 2 + 4, 2)
    record[10] = 1
    record += struct.pack(">hH", 18, len(name)) + name + bytes(len(name) % 2) + struct.pack(">hH", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + bytes(record)
    new = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    at = data.index(b"dref") - 4
    (size,) = struct.unpack_from(">I", data, at)
    grown = bytearray(data[:at] + new + data[at + size :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = data.rindex(box, 0, at) - 4
        (old,) = struct.unpack_from(">I", grown, place)
        struct.pack_into(">I", grown, place, old + len(new) - size)
    return bytes(grown)


def test_a_picture_of_any_claimed_size_is_refused_before_it_is_allocated(tmp_path: Path) -> None:
    path = write_video(tmp_path / "huge.mkv", Recipe(codec="mjpeg", pixels="yuvj420p", frames=2))
    data = path.read_bytes()
    at = data.index(b"\xb0\x81\xa0\xba\x81\x78")  # Matroska's PixelWidth 160, PixelHeight 120, one byte each
    path.write_bytes(data[:at] + b"\xb0\x81\xff\xba\x81\xff" + data[at + 6 :])
    assert probe(path).coded_width == 160
    assert LARGEST_SIDE == 16384
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 32768, 16, "yuvj420p"
        output.mux(stream.encode(av.VideoFrame(32768, 16, "yuvj420p")))
        output.mux(stream.encode(None))
    with pytest.raises(VideoError, match="32768x16"):
        probe(path)


def test_a_false_count_of_frames_is_not_believed(tmp_path: Path, video: VideoMaker) -> None:
    data = video("closed.mp4").read_bytes()
    at = data.index(b"stts") + 12
    path = tmp_path / "many.mp4"
    path.write_bytes(data[:at] + struct.pack(">I", 2**31 - 1) + data[at + 4 :])
    stream = samples(path, short_side=160, rate=25)
    assert [read_number(sample.rgb) for sample in stream] == list(range(60))
    assert stream.report.decoder == "pyav: false frame count"
    assert stream.probe.frames == 60


def test_a_cover_picture_is_not_the_video(tmp_path: Path) -> None:
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("mjpeg", rate=25), output.add_stream("mpeg4", rate=25)]
        streams[0].disposition = av.stream.Disposition.attached_pic
        for stream, size in zip(streams, (64, 160), strict=True):
            assert isinstance(stream, av.VideoStream)
            stream.width = stream.height = size
            stream.pix_fmt = "yuvj420p" if size == 64 else "yuv420p"
        for stream in streams:
            assert isinstance(stream, av.VideoStream)
            for index in range(1 if stream.width == 64 else 10):
                frame = av.VideoFrame(stream.width, stream.width, stream.pix_fmt or "")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    facts = probe(path)
    assert (facts.codec, facts.frames, facts.coded_width) == ("mpeg4", 10, 160)
    stream_of_samples = samples(path)
    assert len(list(stream_of_samples)) == 1
    assert stream_of_samples.report.decoder == "pyav: several video streams"
