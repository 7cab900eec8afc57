"""A decoding process that misbehaves as its first argument says; a second argument is a file that counts the starts.

Every video of it lasts 4 seconds and has 4 frames; frame i lies at second i and is grey level 10 * i, and its sound is
i + 1 all over.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from vidlabel.child_process import die_with_owner
from vidlabel.video.isolation.messages import (
    Alive,
    Failed,
    Finished,
    Message,
    Probed,
    ReadVideo,
    Ready,
    SampleReady,
    Setup,
    Stats,
    encode,
    read_orders,
)
from vidlabel.video.isolation.process import OUT_OF_MEMORY
from vidlabel.video.isolation.shared_memory import FrameLayout, FrameMemory, layout_of, open_memory
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import SOUND_WINDOW

FRAMES = 4
FACTS = VideoMetadata(100, "mov,mp4", "h264", 64, 48, 0, Fraction(1, 10), 0.0, 40, FRAMES, 1, ())
LAYOUT = FrameLayout(64, 48, 1)


def send(message: Message) -> None:
    say(encode(message))


def say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def hang() -> None:
    """Block in native code that holds the interpreter lock."""
    ctypes.PyDLL(None).pause()


def talk() -> None:
    for _ in range(100):
        say(b"x" * (1 << 16))
    hang()


def fall_silent() -> None:
    os.close(1)
    hang()


def kill() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def heartbeat() -> None:
    while True:
        send(Alive())
        time.sleep(0.005)


def shrink(descriptor: str) -> None:
    os.ftruncate(int(descriptor), LAYOUT.offset(2, 0) + 10)


BREAKS: dict[str, Callable[[], None]] = {
    "hang": hang,
    "die": kill,
    "beat for ever": heartbeat,
    "exit": lambda: os._exit(9),
    "nonsense": lambda: say(b"\x00\xffnot a message\n"),
    "nested": lambda: say(b"[" * 100_000 + b"\n"),
    "endless line": talk,
    "silent end": fall_silent,
    "back in time": lambda: send(SampleReady(0, False)),
    "of no rate": lambda: send(SampleReady(35, False, rate_mask=2)),
    "earlier unasked": lambda: send(SampleReady(35, True)),
    "wrong type": lambda: say(b'{"type": "SampleReady", "tick": "35", "has_earlier": false}\n'),
    "huge number": lambda: say(b'{"type": "SampleReady", "tick": 1' + b"0" * 300 + b', "has_earlier": false}\n'),
    "unknown": lambda: say(b'{"type": "Exec", "code": "1"}\n'),
    "out of turn": lambda: send(Ready()),
}
IN_SOUND: dict[str, Callable[[], None]] = {
    "hang in sound": hang,
    "die in sound": kill,
    "exit in sound": lambda: os._exit(OUT_OF_MEMORY),
}


def begin_sound(memory: FrameMemory, layout: FrameLayout, misdeed: str) -> None:
    memory.write(layout.mark_offset, np.ones(1, np.uint8))
    if misdeed in IN_SOUND:
        IN_SOUND[misdeed]()


def sound_of(index: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(SOUND_WINDOW, index + 1, np.float32)


def read(order: ReadVideo, setup: Setup, misdeed: str) -> None:
    memory = open_memory(setup.memory)
    send(Probed(FACTS, 0, 40, ()))
    slot = 0
    after = -1 if order.after is None else order.after
    decoder = "decord" if order.after is None else f"pyav: {order.reason}"
    send(Stats("pyav" if misdeed == "hang in pyav" else decoder, 0, 0, (), ()))
    for index in range(FRAMES):
        if index == 2 and order.after is None:
            if misdeed == "cut memory":
                shrink(setup.memory)
            elif misdeed == "hang in pyav":
                hang()
            elif misdeed in BREAKS:
                BREAKS[misdeed]()
        if index == 3 and misdeed == "die twice":
            kill()
        if misdeed == "slow" and index == 1:
            for _ in range(15):
                time.sleep(0.1)
                send(Alive())
        layout = layout_of(order.request, FACTS)
        if layout.has_sound:
            begin_sound(memory, layout, misdeed if index == 2 else "")
            memory.write(layout.sound_offset(slot), sound_of(index).view(np.uint8))
            memory.write(layout.mark_offset, np.zeros(1, np.uint8))
        if index * 10 > after:
            if not (misdeed == "cut memory" and order.after is None and index == 2):
                memory.write(layout.offset(slot, 0), np.full(LAYOUT.shape, 10 * index, np.uint8))
            send(SampleReady(index * 10, False))
            if misdeed == "cut memory" and order.after is None and index == 2:
                hang()  # A further picture would make the file long enough again.
            slot += 1
        if index == 1 and misdeed == "die twice" and order.after is None:
            kill()
    send(Finished(0.0))


def main(misdeed: str, starts: str) -> None:
    with Path(starts).open("a") as log:
        log.write("start\n")
    next_order = read_orders(sys.stdin.buffer)
    setup = next_order()
    if misdeed == "no start":
        sys.exit("cannot find libav")
    if isinstance(setup, Setup):
        die_with_owner(setup.lifeline)
    send(Ready())
    print("libfake: something is odd", file=sys.stderr, flush=True)
    while (order := next_order()) is not None:
        if not isinstance(order, ReadVideo) or not isinstance(setup, Setup):
            continue
        if misdeed == "die at once":
            kill()
        if misdeed == "killed at once":
            os.kill(os.getpid(), signal.SIGKILL)
        if misdeed == "out of memory":
            os._exit(OUT_OF_MEMORY)
        if misdeed == "hang at once":
            hang()
        if misdeed == "refuse":
            send(Failed("VideoError", "somewhere else", "is bad", "look"))
        else:
            read(order, setup, misdeed)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
