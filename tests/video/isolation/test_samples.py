"""Reading in a process of its own gives what reading here gives, and outlives whatever becomes of that process."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus import read_number
from sounds import Clip, SoundPacket, without_sense, write_clip
from video.in_process import open_samples
from vidlabel.errors import DecodeError, InstallationError, VideoError, VidlabelError
from vidlabel.video.isolation import attempt as decode_attempt
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.isolation.process import NativeOutput
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import IsolatedSamples, open_isolated_samples, samples

VideoMaker = Callable[[str], Path]

FAKE = Path(__file__).with_name("fake_decode_child.py")
FAST = SampleRequest(rate=25, short_side=160)


class Fakes:
    """Pools whose processes misbehave."""

    def __init__(self, folder: Path) -> None:
        self._starts = folder / "starts"
        self._pools: list[DecodePool] = []

    def open(self, misdeed: str, timeout_s: float = 60, sound: bool = False) -> IsolatedSamples:
        pool = DecodePool((sys.executable, str(FAKE), misdeed, str(self._starts)))
        self._pools.append(pool)
        request = SampleRequest(rate=1, short_side=48, sound=sound)
        return open_isolated_samples(Path("some.mp4"), request, timeout_s, pool)

    def starts(self) -> int:
        return len(self._starts.read_text().split())

    def close(self) -> None:
        for pool in self._pools:
            pool.close()


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fakes]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    made = Fakes(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool() as kept:
        yield kept


def shown(stream: IsolatedSamples) -> list[tuple[float, int]]:
    return [(sample.time_s, int(sample.rgb.max())) for sample in stream]


WHOLE = [(0.0, 0), (1.0, 10), (2.0, 20), (3.0, 30)]


@pytest.mark.parametrize("name", ["closed.mp4", "open.ts", "turned90.mp4", "edit_list.mp4", "vp8.webm", "raw.h264"])
@pytest.mark.parametrize("lag_s", [None, 0.1])
def test_samples_and_report_are_those_of_reading_in_this_process(
    name: str, lag_s: float | None, video: VideoMaker, pool: DecodePool
) -> None:
    request = SampleRequest(rate=10, short_side=160, start_s=0.3, lag_s=lag_s)
    with open_samples(video(name), request) as here, open_isolated_samples(video(name), request, pool=pool) as there:
        for ours, theirs in zip(here, there, strict=True):
            assert ours.time_s == theirs.time_s
            assert np.array_equal(ours.rgb, theirs.rgb)
            assert (ours.earlier_rgb is None) == (theirs.earlier_rgb is None)
            if ours.earlier_rgb is not None and theirs.earlier_rgb is not None:
                assert np.array_equal(ours.earlier_rgb, theirs.earlier_rgb)
    assert here.report == there.report
    assert here.probe.info("x") == there.probe.info("x")


@pytest.mark.parametrize("name", ["sound.mp4", "sound.ts"])
@pytest.mark.parametrize("lag_s", [None, 0.1])
def test_sound_arrives_beside_the_pictures(tmp_path: Path, name: str, lag_s: float | None, pool: DecodePool) -> None:
    codec = "mpeg2video" if name.endswith("ts") else "libx264"
    path = write_clip(tmp_path / name, Clip("aac", 44100, "stereo", codec, bursts=((0.2, 0.4), (2.0, 2.1))))
    request = SampleRequest(rate=10, short_side=48, start_s=0.3, lag_s=lag_s, sound=True)
    with open_samples(path, request) as here, open_isolated_samples(path, request, pool=pool) as there:
        for ours, theirs in zip(here, there, strict=True):
            assert ours.sound is not None
            assert theirs.sound is not None
            assert np.array_equal(ours.rgb, theirs.rgb)
            assert ours.sound.tobytes() == theirs.sound.tobytes()
    assert there.report == here.report
    assert there.probe.audio_streams == 1


def test_a_video_without_that_stream_has_no_sound(tmp_path: Path, video: VideoMaker, pool: DecodePool) -> None:
    path = write_clip(tmp_path / "one.mp4", Clip(video_lasts=1.0, sound_lasts=1.0))
    for name, request, is_there in (
        (path, SampleRequest(sound=True), True),
        (path, SampleRequest(sound=True, audio_stream=0), True),
        (path, SampleRequest(sound=True, audio_stream=1), False),
        (path, SampleRequest(), False),
        (video("closed.mp4"), SampleRequest(sound=True), False),
    ):
        with open_isolated_samples(name, request, pool=pool) as stream:
            assert {sample.sound is not None for sample in stream} == {is_there}
            assert stream.report.warnings == ()


def test_damaged_sound_leaves_the_pictures_whole(tmp_path: Path, pool: DecodePool) -> None:
    """What FFmpeg writes of it counts as no damage of pictures, whichever library decodes them."""

    def spoil(number: int, packet: SoundPacket) -> SoundPacket:
        return without_sense(packet) if 40 <= number < 60 else packet

    path = write_clip(tmp_path / "spoilt.mp4", Clip("aac", 44100, "mono", "libx264", edit=spoil))
    for decoder in ("decord", "pyav"):
        request = SampleRequest(rate=10, short_side=160, decoder=decoder, sound=True)
        with open_isolated_samples(path, request, pool=pool) as stream:
            assert len(list(stream)) == 40
            report = stream.report
        assert report.decoder.startswith(decoder)
        assert (report.decode_errors, report.decoded_ratio, report.holes) == (0, 1, ())
        assert len(report.warnings) == 1
        assert report.warnings[0].startswith("the sound is damaged from 0.9")


def heard(stream: IsolatedSamples) -> list[tuple[float, int, float]]:
    return [
        (sample.time_s, int(sample.rgb.max()), float(sample.sound.max()))
        for sample in stream
        if sample.sound is not None
    ]


@pytest.mark.parametrize("misdeed", ["die in sound", "hang in sound", "exit in sound"])
def test_sound_that_takes_the_process_down_is_silent_and_the_pictures_go_on(fakes: Fakes, misdeed: str) -> None:
    with fakes.open(misdeed, timeout_s=0.5 if "hang" in misdeed else 60, sound=True) as stream:
        assert heard(stream) == [(0.0, 0, 1.0), (1.0, 10, 2.0), (2.0, 20, 0.0), (3.0, 30, 0.0)]
        report = stream.report
    assert report.decoded_ratio == 1
    assert len(report.warnings) == 1
    assert report.warnings[0].startswith("reading the sound failed after 1.000 s (")
    assert report.warnings[0].endswith("); it is silent from there")
    assert fakes.starts() == 2


def test_the_process_is_lost_with_its_pictures_and_the_sound_goes_on(fakes: Fakes) -> None:
    with fakes.open("die", sound=True) as stream:
        assert heard(stream) == [(0.0, 0, 1.0), (1.0, 10, 2.0), (2.0, 20, 3.0), (3.0, 30, 4.0)]
        assert stream.report.warnings == ()


def test_more_samples_than_slots_arrive_in_order(video: VideoMaker, pool: DecodePool) -> None:
    with open_isolated_samples(video("closed.mp4"), FAST, pool=pool) as stream:
        kept = list(stream)
    assert [read_number(sample.rgb) for sample in kept] == list(range(60))


def test_one_process_serves_many_videos_side_by_side_and_in_turn(fakes: Fakes) -> None:
    with fakes.open("none") as stream:
        assert shown(stream) == WHOLE
        again = open_isolated_samples(Path("b.mp4"), SampleRequest(rate=1, short_side=48), pool=fakes._pools[0])
        assert shown(again) == WHOLE
    assert fakes.starts() == 1


def test_a_bad_video_is_told_under_its_own_name_and_the_process_is_kept(
    tmp_path: Path, video: VideoMaker, pool: DecodePool
) -> None:
    bad = tmp_path / "bad\n.mp4"
    bad.write_bytes(b"no video" * 100)
    with pytest.raises(VideoError, match=r"bad\\n.mp4: is"):
        open_isolated_samples(bad, FAST, pool=pool)
    with pytest.raises(VideoError, match="no such file"):
        open_isolated_samples(tmp_path / "none.mp4", FAST, pool=pool)
    with open_isolated_samples(video("closed.mp4"), FAST, pool=pool) as stream:
        assert read_number(next(stream).rgb) == 0


def test_relative_paths_are_those_of_now(
    tmp_path: Path, video: VideoMaker, pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.mp4").write_bytes(video("closed.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    with open_isolated_samples(Path("here.mp4"), FAST, pool=pool) as stream:
        assert read_number(next(stream).rgb) == 0


def test_streams_side_by_side_in_threads(video: VideoMaker, pool: DecodePool) -> None:
    numbers: dict[int, list[int]] = {}

    def read(key: int) -> None:
        with open_isolated_samples(video("closed.mp4"), FAST, pool=pool) as stream:
            numbers[key] = [read_number(sample.rgb) for sample in stream]

    video("closed.mp4")
    threads = [threading.Thread(target=read, args=(key,)) for key in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == {key: list(range(60)) for key in range(4)}


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("die", "was ended by SIGSEGV"),
        ("exit", "ended with exit status 9"),
        ("nonsense", "sent no JSON"),
        ("nested", "sent no JSON"),
        ("endless line", "broke off"),
        ("silent end", "broke off"),
        ("back in time", "out of turn"),
        ("of no rate", "out of turn"),
        ("earlier unasked", "out of turn"),
        ("wrong type", "not whole or out of range"),
        ("huge number", "not whole or out of range"),
        ("unknown", "unknown type"),
        ("out of turn", "out of turn"),
        ("cut memory", "without a picture"),
    ],
)
def test_pyav_goes_on_after_the_last_sample_when_the_process_is_lost(fakes: Fakes, misdeed: str, reason: str) -> None:
    with fakes.open(misdeed) as stream:
        assert shown(stream) == WHOLE
    assert stream.report.decoder.startswith("pyav: ")
    assert reason in stream.report.decoder
    assert stream.report.decoded_ratio == 1
    assert fakes.starts() == 2


def test_a_hung_process_is_ended_and_pyav_goes_on(fakes: Fakes) -> None:
    with fakes.open("hang", timeout_s=1) as stream:
        assert shown(stream) == WHOLE
    assert stream.report.decoder == "pyav: gave no frame for 1 s"


def test_slow_decoding_that_beats_is_no_hang(fakes: Fakes) -> None:
    with fakes.open("slow", timeout_s=1) as stream:
        assert shown(stream) == WHOLE
    assert fakes.starts() == 1


def test_a_process_that_only_beats_is_not_waited_for_for_ever(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_attempt, "MOST_TIMEOUTS", 0.1)
    with fakes.open("beat for ever", timeout_s=10) as stream:
        assert shown(stream) == WHOLE
    assert stream.report.decoder == "pyav: gave no frame for 1 s"


@pytest.mark.parametrize(("misdeed", "starts", "seen"), [("hang in pyav", 1, 2), ("die twice", 2, 3)])
def test_what_was_read_before_the_second_loss_is_kept(fakes: Fakes, misdeed: str, starts: int, seen: int) -> None:
    with fakes.open(misdeed, timeout_s=1) as stream:
        assert shown(stream) == WHOLE[:seen]
    last = 10 * (seen - 1)
    assert stream.report.decoded_ratio == pytest.approx((last + 1) / 40)
    assert stream.report.holes == (((last + 1) / 10, 4.0),)
    assert any("could not be read" in warning for warning in stream.report.warnings)
    assert fakes.starts() == starts


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("die at once", "SIGSEGV; copy it again"),
        ("hang at once", "gave no frame for 1 s; copy it again"),
        ("killed at once", "perhaps because memory ran out; .* fewer --workers"),
        ("out of memory", "more than 4096 MB of memory; .* in a smaller size"),
    ],
)
def test_without_a_sample_it_is_an_error_that_shows_what_the_libraries_said(
    fakes: Fakes, misdeed: str, reason: str
) -> None:
    with pytest.raises(DecodeError, match=rf"some\.mp4: .*{reason}") as caught:
        fakes.open(misdeed, timeout_s=1)
    assert isinstance(caught.value.__cause__, NativeOutput)
    assert "libfake: something is odd" in str(caught.value.__cause__)


def test_errors_carry_the_path_that_was_asked_for(fakes: Fakes) -> None:
    with pytest.raises(VideoError, match=r"^some\.mp4: is bad; look$"):
        fakes.open("refuse")


def test_a_process_that_cannot_start_is_reported(fakes: Fakes) -> None:
    with pytest.raises(InstallationError, match=r"does not start: .* saying cannot find libav"):
        fakes.open("no start")


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
    with DecodePool((str(tmp_path / "none"),)) as pool, pytest.raises(VidlabelError, match="cannot be started"):
        open_isolated_samples(Path("a.mp4"), FAST, pool=pool)


def test_libraries_write_nothing_on_the_terminal(
    video: VideoMaker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(video("closed.mp4").read_bytes())
    start = data.index(b"mdat") + 200
    data[start : start + 3000] = bytes(3000)
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(data)
    assert len(list(samples(bad))) > 0
    assert capfd.readouterr() == ("", "")


def children() -> set[int]:
    return {int(child) for task in Path("/proc/self/task").glob("*/children") for child in task.read_text().split()}


def test_a_stream_that_is_dropped_gives_its_process_back(video: VideoMaker) -> None:
    with DecodePool() as pool:
        for _ in range(3):
            next(open_isolated_samples(video("closed.mp4"), FAST, pool=pool))
            gc.collect()
        assert len(pool._idle) == 1
        assert not pool._busy


def test_a_closed_pool_ends_the_streams_that_read_from_it(fakes: Fakes) -> None:
    stream = fakes.open("none")
    assert next(stream).time_s == 0
    fakes.close()
    with pytest.raises(VidlabelError, match="was closed"):
        list(stream)


def test_descriptors_and_processes_are_given_back(video: VideoMaker) -> None:
    def open_descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before, running = open_descriptors(), children()
    for _ in range(3):
        with DecodePool() as pool, open_isolated_samples(video("closed.mp4"), FAST, pool=pool) as stream:
            next(stream)
    assert (open_descriptors(), children()) == (before, running)


def _read_in_fork(path: Path, stream: IsolatedSamples) -> None:
    stream.close()  # of the other process: must not disturb it
    assert len(list(samples(path))) > 0
    os._exit(0)


def test_a_fork_of_the_owner_does_not_disturb_it(video: VideoMaker, pool: DecodePool) -> None:
    path = video("closed.mp4")
    with open_isolated_samples(path, FAST, pool=pool) as stream:
        first = read_number(next(stream).rgb)
        fork = os.fork()
        if fork == 0:
            _read_in_fork(path, stream)
        assert os.waitpid(fork, 0)[1] == 0
        assert [first, *(read_number(sample.rgb) for sample in stream)] == list(range(60))


def test_a_script_without_a_main_guard_runs_once(video: VideoMaker, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, vidlabel\nprint('begin')\nprint(len(list(vidlabel.samples(sys.argv[1]))))\n"
        "assert 'torch' not in sys.modules and 'av' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", str(script), str(video("closed.mp4"))],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.stdout, done.stderr) == ("begin\n5\n", "")


def test_the_folder_that_one_is_in_is_not_searched_for_modules(
    video: VideoMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("av", "json", "numpy", "vidlabel"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('downloaded code ran')")
    path = video("closed.mp4")
    monkeypatch.chdir(tmp_path)
    with DecodePool() as pool, open_isolated_samples(path, FAST, pool=pool) as stream:
        assert read_number(next(stream).rgb) == 0
