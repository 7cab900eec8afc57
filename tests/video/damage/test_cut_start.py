"""Videos whose start is cut off: what can be shown comes at its time, the duration is right, and it is reported."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from corpus import Recipe, read_number, write_video
from video.in_process import samples
from vidlabel.video.probe import probe

FRAMES, GOP, CUT = 48, 12, 5


def x264(**options: object) -> dict[str, str]:
    settings = {"keyint": GOP, "min-keyint": GOP, "scenecut": 0, "b-adapt": 0, "repeat-headers": 1, **options}
    text = ":".join(f"{name.replace('_', '-')}={value}" for name, value in settings.items())
    return {"preset": "veryfast", "x264-params": text}


def x265(open_gop: int) -> dict[str, str]:
    text = f"log-level=none:keyint={GOP}:min-keyint={GOP}:bframes=3:open-gop={open_gop}:repeat-headers=1"
    return {"preset": "ultrafast", "x265-params": text}


MPEG4_B = Recipe(codec="mpeg4", b_frames=2)
VPX = {"deadline": "realtime", "cpu-used": "8"}
SOURCES: dict[str, Recipe] = {
    "a.h264": Recipe(options=x264(bframes=0)),
    "closed.h264": Recipe(options=x264(bframes=3)),
    "open.h264": Recipe(options=x264(bframes=3, open_gop=1)),
    "closed.hevc": Recipe(codec="libx265", options=x265(0)),
    "open.hevc": Recipe(codec="libx265", options=x265(1)),
    "a.m4v": Recipe(codec="mpeg4", container="m4v"),
    "b.m4v": Recipe(codec="mpeg4", container="m4v", b_frames=2),
    "b.m2v": Recipe(codec="mpeg2video", b_frames=2),
    "h264_b.avi": Recipe(options=x264(bframes=3)),
    "mpeg4.avi": Recipe(codec="mpeg4"),
    "mpeg4_b.avi": MPEG4_B,
    "mpeg4_b.mkv": MPEG4_B,
    "mpeg4.mp4": Recipe(codec="mpeg4"),
    "hevc.mp4": Recipe(codec="libx265", options=x265(0)),
    "open.mkv": Recipe(options=x264(bframes=3, open_gop=1)),
    "a.flv": Recipe(codec="flv"),
    "wmv2.avi": Recipe(codec="wmv2"),
    "vp8.webm": Recipe(codec="libvpx", options={**VPX, "auto-alt-ref": "0"}),
    "vp9.webm": Recipe(codec="libvpx-vp9", options=VPX),
}


def write_cut(folder: Path, name: str, cut: int | None = CUT) -> Path:
    """The video without its first packets; `cut` None: without those before its second key frame."""
    recipe, path = SOURCES[name], folder / name
    container = ".mp4" if name.endswith(".mkv") else Path(name).suffix
    whole = folder / f"whole{container}"
    recipe = Recipe(**{**vars(recipe), "frames": FRAMES, "gop": GOP, "rate": Fraction(25)})
    write_video(whole, recipe)
    with av.open(str(whole)) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.size]
        if cut is None:
            cut = [number for number, packet in enumerate(packets) if packet.is_keyframe][1]
        packets = packets[cut:]
        if path.suffix in (".h264", ".hevc", ".m4v", ".m2v"):
            path.write_bytes(b"".join(bytes(packet) for packet in packets))
            return path
        with av.open(str(path), "w") as sink:
            copy = sink.add_stream_from_template(stream)
            for packet in packets:
                packet.stream = copy
                sink.mux(packet)
    return path


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_before_the_first_key_frame_is_not_shown_and_is_reported(name: str, tmp_path: Path) -> None:
    stream = samples(write_cut(tmp_path, name), rate=25, short_side=120)
    shown = [(round(sample.time_s * 25), read_number(sample.rgb)) for sample in stream]
    first = shown[0][1]
    assert GOP <= first <= GOP + 2  # B-frames of MPEG-2 and MPEG-4 make the first group longer.
    assert shown == [(number - first, number) for number in range(first, FRAMES)]
    assert stream.report.duration_s == pytest.approx((FRAMES - first) / 25, abs=0.002)
    assert stream.probe.frames == FRAMES - first
    (warning,) = stream.report.warnings
    assert warning.startswith("the file starts without a key frame; ")
    assert (stream.report.decode_errors, stream.report.decoded_ratio, stream.report.holes) == (0, 1.0, ())


@pytest.mark.parametrize("name", ["a.h264", "open.h264", "open.hevc"])
def test_a_raw_stream_that_starts_with_a_key_frame_is_whole(name: str, tmp_path: Path) -> None:
    """After the key frame of an open group, B-frames that refer to the group before give no picture."""
    stream = samples(write_cut(tmp_path, name, cut=None), rate=25, short_side=120)
    numbers = [read_number(sample.rgb) for sample in stream]
    assert numbers == list(range(GOP, FRAMES))
    assert stream.report.duration_s == pytest.approx(len(numbers) / 25)
    assert (stream.report.warnings, stream.report.decode_errors) == ((), 0)


def test_a_refresh_without_key_frames_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.h264"
    write_video(tmp_path / "whole.h264", Recipe(options=x264(bframes=0, intra_refresh=1), frames=FRAMES))
    with av.open(str(tmp_path / "whole.h264")) as source:
        packets = [bytes(packet) for packet in source.demux(video=0) if packet.size]
    path.write_bytes(b"".join(packets[CUT:]))
    stream = samples(path, rate=25, short_side=120)
    numbers = [read_number(sample.rgb) for sample in stream]
    assert 0 < len(numbers) < FRAMES - GOP
    assert numbers == list(range(FRAMES - len(numbers), FRAMES))
    assert stream.report.duration_s == pytest.approx(len(numbers) / 25)
    assert len(stream.report.warnings) == 1


def test_a_file_without_any_key_frame_is_warned_of(tmp_path: Path) -> None:
    """Its decoder shows something all the same."""
    path = tmp_path / "a.mkv"
    with av.open(str(write_video(tmp_path / "whole.mp4", Recipe(codec="mpeg4", gop=100), [1] * 60))) as source:
        stream = source.streams.video[0]
        with av.open(str(path), "w") as sink:
            copy = sink.add_stream_from_template(stream)
            for packet in [packet for packet in source.demux(stream) if packet.size][CUT:]:
                packet.stream = copy
                sink.mux(packet)
    reading = samples(path, rate=25, short_side=120)
    assert len(list(reading)) > 0
    assert reading.report.warnings == ("the file has no key frame; its pictures may be wrong",)


@pytest.mark.parametrize("name", ["a.h264", "mpeg4_b.avi"])
def test_a_whole_file_is_not_touched(name: str, tmp_path: Path) -> None:
    found = probe(write_cut(tmp_path, name, cut=0))
    assert not found.packets.unshown.any()
    assert found.packets.first_decodable == 0
    assert found.frames == FRAMES
    assert found.duration_s == pytest.approx(FRAMES / 25)
