"""The decoding process: needs no torch, keeps to its memory, and is never left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from corpus import Recipe, read_number, write_video
from vidlabel.errors import DecodeError
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.isolation.process import child_command
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples

VideoMaker = Callable[[str], Path]

HERE = Path(__file__).parent
PATIENCE_S = 20
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def start_owner(ending: str, video: Path, command: Sequence[str] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "owner.py"), ending, str(video), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )


def first_line(owner: subprocess.Popen[str]) -> int:
    assert owner.stdout is not None
    return int(owner.stdout.readline())


def is_gone(pid: int) -> bool:
    """Whether a process ended within the time that a busy machine may take; a zombie that nobody waits for has too."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        if status.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def hanging_child(folder: Path) -> tuple[str, ...]:
    """A decoder that blocks after two samples with the interpreter lock held."""
    return (sys.executable, str(HERE / "fake_decode_child.py"), "hang", str(folder / "starts"))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
@pytest.mark.parametrize("ending", ["wait", "wait in native code"])
def test_no_process_is_left_when_the_owner_is_ended(sent: signal.Signals, ending: str, video: VideoMaker) -> None:
    with start_owner(ending, video("closed.mp4")) as owner:
        child = first_line(owner)
        owner.send_signal(sent)
        if ending == "wait in native code" and sent == signal.SIGINT:
            owner.kill()  # It cannot hear Ctrl-C there.
        owner.communicate(timeout=PATIENCE_S)
    assert is_gone(child)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_hung_process_is_left_when_the_owner_is_ended(
    sent: signal.Signals, tmp_path: Path, video: VideoMaker
) -> None:
    with start_owner("wait for more", video("closed.mp4"), hanging_child(tmp_path)) as owner:
        child = first_line(owner)
        owner.send_signal(sent)
        owner.communicate(timeout=PATIENCE_S)
    assert is_gone(child)


@pytest.mark.parametrize("ending", ["error", "exit", "exit hard"])
@pytest.mark.parametrize("hangs", [False, True])
def test_no_process_is_left_when_the_owner_ends(ending: str, hangs: bool, tmp_path: Path, video: VideoMaker) -> None:
    command = hanging_child(tmp_path) if hangs else ()
    with start_owner(ending, video("closed.mp4"), command) as owner:
        child = first_line(owner)
        _, words = owner.communicate(timeout=PATIENCE_S)
    assert is_gone(child)
    assert owner.returncode == (1 if ending == "error" else 0)
    assert ("an error of the program" in words) == (ending == "error")
    assert ending == "error" or words == ""


def test_nothing_of_the_shared_memory_has_a_name(video: VideoMaker, tmp_path: Path) -> None:
    folders = [folder for folder in (Path("/dev/shm"), tmp_path) if folder.exists()]
    before = [set(folder.iterdir()) for folder in folders]
    with start_owner("wait", video("closed.mp4")) as owner:
        child = first_line(owner)
        assert [set(folder.iterdir()) for folder in folders] == before
        owner.kill()
        owner.communicate(timeout=PATIENCE_S)
    assert is_gone(child)
    assert [set(folder.iterdir()) for folder in folders] == before


def test_a_process_outlives_the_thread_that_started_it(video: VideoMaker) -> None:
    with start_owner("in a thread that ends", video("closed.mp4")) as owner:
        assert first_line(owner) == 5
        assert owner.communicate(timeout=PATIENCE_S) == ("", "")


def test_it_needs_no_torch() -> None:
    code = "import sys, vidlabel.video.isolation.child; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=False).returncode == 0


def test_it_ends_when_its_orders_end() -> None:
    done = subprocess.run(child_command(), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (3, b"")


@pytest.mark.parametrize("decoder", ["decord", "pyav"])
def test_a_picture_too_large_for_its_memory_is_an_error_of_that_video_alone(
    decoder: str, tmp_path: Path, video: VideoMaker
) -> None:
    large = Recipe(width=3840, height=2160, frames=8, options={"preset": "ultrafast"})
    path = write_video(tmp_path / "large.mp4", large)
    request = SampleRequest(rate=25, decoder=decoder)  # type: ignore[arg-type]
    with DecodePool(memory_limit_bytes=120 << 20) as pool:
        with pytest.raises(DecodeError, match="large.mp4"):  # noqa: RUF043
            list(open_isolated_samples(path, request, pool=pool))
        small = open_isolated_samples(video("closed.mp4"), SampleRequest(rate=25, short_side=160), pool=pool)
        assert [read_number(sample.rgb) for sample in small] == list(range(60))
