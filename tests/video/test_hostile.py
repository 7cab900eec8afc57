"""Files that lie, point elsewhere or are no files: an answer in time, one file touched, nothing else opened."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from corpus import CATALOGUE, Recipe, readable_numbers, write_video
from mutation import change_head, mutate
from vidlabel.errors import VideoError, VidlabelError
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples

VideoMaker = Callable[[str], Path]
Numbers = list[tuple[float, int]]

REQUEST = SampleRequest(rate=25, short_side=160)
TIMEOUT_S = 10.0


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool() as kept:
        yield kept


def ask(path: Path, pool: DecodePool) -> Numbers | VidlabelError:
    """What a reading gives, or its error."""
    try:
        with open_isolated_samples(path, REQUEST, TIMEOUT_S, pool) as stream:
            return readable_numbers(stream)
    except VidlabelError as error:
        return error


def overwrite(data: bytes, box: bytes, offset: int, *values: int) -> bytes:
    """An MP4 with 32-bit numbers put at an offset after the name of a box."""
    start = data.index(box) + offset
    changed = struct.pack(f">{len(values)}I", *values)
    return data[:start] + changed + data[start + len(changed) :]


MOST = 2**31 - 1
LIES: dict[str, Callable[[bytes], bytes]] = {
    "sample entry of 60000x60000": lambda data: overwrite(data, b"avc1\0\0\0\0\0\0", 28, 60000 << 16 | 60000),
    "track of 60000x60000": lambda data: overwrite(data, b"tkhd", 80, 60000 << 16, 60000 << 16),
    "2^31 times": lambda data: overwrite(data, b"stts", 12, MOST, 512),
    "2^31 times of one tick": lambda data: overwrite(data, b"stts", 12, MOST, 1),
    "2^31 sizes": lambda data: overwrite(data, b"stsz", 8, 1, MOST),
    "2^31 sizes of nothing": lambda data: overwrite(data, b"stsz", 8, 0, MOST),
    "ten million sizes": lambda data: overwrite(data, b"stsz", 8, 1, 10**7),
    "ten million frames": lambda data: overwrite(
        overwrite(overwrite(data, b"stsz", 8, 1, 10**7), b"stts", 12, 10**7, 512), b"stsc", 16, 10**7
    ),
    "2^31 frames a chunk": lambda data: overwrite(
        overwrite(overwrite(data, b"stsz", 8, 1, MOST), b"stts", 12, MOST, 512), b"stsc", 16, MOST
    ),
    "chunks outside the file": lambda data: overwrite(data, b"stco", 12, MOST),
    "no ticks in a second": lambda data: overwrite(data, b"mdhd", 16, 0),
    "as many ticks as can be": lambda data: overwrite(data, b"mdhd", 16, 0xFFFFFFFF),
    "a box longer than the file": lambda data: overwrite(data, b"moov", -4, MOST),
    "a box shorter than its head": lambda data: overwrite(data, b"trak", -4, 3),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_cost_neither_time_nor_memory(lie: str, video: VideoMaker, tmp_path: Path) -> None:
    path = tmp_path / "lie.mp4"
    path.write_bytes(LIES[lie](video("closed.mp4").read_bytes()))
    started = time.monotonic()
    with DecodePool(memory_limit_bytes=512 << 20) as pool:
        answer = ask(path, pool)
    if isinstance(answer, VidlabelError):
        assert "process" not in answer.problem  # It said so itself, and was not ended.
        assert str(path) in str(answer)
    else:
        assert answer[0] == (0.0, 0)
    assert time.monotonic() - started < TIMEOUT_S


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_ten_hours_between_two_frames(suffix: str, tmp_path: Path, pool: DecodePool) -> None:
    recipe = Recipe(frames=2, pts=lambda index: index * 36000, time_base=Fraction(1), b_frames=0)
    path = write_video(tmp_path / f"two{suffix}", recipe)
    for rate in (0.01, 1000):
        with open_isolated_samples(path, SampleRequest(rate=rate, short_side=160), TIMEOUT_S, pool) as stream:
            assert readable_numbers(stream) == [(0.0, 0), (36000.0, 1)]
        assert (stream.report.decode_errors, stream.report.decoded_ratio) == (0, 1.0)


def test_frames_that_an_edit_list_hides_at_the_end(tmp_path: Path, pool: DecodePool) -> None:
    painted = write_video(tmp_path / "hidden.mp4", Recipe(frames=400, gop=250), [*range(100), *[100] * 300])
    data = painted.read_bytes()
    shorter = overwrite(data, b"elst", 12, 4000)  # milliseconds that are shown
    painted.write_bytes(shorter)
    with open_isolated_samples(painted, REQUEST, TIMEOUT_S, pool) as stream:
        shown = readable_numbers(stream)
    assert shown[:100] == [(number / 25, number) for number in range(100)]
    assert len(shown) < 110


@pytest.fixture
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port on this machine, and what was sent to it."""
    received: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                received.append(connection.recv(100) if over.is_set() else b"connected")

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], received
    over.set()
    thread.join()
    server.close()


