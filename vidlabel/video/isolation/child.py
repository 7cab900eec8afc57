"""The decoding process: reads one video after the other for its owner, and can be killed at any time.

Native decoders can end, block or take over a process, so they run in this one. It needs no torch.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

import av.logging
import numpy as np
import numpy.typing as npt

from vidlabel.child_process import OWNER_GONE, Watchdog, claim_standard_output, die_with_owner
from vidlabel.errors import VidlabelError
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.base import Picture
from vidlabel.video.decoders.joined import VideoSession, open_reading
from vidlabel.video.isolation.messages import (
    Alive,
    Failed,
    Finished,
    Message,
    Order,
    Probed,
    ReadVideo,
    Ready,
    Release,
    SampleReady,
    Setup,
    Stats,
    Stop,
    encode,
    read_orders,
)
from vidlabel.video.isolation.process import OUT_OF_MEMORY
from vidlabel.video.isolation.shared_memory import FrameLayout, FrameMemory, layout_of, open_memory
from vidlabel.video.request import Heartbeat, SampleRequest
from vidlabel.video.sound.reader import SoundReader
from vidlabel.video.subtitles.source import VideoText

_BEATS_A_TIMEOUT = 4
_LONGEST_BEAT_S = 1.0
_SELF_GRACE_S = 10.0
"""The process ends itself so much later than its owner would end it."""
_MOST_WAITING = 4
_LONGEST_WAIT_S = 0.05
"""How many samples may wait to be sent together, and for how long."""
_MOST_NOISE = 4 << 20


class _StoppedError(Exception):
    """The rest of the video is not wanted."""


class _Sender:
    """Writes messages, and beats when nothing else was sent for a while."""

    def __init__(self, outgoing: BinaryIO) -> None:
        self._outgoing = outgoing
        self._last = 0.0
        self._waiting = 0
        self._watchdog = Watchdog(_SELF_GRACE_S)
        self._beat_s = _LONGEST_BEAT_S
        self.stopped = threading.Event()

    def begin(self, timeout_s: float) -> None:
        """A video is to be read, by an owner with this much patience."""
        self.stopped.clear()
        self._watchdog = Watchdog(timeout_s + _SELF_GRACE_S)
        self._beat_s = min(_LONGEST_BEAT_S, timeout_s / _BEATS_A_TIMEOUT)
        self.watch()

    def send(self, message: Message) -> None:
        """Send now, and what was put before."""
        self._outgoing.write(encode(message))
        self.flush()

    def put(self, message: Message) -> None:
        """Send soon: each waking of the owner costs both of us, 5 % of decoding where it is done for every sample."""
        self._outgoing.write(encode(message))
        self._waiting += 1
        if self._waiting >= _MOST_WAITING or time.monotonic() - self._last > _LONGEST_WAIT_S:
            self.flush()

    def flush(self) -> None:
        """Send what was put."""
        self._outgoing.flush()
        self._waiting = 0
        self._last = time.monotonic()

    def heartbeat(self) -> None:
        """Called for each packet or frame: it is what a hung native call does not do."""
        if self.stopped.is_set():
            raise _StoppedError
        silent_s = time.monotonic() - self._last
        if self._waiting and silent_s > _LONGEST_WAIT_S:
            self.flush()
        if silent_s > self._beat_s:
            self.send(Alive())
            self.watch()
            if os.fstat(2).st_size > _MOST_NOISE:  # what the libraries complain of, in a file of the owner
                os.ftruncate(2, 0)

    def watch(self) -> None:
        """End this process if it hangs and its owner does not end it."""
        self._watchdog.restart()

    def trim(self) -> None:
        """Nothing is decoded for a while."""
        self._watchdog.stop()


class _Server:
    """Takes orders from a thread that always listens."""

    def __init__(self, next_order: Callable[[], Order | None], sender: _Sender, memory: FrameMemory) -> None:
        self._next_order = next_order
        self._sender = sender
        self._memory = memory
        self._videos: SimpleQueue[ReadVideo] = SimpleQueue()
        self._free = threading.Semaphore(0)

    def serve(self) -> None:
        """Read videos until the owner has gone, which ends the process."""
        threading.Thread(target=self._follow, daemon=True).start()
        self._sender.send(Ready())
        while True:
            order = self._videos.get()
            self._sender.begin(order.timeout_s)
            ending = self._read_video(order)
            self._sender.trim()
            self._sender.send(ending)

    def _follow(self) -> None:
        while (order := self._next_order()) is not None:
            if isinstance(order, Release):
                self._free.release(order.slots)
            elif isinstance(order, Stop):
                self._sender.stopped.set()
                self._free.release()
            elif isinstance(order, ReadVideo):
                self._videos.put(order)
        os._exit(OWNER_GONE)

    def _read_video(self, order: ReadVideo) -> Finished | Failed:
        cpu_s = time.process_time()
        try:
            with VideoSource(Path(order.path)) as opened:
                self._give_samples(opened, order)
        except _StoppedError:
            return Finished(time.process_time() - cpu_s)
        except VidlabelError as error:
            return Failed(type(error).__name__, error.subject, error.problem, error.remedy)
        return Finished(time.process_time() - cpu_s)

    def _give_samples(self, opened: VideoSource, order: ReadVideo) -> None:
        reading = open_reading(opened, order.request, order.after, order.reason, self._sender.heartbeat)
        facts = reading.facts
        layout = layout_of(order.request, facts)
        sound = _SoundFeed(reading, order.request, self._sender.heartbeat) if layout.has_sound else None
        self._free = threading.Semaphore(layout.slots)
        text = _text_of(reading, order, self._sender.heartbeat)
        self._mark_sound(layout, 0)
        source, warnings = (text.source, text.warnings) if text is not None else (None, ())
        self._sender.send(Probed(facts, reading.first, reading.end, (*reading.warnings, *warnings), source))
        books = _StatsReporter(reading, sound, text)
        slot = 0
        with contextlib.closing(reading.pictures()) as pictures:
            for picture in pictures:
                self._await_slot()
                self._store(picture, layout, slot)
                if sound is not None:
                    self._store_sound(sound, picture, layout, slot)
                shown = None if text is None else text.at(picture.time * facts.time_base)
                books.send_news(self._sender)
                self._sender.put(SampleReady(picture.time, picture.earlier_rgb is not None, shown, picture.rate_mask))
                slot = (slot + 1) % layout.slots
        books.send_news(self._sender)

    def _await_slot(self) -> None:
        if not self._free.acquire(blocking=False):
            self._sender.flush()
            self._sender.trim()
            self._free.acquire()
            self._sender.watch()
        if self._sender.stopped.is_set():
            raise _StoppedError

    def _store(self, picture: Picture, layout: FrameLayout, slot: int) -> None:
        self._memory.write(layout.offset(slot, 0), picture.rgb)
        if picture.earlier_rgb is not None:
            self._memory.write(layout.offset(slot, 1), picture.earlier_rgb)

    def _store_sound(self, sound: _SoundFeed, picture: Picture, layout: FrameLayout, slot: int) -> None:
        self._mark_sound(layout, 1)
        window = sound.window(picture.time)
        self._mark_sound(layout, 0)
        self._memory.write(layout.sound_offset(slot), window.view(np.uint8))

    def _mark_sound(self, layout: FrameLayout, mark: int) -> None:
        """Show the owner what this process was at, should it be lost: then pictures can be had without the sound."""
        if layout.has_sound:
            self._memory.write(layout.mark_offset, np.array([mark], np.uint8))


class _SoundFeed:
    """The sound around pictures."""

    def __init__(self, reading: VideoSession, request: SampleRequest, heartbeat: Heartbeat) -> None:
        self._time_base = reading.facts.time_base
        self._reader = SoundReader(reading.sound_sources, request.audio_stream, heartbeat)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line each, for the user."""
        return self._reader.warnings

    def window(self, tick: int) -> npt.NDArray[np.float32]:
        """(15600,) around a tick; ticks ascend."""
        return self._reader.window(tick * self._time_base)


