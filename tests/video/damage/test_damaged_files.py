"""Damage of every kind, in every container: right times, a stated share of the frames, and a report of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import Picture, Recipe, read_number, write_video
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import ReadReport, SampleRequest
from vidlabel.video.samples import open_isolated_samples

FRAMES = 120
RATE = 6
GOP = 10
"""Frames; 20 seconds of video in 12 groups, of a size at which a packet is not lost in its container."""
_X264 = {"preset": "veryfast", "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=2", "crf": "8"}


def recipe(codec: str = "libx264", **options: str) -> Recipe:
    return Recipe(
        codec=codec,
        options=options or (_X264 if codec == "libx264" else {"b": "2M"}),
        frames=FRAMES,
        rate=Fraction(RATE),
        gop=GOP,
        width=320,
        height=240,
    )


SOURCES: dict[str, Recipe] = {
    "a.mp4": recipe(),
    "a.mkv": recipe(),
    "a.ts": recipe(),
    "a.flv": recipe(),
    "a.avi": recipe("mpeg4"),
    "b.avi": replace(recipe("mpeg4"), b_frames=2),
    "h264.avi": recipe(),
    "a.mpg": Recipe(codec="mpeg2video", frames=FRAMES, rate=Fraction(25), gop=GOP, width=320, height=240),
    "a.webm": recipe("libvpx-vp9", deadline="realtime", **{"cpu-used": "8"}),
    "fragmented.mp4": Recipe(
        options=_X264,
        frames=FRAMES,
        rate=Fraction(RATE),
        width=320,
        height=240,
        container_options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
    ),
    "front.mp4": Recipe(
        options=_X264,
        frames=FRAMES,
        rate=Fraction(RATE),
        width=320,
        height=240,
        container_options={"movflags": "faststart"},
    ),
}


def roughen(picture: Picture) -> Picture:
    """Noise on a picture, so that it takes some kilobytes."""
    noise = np.random.default_rng(int(picture.mean() * 1000)).integers(0, 60, picture.shape, np.uint8)
    rough: Picture = np.where(picture > 128, picture - noise, picture + noise)
    return rough


@dataclass(frozen=True)
class Seen:
    """What a damaged file still shows."""

    right: set[int] = field(default_factory=set)
    """Numbers that came at their times."""
    wrong: list[tuple[float, int]] = field(default_factory=list)
    """Numbers that came at times when an earlier frame was shown: a decoder can repeat a picture, not foresee one."""
    report: ReadReport = field(default_factory=lambda: ReadReport(""))


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool() as kept:
        yield kept


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("sources")

    def make(name: str) -> Path:
        path = folder / name
        return path if path.exists() else write_video(path, SOURCES[name])

    return make


def look(path: Path, rate: Fraction, pool: DecodePool, start_s: float | None = None) -> Seen:
    """Read a file and sort its numbers.

    Args:
        path: the file.
        rate: frames per second as painted.
        pool: of decoding processes.
        start_s: container clock at frame 0; None: the first frame that is shown is frame 0.
    """
    seen = Seen()
    with open_isolated_samples(path, SampleRequest(rate=1000, short_side=160), 10, pool) as stream:
        shift_s = 0 if start_s is None else stream.probe.start_time - start_s
        for sample in stream:
            try:
                number = read_number(sample.rgb)
            except ValueError:
                continue
            late = (shift_s + sample.time_s) * rate - number
            if abs(late) < 0.4:
                seen.right.add(number)
            elif late < 0:
                seen.wrong.append((sample.time_s, number))
    return Seen(seen.right, seen.wrong, stream.report)


def plainly_decodable(path: Path) -> set[int]:
    """Numbers that the usual loop of PyAV gets out of a file, going on after errors."""
    numbers = set()
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in frames:
                try:
                    numbers.add(read_number(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)))
                except ValueError:
                    continue
    return numbers


PLACED = [name for name in SOURCES if name != "a.mpg"]
"""Containers whose packets lie in one piece."""
OPEN_ENDED = ("a.ts", "a.flv", "a.mpg")
"""Containers that do not say how long they are: a file that was cut between two frames is whole."""
SAY_THEIR_LENGTH = ("a.mkv", "a.webm", "a.avi", "b.avi", "h264.avi", "front.mp4")
"""Containers that do, in frames or bytes."""


def packets_of(path: Path) -> list[tuple[int, int]]:
    """Position and size of each packet of the video."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.pos is not None]


def zero(path: Path, target: Path, first: int, count: int) -> Path:
    """A copy with the payload of some packets set to zero, and all that lies between them."""
    packets = packets_of(path)
    start, end = packets[first][0], sum(packets[first + count - 1])
    data = path.read_bytes()
    target.write_bytes(data[:start] + bytes(end - start) + data[end:])
    return target