class Canary:
    """A pipe that tells whether anybody opened it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._was_opened = threading.Event()
        os.mkfifo(path)
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        with self.path.open("wb"):  # waits for a reader
            self._was_opened.set()

    def was_opened(self) -> bool:
        opened = self._was_opened.is_set()
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)  # lets the thread go
        try:
            self._thread.join()  # with the reader still there: the thread may not have come to its opening yet
        finally:
            os.close(reader)
        return opened


def test_a_canary_tells(tmp_path: Path) -> None:
    canary = Canary(tmp_path / "canary.mp4")
    canary.path.open("rb").close()
    canary._thread.join()
    assert canary._was_opened.is_set()
    assert not Canary(tmp_path / "other.mp4").was_opened()


POINTERS: dict[str, str] = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "list.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT2S">'
    "<Period><AdaptationSet mimeType='video/mp4'><Representation id='1'><BaseURL>{target}</BaseURL>"
    "</Representation></AdaptationSet></Period></MPD>",
    "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "list.asx": "<asx version='3.0'><entry><ref href='{target}'/></entry></asx>",
    "list.txt": "{target}\n",
    "list.imf": "<CompositionPlaylist><Id>{target}</Id></CompositionPlaylist>",
}


@pytest.mark.parametrize("disguise", ["", ".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("name", POINTERS)
def test_playlists_are_refused_and_never_followed(
    name: str,
    disguise: str,
    listening: tuple[int, list[bytes]],
    tmp_path: Path,
    pool: DecodePool,
) -> None:
    port, received = listening
    canary = Canary(tmp_path / "canary.mp4")
    for target in (
        "canary.mp4",
        str(canary.path),
        f"file://{canary.path}",
        f"http://127.0.0.1:{port}/a.mp4",
        "../canary.mp4",
    ):
        path = tmp_path / f"{name}{disguise}"
        path.write_text(POINTERS[name].format(target=target, port=port))
        with pytest.raises(VideoError):
            list(open_isolated_samples(path, REQUEST, TIMEOUT_S, pool))
    assert not canary.was_opened()
    assert received == []


def lengthen(data: bytes, start: int, size: int, replacement: bytes) -> bytes:
    """A QuickTime file with an entry of its `dref` replaced, and the boxes around it made as much longer."""
    changed = bytearray(data)
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = data.rindex(name, 0, start) - 4
        (length,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", changed, at, length + len(replacement) - size)
    changed[start : start + size] = replacement
    return bytes(changed)


def test_a_track_that_lies_in_another_file_is_not_followed(video: VideoMaker, tmp_path: Path, pool: DecodePool) -> None:
    data = video("h264.mov").read_bytes()
    canary = Canary(tmp_path / "canary.mov")
    start = data.index(b"dref") + 12  # after version and count
    (size,) = struct.unpack_from(">I", data, start)
    path = tmp_path / "pointer.mov"
    for kind in (b"url ", b"alis"):
        pointer = b"\0\0\0\0" + str(canary.path).encode() + b"\0"
        longer = struct.pack(">I", len(pointer) + 8) + kind + pointer
        path.write_bytes(lengthen(data, start, size, longer))
        ask(path, pool)
    assert not canary.was_opened()


def test_what_is_no_file_is_refused_at_once(tmp_path: Path, pool: DecodePool) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    (tmp_path / "nowhere.mp4").symlink_to(tmp_path / "none")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "device.mp4").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.mp4"))
        for path in sorted(tmp_path.iterdir()):
            with pytest.raises(VideoError, match=path.name):
                open_isolated_samples(path, REQUEST, TIMEOUT_S, pool)


@pytest.mark.parametrize(
    "name",
    [
        "-i.mp4",
        "--help.mp4",
        "%d.mp4",
        "a%03d.mp4",
        "[0-9]*.mp4",
        "a b'c\"d.mp4",
        "http:.mp4",
        "pipe:0",
        "concat:a|b.mp4",
        "line\nbreak.mp4",
        "null\u2028.mp4",
        "ü😀.mp4",
        os.fsdecode(b"not-\xff\xfe-utf8.mp4"),
        "x" * 240 + ".mp4",
    ],
)
def test_odd_names_are_only_names(
    name: str, video: VideoMaker, tmp_path: Path, pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(video("closed.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    for path in (Path(name), tmp_path / name):
        with open_isolated_samples(path, REQUEST, TIMEOUT_S, pool) as stream:
            assert readable_numbers(stream) == [(number / 25, number) for number in range(60)]


def test_a_path_of_many_folders(video: VideoMaker, tmp_path: Path, pool: DecodePool) -> None:
    folder = tmp_path.joinpath(*["d" * 100] * 8)
    folder.mkdir(parents=True)
    path = folder / "a.mp4"
    path.write_bytes(video("closed.mp4").read_bytes())
    with open_isolated_samples(path, REQUEST, TIMEOUT_S, pool) as stream:
        assert len(readable_numbers(stream)) == 60


FUZZED = [name for name in CATALOGUE if not name.startswith(("turned", "from_", "thousand", "one_frame"))]


TIMED = (".mp4", ".mkv", ".mov", ".ts", ".flv", ".webm", ".wmv", ".nut")
"""Containers that give each frame its time, which damage elsewhere in the file does not change."""
LEAST_SHIFT_S = 0.021
"""Half a frame, and the rounding of Matroska."""
MOST_UNTOLD = 2


@dataclass(frozen=True)
class Answer:
    """What a damaged file gives."""

    numbers: Numbers
    start_time: float
    is_partial: bool


def answer(path: Path, pool: DecodePool) -> Answer | VidlabelError:
    try:
        with open_isolated_samples(path, SampleRequest(rate=1000, short_side=160), TIMEOUT_S, pool) as stream:
            numbers = readable_numbers(stream)
    except VidlabelError as error:
        return error
    report = stream.report
    return Answer(numbers, stream.probe.start_time, report.decode_errors > 0 or report.decoded_ratio < 1)


def times_of(data: bytes) -> bytes:
    """The part of a file that holds the times of all frames; nothing where each frame carries its own."""
    place = data.find(b"moov")
    return data[place:] if place >= 0 else b""


def check_times(name: str, damaged: Answer, whole: Answer) -> None:
    """Compare the numbers that frames show with the times that they are given.

    A picture that comes late is an earlier one shown again, which a decoder does where it lacks the right one. Few can
    come early in a file that is not marked: those whose own time was hit. Raw streams and MXF have no times, and no
    count of what is lost.
    """
    times = {number: time_s for time_s, number in whole.numbers}
    shift = damaged.start_time - whole.start_time
    late = [(time_s + shift - times[number], number) for time_s, number in damaged.numbers if number in times]
    early = [pair for pair in late if pair[0] < -LEAST_SHIFT_S]
    if name.startswith("raw") or name.endswith(".mxf") or not early:
        return
    assert damaged.is_partial or len(early) <= MOST_UNTOLD, early
    if name.endswith(TIMED):
        assert len(early) <= len(damaged.numbers) // 4 + MOST_UNTOLD, early


def check_mutants(name: str, data: bytes, folder: Path, count: int, pool: DecodePool) -> None:
    """Read damaged files: an answer in time, an error of ours or right times, and no process lost."""
    pool.start()
    original = folder / name
    original.write_bytes(data)
    whole = answer(original, pool)
    assert isinstance(whole, Answer)
    for number in range(count):
        path = folder / f"{number}-{name}"
        change, changed = mutate(data, f"{name} {number}")
        path.write_bytes(changed)
        started = time.monotonic()
        processes = set(pool._idle)
        damaged = answer(path, pool)
        if isinstance(damaged, Answer):
            times = [time_s for time_s, _ in damaged.numbers]
            assert times == sorted(set(times)), path
            if change is not change_head and times_of(data) in changed:
                check_times(name, damaged, whole)
        assert set(pool._idle) == processes, f"{path} cost a process: {damaged}"
        assert time.monotonic() - started < TIMEOUT_S, path
        path.unlink()


@pytest.mark.parametrize("name", ["closed.mp4", "h264.mkv", "closed.ts", "mpeg4.avi", "mpeg4_b.avi", "vp9.webm"])
def test_mutated_files(name: str, video: VideoMaker, tmp_path: Path, pool: DecodePool) -> None:
    check_mutants(name, video(name).read_bytes(), tmp_path, 5, pool)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUZZED)
def test_many_mutated_files(name: str, video: VideoMaker, tmp_path: Path, pool: DecodePool) -> None:
    check_mutants(name, video(name).read_bytes(), tmp_path, 60, pool)
