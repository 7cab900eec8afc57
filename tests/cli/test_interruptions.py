"""No kill loses work: interrupted runs go on, and end with the very bytes of a run that was left alone."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import call
from corpus import Recipe, write_video

OPTIONS = ("--model", "objects", "--threshold", "0", "--min-duration", "0")
MOST_WAIT_S = 120.0
VIDEOS, BROKEN = 20, (5, 12)
"""How many there are, and which of them are no videos: one in each folder."""
WHOLE = VIDEOS - len(BROKEN)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small videos in two folders, two of them broken."""
    folder = tmp_path_factory.mktemp("interrupted") / "videos"
    (folder / "more").mkdir(parents=True)
    original = write_video(folder / "0.mp4", Recipe(frames=30))
    for number in range(1, VIDEOS):
        target = folder / ("more" if number % 2 else "") / f"{number}.mp4"
        shutil.copy(original, target)
        if number in BROKEN:
            target.write_bytes(b"broken")
    return folder


def command(videos: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "vidlabel", "predict", videos.name, "-o", "out", *OPTIONS, *options]


def begin(folder: Path, videos: Path, *options: str) -> subprocess.Popen[bytes]:
    if not (folder / "videos").exists():
        (folder / "videos").symlink_to(videos)
    return subprocess.Popen(
        command(videos, *options), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def outputs(folder: Path) -> dict[str, bytes]:
    """Every whole file of the output folder but the records and the lock."""
    out = folder / "out"
    paths = [path for path in out.rglob("*.json") if ".vidlabel" not in path.relative_to(out).parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def half_written(folder: Path) -> list[Path]:
    """Temporary files of writing, anywhere in the output folder."""
    return [path for path in (folder / "out").rglob("*") if path.name.endswith(".vidlabel-part")]


def wait_for_outputs(folder: Path, process: subprocess.Popen[bytes], count: int) -> None:
    """Wait until a run has written so many outputs, or has ended."""
    end = time.monotonic() + MOST_WAIT_S
    while len(outputs(folder)) < count and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)


def descendants(session: int) -> list[int]:
    """Living processes whose ancestor is in this list or whose session it is: workers and decoders."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if b"vidlabel" in arguments and f"VIDLABEL_TEST={session}".encode() in environment:
                found.append(int(entry.name))
    return found


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Marks the processes of this test, so that any that are left can be found."""
    mark = random.randrange(10**9)
    monkeypatch.setenv("VIDLABEL_TEST", str(mark))
    yield mark
    for pid in descendants(mark):
        os.kill(pid, signal.SIGKILL)


def assert_all_gone(mark: int) -> None:
    end = time.monotonic() + 10
    while descendants(mark):
        assert time.monotonic() < end, f"left: {descendants(mark)}"
        time.sleep(0.05)


@pytest.mark.usefixtures("in_one_process")
def test_control_c_ends_cleanly_and_the_run_goes_on(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path, marked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begin(tmp_path, videos)
    wait_for_outputs(tmp_path, process, 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=MOST_WAIT_S)
    assert process.returncode == 130
    assert b"interrupted: " in errors
    assert b"the same command continues" in errors
    assert b"Traceback" not in errors
    assert_all_gone(marked)
    assert half_written(tmp_path) == []
    kept = outputs(tmp_path)
    assert len(kept) >= 3
    monkeypatch.chdir(tmp_path)
    assert call(capfd, "predict", "videos", "-o", "out", *OPTIONS).status == 3
    assert len(outputs(tmp_path)) == WHOLE
    assert kept.items() <= outputs(tmp_path).items()


@pytest.mark.parametrize(
    "kind", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGKILL], ids=["terminated", "killed"]
)
def test_no_process_outlives_its_run(tmp_path: Path, videos: Path, marked: int, kind: signal.Signals) -> None:
    process = begin(tmp_path, videos)
    wait_for_outputs(tmp_path, process, 2)
    process.send_signal(kind)
    process.communicate(timeout=MOST_WAIT_S)
    assert_all_gone(marked)


@pytest.mark.slow
def test_two_runs_over_one_folder_do_no_harm(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = begin(tmp_path, videos, "--workers", "1")
    wait_for_outputs(tmp_path, first, 1)
    first.send_signal(signal.SIGSTOP)  # so that it does not end meanwhile
    try:
        second = call(capfd, "predict", "videos", "-o", "out", *OPTIONS)
    finally:
        first.send_signal(signal.SIGCONT)
    assert (second.status, second.output) == (1, "")
    assert second.errors == "error: out: another run is writing here; wait for its end, or choose another folder\n"
    first.communicate(timeout=MOST_WAIT_S)
    assert first.returncode == 3
    assert len(outputs(tmp_path)) == WHOLE


@pytest.mark.slow
def test_an_output_that_cannot_be_written_ends_the_run_which_then_goes_on(
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    videos: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A file where a folder of the tree has to be fails like a full disk: in the middle of the run, for good.
    (tmp_path / "videos").symlink_to(videos)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "more").touch()
    monkeypatch.chdir(tmp_path)
    ended = call(capfd, "predict", "videos", "-o", "out", *OPTIONS, "--workers", "1")
    assert ended.status == 3
    assert [line for line in ended.errors.splitlines() if "cannot be written" in line] == [
        "error: out/more/1.mp4.json: cannot be written (File exists); choose another place or free some space"
    ]
    assert len(outputs(tmp_path)) == WHOLE // 2
    (tmp_path / "out" / "more").unlink()
    request.getfixturevalue("in_one_process")
    assert call(capfd, "predict", "videos", "-o", "out", *OPTIONS).status == 3
    assert len(outputs(tmp_path)) == WHOLE


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thirty_kills_at_random_moments_change_nothing(tmp_path: Path, videos: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for folder in (undisturbed, killed):
        folder.mkdir()
    begin(undisturbed, videos).communicate(timeout=600)
    chance = random.Random(30)
    for _ in range(30):
        process = begin(killed, videos)
        before = len(outputs(killed))
        if chance.random() < 0.7:
            wait_for_outputs(killed, process, before + 1)
        time.sleep(chance.uniform(0, 1))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=MOST_WAIT_S)
    last = begin(killed, videos)
    last.communicate(timeout=600)
    assert last.returncode == 3
    assert outputs(killed) == outputs(undisturbed)
    assert len(outputs(killed)) == WHOLE
    assert half_written(killed) == []