@pytest.mark.parametrize("name", SOURCES)
def test_whole_files_are_whole(name: str, source: Callable[[str], Path], pool: DecodePool) -> None:
    seen = look(source(name), SOURCES[name].rate, pool)
    assert seen.right == set(range(FRAMES))
    assert (seen.wrong, seen.report.decode_errors, seen.report.decoded_ratio) == ([], 0, 1.0)
    assert (seen.report.holes, seen.report.warnings) == ((), ())


@pytest.mark.parametrize("name", [name for name in PLACED if name != "fragmented.mp4"])
def test_a_hole_over_two_groups_costs_three_at_most(
    name: str, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    path = zero(source(name), tmp_path / name, first=43, count=14)
    seen = look(path, SOURCES[name].rate, pool)
    assert seen.wrong == []
    assert seen.right >= set(range(40)) | set(range(70, FRAMES))
    report, rate = seen.report, SOURCES[name].rate
    assert 0.7 < report.decoded_ratio < 0.95
    assert report.holes
    assert all(39 / rate <= start < end <= 71 / rate for start, end in report.holes)


def test_a_fragment_without_its_head_ends_the_video_and_is_reported(
    source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    path = zero(source("fragmented.mp4"), tmp_path / "a.mp4", first=43, count=14)
    seen = look(path, Fraction(RATE), pool)
    assert seen.wrong == []
    assert seen.right >= set(range(40)) | plainly_decodable(path)
    assert seen.report.decoded_ratio < 0.7


@pytest.mark.parametrize("name", [name for name in PLACED if name != "h264.avi"])  # FFmpeg does not open that one.
def test_a_damaged_first_group_costs_itself_only(
    name: str, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    path = zero(source(name), tmp_path / name, first=0, count=1)
    with open_isolated_samples(source(name), SampleRequest(), pool=pool) as whole:
        start_s = whole.probe.start_time
    seen = look(path, SOURCES[name].rate, pool, start_s)
    assert seen.wrong == []
    lost = 3 * GOP if name in ("a.mkv", "a.webm") else GOP  # Matroska goes on with the next cluster.
    lost += 3 * (name == "b.avi")  # B-frames of MPEG-4 move its groups.
    assert seen.right >= set(range(lost, FRAMES))


AVIS = [name for name in SOURCES if name.endswith(".avi")]


@pytest.mark.parametrize("name", AVIS)
@pytest.mark.parametrize("has_index", [True, False])
def test_frames_of_an_avi_are_counted_across_a_hole(
    name: str, has_index: bool, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    """Not a byte of the lost packets is left, nor of their heads: the index or the header says how many they were."""
    data, packets = bytearray(source(name).read_bytes()), packets_of(source(name))
    start, end = packets[43][0] - 8, sum(packets[56])
    data[start:end] = bytes(end - start)
    path = tmp_path / name
    path.write_bytes(data if has_index else data[: data.rindex(b"idx1")])
    seen = look(path, Fraction(RATE), pool)
    assert seen.wrong == []
    assert seen.right >= set(range(42)) | set(range(64, FRAMES))
    assert seen.report.decode_errors > 0
    assert 0.85 < seen.report.decoded_ratio < 0.95


@pytest.mark.parametrize("name", AVIS)
@pytest.mark.parametrize("count", [1, 12])
def test_frames_of_an_avi_are_counted_though_its_first_chunks_are_gone(
    name: str, count: int, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    data, packets = bytearray(source(name).read_bytes()), packets_of(source(name))
    start, end = packets[0][0] - 8, sum(packets[count - 1])
    data[start:end] = bytes(end - start)
    path = tmp_path / name
    path.write_bytes(data)
    seen = look(path, Fraction(RATE), pool, start_s=0)
    assert seen.wrong == []
    assert seen.right >= set(range((count // GOP + 1) * GOP, FRAMES))
    assert seen.report.decode_errors > 0
    assert seen.report.decoded_ratio < 1


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "a.mp4"])
@pytest.mark.parametrize("share", [0.3, 0.62, 0.9])
def test_a_file_that_was_cut_off_gives_what_is_there(
    name: str, share: float, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    data = source(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    seen = look(path, SOURCES[name].rate, pool)
    assert seen.wrong == []
    assert len(plainly_decodable(path) - seen.right) <= 1
    assert len(seen.right) > FRAMES * (
        share - (0.25 if name == "h264.avi" else 0.15)
    )  # Its head is as long as 30 frames.
    report = seen.report
    assert report.decode_errors > 0 or report.decoded_ratio < 1 or name in OPEN_ENDED
    if name in SAY_THEIR_LENGTH:
        assert report.decoded_ratio == pytest.approx(len(seen.right) / FRAMES, abs=0.2)


@pytest.mark.parametrize("name", PLACED)
@pytest.mark.parametrize("seed", range(3))
def test_flipped_bits_cost_their_groups_only(
    name: str, seed: int, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    """Three packets, in groups of their own, have one bit in eight bytes changed."""
    data = bytearray(source(name).read_bytes())
    packets = packets_of(source(name))
    hit = [14 + seed, 55 + seed, 91 + seed]
    for packet in hit:
        position, size = packets[packet]
        for offset in range(size // 4, size, 8):
            data[position + offset] ^= 1 << (offset % 8)
    path = tmp_path / name
    path.write_bytes(data)
    seen = look(path, SOURCES[name].rate, pool)
    hurt = {number for packet in hit for number in range(packet // GOP * GOP - 2, packet // GOP * GOP + GOP + 2)}
    hurt |= {number + 3 for number in hurt} if name == "b.avi" else set()  # B-frames of MPEG-4 move its groups.
    assert {number for _, number in seen.wrong} <= hurt
    assert seen.right >= set(range(FRAMES)) - hurt
    assert len(plainly_decodable(path) - hurt - seen.right) == 0


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_a_file_that_starts_without_a_key_frame_is_warned_of(
    name: str, source: Callable[[str], Path], tmp_path: Path, pool: DecodePool
) -> None:
    """Nothing in it is damaged: recordings of streams begin anywhere."""
    path = remux(source(name), tmp_path / name, skip=3)
    seen = look(path, SOURCES[name].rate, pool, start_s=None)
    assert len(seen.report.warnings) == 1
    assert f"{GOP - 3} frames before the first one cannot be shown" in seen.report.warnings[0]
    assert (seen.report.decode_errors, seen.report.decoded_ratio) == (0, 1.0)


def write_joined(folder: Path, sizes: tuple[tuple[int, int], ...], leap_s: int = 0) -> Path:
    """Two MPEG-TS of 30 frames each, one after the other in one file, the second `leap_s` later."""
    data = b""
    for index, (width, height) in enumerate(sizes):
        times = range(index * (30 + 25 * leap_s), 10**6)
        options = {"preset": "veryfast", "tune": "zerolatency"}
        part = Recipe(options=options, frames=30, width=width, height=height, pts=times.__getitem__)
        data += write_video(folder / f"{index}.ts", part, range(30 * index, 30 * index + 30)).read_bytes()
    path = folder / "joined.ts"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_a_picture_size_that_changes_on_the_way(suffix: str, tmp_path: Path, pool: DecodePool) -> None:
    path = write_joined(tmp_path, ((320, 240), (640, 480)))
    if suffix == ".mkv":
        path = remux(path, tmp_path / "joined.mkv")
    with open_isolated_samples(path, SampleRequest(rate=25, short_side=120), pool=pool) as stream:
        samples = list(stream)
    assert {sample.rgb.shape for sample in samples} == {(120, 160, 3)}
    assert [read_number(sample.rgb) for sample in samples] == list(range(60))
    assert [sample.time_s for sample in samples] == pytest.approx([number / 25 for number in range(60)], abs=0.001)
    assert (stream.report.decode_errors, stream.report.decoded_ratio) == (0, 1.0)


def remux(path: Path, target: Path, skip: int = 0) -> Path:
    """A copy of the video's packets but the first ones."""
    with av.open(str(path)) as source, av.open(str(target), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        for number, packet in enumerate(source.demux(stream)):
            if packet.dts is not None and number >= skip:
                packet.stream = copy
                sink.mux(packet)
    return target


@pytest.mark.parametrize("leap_s", [30, 5000])
def test_a_clock_that_leaps_forward_is_followed(leap_s: int, tmp_path: Path, pool: DecodePool) -> None:
    path = write_joined(tmp_path, ((320, 240), (320, 240)), leap_s)
    with open_isolated_samples(path, SampleRequest(rate=25, short_side=160), pool=pool) as stream:
        samples = list(stream)
    assert [read_number(sample.rgb) for sample in samples] == list(range(60))
    expected = [number / 25 + (leap_s if number >= 30 else 0) for number in range(60)]
    assert [sample.time_s for sample in samples] == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("name", ["a.mkv", "front.mp4", "a.flv", "a.webm"])
def test_a_lost_sector_within_a_picture_is_reported(name: str, tmp_path: Path, pool: DecodePool) -> None:
    """Zeros for a sector's worth of a picture, which decoders read like any other bytes; 30 is a key frame of H.264."""
    rough = replace(SOURCES[name], stored=roughen, frames=50, width=160, height=120)
    whole = write_video(tmp_path / f"whole-{name}", rough)
    packets = packets_of(whole)
    for number in (0, 30, 45):
        position, size = packets[number]
        assert size > 1800
        data = bytearray(whole.read_bytes())
        data[position + 600 : position + 1200] = bytes(600)
        path = tmp_path / name
        path.write_bytes(data)
        for rate in (1.0, 1000.0):
            with open_isolated_samples(path, SampleRequest(rate=rate, short_side=160), 10, pool) as stream:
                times = [sample.time_s for sample in stream]
            assert stream.report.decode_errors > 0
            if number == 30 and name != "a.webm":  # The group that refers to it is left out.
                assert not [time for time in times if 31 / RATE < time < 37 / RATE]
