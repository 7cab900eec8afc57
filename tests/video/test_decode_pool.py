"""Processes of a pool are used again while they are good, and ended when they are not."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from vidlabel.errors import VidlabelError
from vidlabel.video.decode_pool import DecodePool
from vidlabel.video.decode_process import DecodeProcess

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