def _text_of(reading: VideoSession, order: ReadVideo, heartbeat: Heartbeat) -> VideoText | None:
    """The subtitles of a video, if they are asked for."""
    if not order.request.text:
        return None
    named, spoken = (
        None if file is None else Path(file) for file in (order.request.subtitles, order.request.transcript)
    )
    return VideoText(Path(order.path), reading.placed, named, heartbeat, spoken)


class _StatsReporter:
    """Tells the owner how reading goes, when that changed."""

    def __init__(self, reading: VideoSession, sound: _SoundFeed | None, text: VideoText | None) -> None:
        self._reading = reading
        self._evidence = [source for source in (sound, text) if source is not None]
        self._told: Stats | None = None
        self._holes_told = 0

    def send_news(self, sender: _Sender) -> None:
        """Send what changed since the last call, if anything did."""
        reading = self._reading
        holes = reading.holes
        warnings = (*reading.warnings, *(warning for source in self._evidence for warning in source.warnings))
        news = Stats(reading.decoder, reading.decode_errors, reading.lost, tuple(holes[self._holes_told :]), warnings)
        if news == self._told:
            return
        sender.put(news)
        self._holes_told = len(holes)
        self._told = Stats(news.decoder, news.decode_errors, news.lost, (), news.warnings)


def limit_memory(limit_bytes: int) -> None:
    """Make this process fail, rather than the machine, when a file makes a decoder ask for too much memory."""
    # Counts what is written to; address space also counts libraries and the reserve of threads.
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, most = resource.getrlimit(kind)
    limit = limit_bytes if most == resource.RLIM_INFINITY else min(limit_bytes, most)
    resource.setrlimit(kind, (limit, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def let_ffmpeg_complain() -> None:
    """Let the FFmpeg of PyAV, which is silent by itself, write its errors where the owner finds them.

    It writes them by itself: PyAV's own way takes the interpreter lock, for which threads of a decoder could wait.
    """
    av.logging.set_libav_level(av.logging.ERROR)
    av.logging.restore_default_callback()


def main() -> None:
    """Entry point of the process."""
    outgoing = claim_standard_output()
    next_order = read_orders(sys.stdin.buffer)
    setup = next_order()
    if not isinstance(setup, Setup):
        os._exit(OWNER_GONE)
    die_with_owner(setup.lifeline)
    limit_memory(setup.memory_limit_bytes)
    let_ffmpeg_complain()
    try:
        _Server(next_order, _Sender(outgoing), open_memory(setup.memory)).serve()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(OWNER_GONE)
    finally:  # An interpreter that shuts down with a reader of decord alive can hang.
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    main()
