"""A process of speech recognition that does as its first argument says."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from vidlabel.video.isolation.messages import Alive, Failed
from vidlabel.video.isolation.process import OUT_OF_MEMORY
from vidlabel.video.speech.messages import SpeechEnd, SpeechMessage, encode_speech, read_order
from vidlabel.video.subtitles.transcript import SpokenLine


def send(message: SpeechMessage) -> None:
    sys.stdout.buffer.write(encode_speech(message))
    sys.stdout.buffer.flush()


def main(deed: str) -> None:
    order = read_order(sys.stdin.buffer.readline())
    send(Alive())
    send(SpokenLine(2000, 2500, "second"))
    send(SpokenLine(1000, 1500, f"first of {os.path.basename(order.path)}"))  # noqa: PTH119
    if deed == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif deed == "hang":
        ctypes.PyDLL(None).pause()
    elif deed == "memory":
        os._exit(OUT_OF_MEMORY)
    elif deed == "nonsense":
        sys.stdout.buffer.write(b'{"type": "SpokenLine", "start_ms": -1, "end_ms": 5, "text": "x"}\n')
        sys.stdout.buffer.flush()
    elif deed == "model":
        send(Failed("UsageError", "--speech", "cannot be used", "give another"))
    elif deed == "video":
        send(Failed("VideoError", "elsewhere.mp4", "is no video", "copy it again"))
    send(SpeechEnd(("the sound is damaged",)))


if __name__ == "__main__":
    main(sys.argv[1])
