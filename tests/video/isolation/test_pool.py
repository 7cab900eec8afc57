"""Processes of a pool are used again while they are good, and ended when they are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidlabel.errors import VidlabelError
from vidlabel.video.isolation.attempt import reading_order
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.isolation.process import DecodeProcess
from vidlabel.video.request import SampleRequest

WAITS = (sys.executable, "-c", "import sys; sys.stdin.read()")
"""A program that does nothing until its input ends."""


@pytest.fixture
def pool() -> Iterator[DecodePool]:
    with DecodePool(WAITS) as kept:
        yield kept


def number(process: DecodeProcess) -> int:
    return process._process.pid


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_was_started_ahead_is_the_one_that_is_taken(pool: DecodePool) -> None:
    pool.start()
    (started,) = pool._idle
    assert pool.take() is started


def test_a_process_that_was_given_back_is_taken_again(pool: DecodePool) -> None:
    first = pool.take()
    second = pool.take()
    assert number(first) != number(second)
    pool.give_back(first)
    assert pool.take() is first


def test_a_video_that_was_begun_ahead_is_the_one_that_is_read(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(DecodeProcess, "send", lambda process, order: sent.append((number(process), order.path)))
    first, other = (reading_order(Path(name), SampleRequest(rate=2), 60.0) for name in ("/a.mp4", "/b.mp4"))
    pool.read_ahead(first)
    begun = pool.begin(reading_order(Path("/a.mp4"), SampleRequest(rate=2), 60.0))
    assert sent == [(number(begun), "/a.mp4")]
    assert number(pool.begin(first)) != number(begun)

    pool.read_ahead(first)
    unwanted, _ = sent[-1]
    taken = pool.begin(other)
    assert (sent[-1], runs(unwanted)) == ((number(taken), "/b.mp4"), False)

    pool.read_ahead(first)
    lost, _ = sent[-1]
    os.kill(lost, signal.SIGKILL)
    os.waitid(os.P_PID, lost, os.WEXITED | os.WNOWAIT)
    assert number(pool.begin(first)) != lost


def test_a_process_that_died_while_it_was_idle_is_replaced(pool: DecodePool) -> None:
    process = pool.take()
    pool.give_back(process)
    os.kill(number(process), signal.SIGKILL)
    process._process.wait()
    other = pool.take()
    assert other is not process
    assert other.is_alive()


def test_no_more_than_two_processes_wait(pool: DecodePool) -> None:
    processes = [pool.take() for _ in range(3)]
    for process in processes:
        pool.give_back(process)
    assert [runs(number(process)) for process in processes] == [True, True, False]


def test_a_process_of_no_use_is_ended(pool: DecodePool) -> None:
    process = pool.take()
    pool.discard(process)
    assert not runs(number(process))
    pool.discard(process)  # once more, as after `close`


def test_closing_ends_all_and_no_more_are_given() -> None:
    pool = DecodePool(WAITS)
    idle, busy = pool.take(), pool.take()
    pool.give_back(idle)
    pool.close()
    assert not runs(number(idle))
    assert not runs(number(busy))
    pool.give_back(busy)  # of whoever was reading
    with pytest.raises(VidlabelError, match="was closed"):
        pool.take()


ABANDONED = """
import gc, sys
from vidlabel.video.isolation.pool import DecodePool

class Abandoned:
    def __init__(self, pool):
        self.pool, self.process, self.cycle = pool, pool.take(), self
    def __del__(self):
        self.pool.give_back(self.process)
        print("given back", flush=True)

class CollectedWhileStarted(tuple):
    def __iter__(self):
        gc.collect()
        return super().__iter__()

gc.disable()
with DecodePool(CollectedWhileStarted((sys.executable, "-c", "import sys; sys.stdin.read()"))) as pool:
    Abandoned(pool)
    print(pool.take().is_alive(), flush=True)
"""


def test_a_reader_that_the_garbage_collector_finds_while_a_process_is_taken_does_not_block_it() -> None:
    """Any allocation may collect an abandoned reader, whose end gives its process back in the middle of `take`."""
    ended = subprocess.run([sys.executable, "-c", ABANDONED], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "given back\nTrue\n"
