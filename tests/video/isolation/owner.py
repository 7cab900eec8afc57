"""A program that reads a video and is then ended from outside, or ends itself, as its first argument says.

It prints the number of its decoding process once a sample has come.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples


def read(pool: DecodePool, video: str, ending: str) -> None:
    stream = open_isolated_samples(Path(video), SampleRequest(rate=25, short_side=48), pool=pool)
    next(stream)
    (process,) = pool._busy
    print(process._process.pid, flush=True)
    if ending == "wait for more":  # of a decoder that hangs
        list(stream)
    elif ending == "wait":
        while True:  # signal.pause() could begin just after the signal came
            time.sleep(0.05)
    elif ending == "wait in native code":
        ctypes.PyDLL(None).pause()
    elif ending == "error":
        raise ValueError("an error of the program")
    elif ending == "exit":
        sys.exit()
    elif ending == "exit hard":
        os._exit(0)


def main(ending: str, video: str, *command: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # both are ignored in what a shell or nohup put aside
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with DecodePool(command or None) as pool:
        if ending == "in a thread that ends":
            thread = threading.Thread(target=pool.start)
            thread.start()
            thread.join()
            print(len(list(open_isolated_samples(Path(video), SampleRequest(short_side=48), pool=pool))))
            return
        read(pool, video, ending)


if __name__ == "__main__":
    main(*sys.argv[1:])
