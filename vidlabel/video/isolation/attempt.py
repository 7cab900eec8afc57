"""One decoding process at work on one video."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from vidlabel.errors import DecodeError, DeviceError, InstallationError, SubtitleError, VideoError, VidlabelError
from vidlabel.video.isolation.messages import (
    Alive,
    Failed,
    Finished,
    Message,
    Probed,
    ReadVideo,
    Release,
    SampleReady,
    Stats,
    Stop,
)
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.isolation.process import LostProcessError, NativeOutput
from vidlabel.video.isolation.shared_memory import FrameLayout, layout_of
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import SOUND_WINDOW, Sample, SampleRequest, no_heartbeat
from vidlabel.video.sampling import BEFORE_ALL

_STOP_S = 1.0
"""Seconds that a process gets to leave a video; then it is ended."""
_RELEASES_A_ROUND = 4
"""Slots are released a few at a time: each message wakes the process."""
MOST_TIMEOUTS = 60
"""Timeouts without a picture, though with heartbeats, after which the process is ended: an hour, with the usual 60 s.
To probe a day of video on a slow disk takes minutes; a process that a file has taken over could beat for ever."""
_ERRORS: dict[str, type[VidlabelError]] = {
    kind.__name__: kind for kind in (VideoError, DecodeError, DeviceError, InstallationError, SubtitleError)
}


def reading_order(
    path: Path, request: SampleRequest, timeout_s: float, after: int | None = None, reason: str = ""
) -> ReadVideo:
    """The order to read a video, as `DecodeAttempt` gives it.

    Paths are absolute: the process may have been started while this one was in another folder.
    """
    whole = os.path.abspath(path)  # noqa: PTH100 - Path.resolve would follow links
    if request.subtitles is not None:
        request = replace(request, subtitles=os.path.abspath(request.subtitles))  # noqa: PTH100 - likewise
    if request.transcript is not None:
        request = replace(request, transcript=os.path.abspath(request.transcript))  # noqa: PTH100 - likewise
    return ReadVideo(whole, request, timeout_s, after, reason)


class DecodeAttempt:
    """Lets a process read a video, and collects its messages. To be closed.

    Args:
        pool: the process comes from it and goes back.
        path: the file.
        request: what is asked for.
        timeout_s: seconds without a sign of life until the process counts as hung.
        after: tick of the last sample of the attempt before: PyAV goes on after it.
        reason: why that attempt ended.
        on_progress: called when the process gave a sign of life and nothing else.

    Raises:
        VidlabelError: the system gives no process.
    """

    def __init__(
        self,
        pool: DecodePool,
        path: Path,
        request: SampleRequest,
        timeout_s: float,
        after: int | None = None,
        reason: str = "",
        on_progress: Callable[[], None] = no_heartbeat,
    ) -> None:
        self.stats = Stats(request.decoder, decode_errors=0, lost=0, holes=(), warnings=())
        """The latest that the process sent."""
        self.holes: list[tuple[int, int]] = []
        self.last = BEFORE_ALL if after is None else after
        """Tick of the last sample."""
        self.cpu_s = 0.0
        """CPU seconds of the process for this video, once it is read."""
        self.was_in_sound = False
        """Whether the process was lost while it read sound."""
        self._layout: FrameLayout | None = None
        self._taken = 0
        """Samples whose slots were not released yet."""
        self._path = path
        self._request = request
        self._timeout_s = timeout_s
        self._on_progress = on_progress
        self._pool = pool
        self._process = pool.begin(reading_order(path, request, timeout_s, after, reason))
        self._state: Literal["reading", "done", "lost", "closed"] = "reading"

    def open(self) -> Probed:
        """Wait until the video is probed.

        Raises:
            VideoError: it is no readable video.
            InstallationError: the process cannot load its libraries.
            LostProcessError: the process died, hung or spoke nonsense.
        """
        message = self._receive(self._timeout_s)
        if not isinstance(message, Probed):
            raise self._nonsense()
        return message

    def samples(self, facts: VideoMetadata) -> Iterator[Sample]:
        """Take the samples.

        Raises:
            DecodeError: not a single picture could be decoded.
            InstallationError: decord was asked for by name and cannot be loaded.
            LostProcessError: as `open`.
        """
        layout = self._layout = layout_of(self._request, facts)
        slot = 0
        while not isinstance(message := self._receive(self._timeout_s), Finished):
            if isinstance(message, Stats):
                self.stats = message
                self.holes += message.holes
            elif isinstance(message, SampleReady):
                yield self._take(message, layout, slot, facts)
                slot = (slot + 1) % layout.slots
            else:
                raise self._nonsense()

    def close(self) -> None:
        """Leave the video, and give the process back if it is still good."""
        if self._state == "reading":
            self._leave()
        if self._state == "done":
            self._pool.give_back(self._process)
        elif self._state == "lost":
            self._pool.discard(self._process)
        self._state = "closed"

    def output(self) -> NativeOutput | None:
        """What the libraries wrote for this video, to be shown behind its error; to be asked before `close`."""
        words = self._process.stderr_tail().strip()
        return NativeOutput(words) if words else None

    def _receive(self, timeout_s: float) -> Message:
        """The next message that is no heartbeat."""
        deadline = time.monotonic() + MOST_TIMEOUTS * timeout_s
        while isinstance(message := self._hear(timeout_s), Alive):
            if time.monotonic() > deadline:
                self._state = "lost"
                raise LostProcessError(f"gave no frame for {MOST_TIMEOUTS * timeout_s:g} s", hung=True)
            self._on_progress()
        if isinstance(message, Failed):
            raise self._error(message) from self.output()
        return message

    def _hear(self, timeout_s: float) -> Message:
        try:
            message = self._process.receive(timeout_s)
        except (LostProcessError, InstallationError):
            self._state = "lost"
            self.was_in_sound = self._layout is not None and self._is_in_sound(self._layout)
            raise
        if isinstance(message, Finished | Failed):
            self._state = "done"
        if isinstance(message, Finished):
            self.cpu_s = message.cpu_s
        return message

    def _take(self, message: SampleReady, layout: FrameLayout, slot: int, facts: VideoMetadata) -> Sample:
        has_earlier = message.has_earlier and layout.pictures > 1
        is_of_a_rate = message.rate_mask < 1 << len(self._request.rates)
        if message.tick <= self.last or message.has_earlier != has_earlier or not is_of_a_rate:
            raise self._nonsense()
        rgb = self._picture(layout, slot, 0)
        earlier = self._picture(layout, slot, 1) if has_earlier else None
        sound = self._sound(layout, slot) if layout.has_sound else None
        self._taken += 1
        if self._taken >= layout.slots // _RELEASES_A_ROUND:
            self._process.send(Release(self._taken))
            self._taken = 0
        self.last = message.tick
        return Sample(facts.seconds(message.tick), rgb, earlier, sound, message.text, message.rate_mask)

    def _picture(self, layout: FrameLayout, slot: int, picture: int) -> npt.NDArray[np.uint8]:
        """Copy a picture out of the shared memory."""
        pixels = np.empty(layout.shape, np.uint8)
        if not self._process.read(layout.offset(slot, picture), pixels):
            raise LostProcessError("the decoding process sent a sample without a picture")
        return pixels

    def _sound(self, layout: FrameLayout, slot: int) -> npt.NDArray[np.float32]:
        """Copy the sound around a sample out of the shared memory."""
        sound = np.empty(SOUND_WINDOW, np.float32)
        if not self._process.read(layout.sound_offset(slot), sound.view(np.uint8)) or not np.isfinite(sound).all():
            raise LostProcessError("the decoding process sent a sample without its sound")
        return sound

    def _is_in_sound(self, layout: FrameLayout) -> bool:
        """Whether the process reads sound, or was lost while it did."""
        mark = np.zeros(1, np.uint8)
        return layout.has_sound and self._process.read(layout.mark_offset, mark) and bool(mark[0])

    def _leave(self) -> None:
        """Tell the process to stop, and pass over what it had already sent."""
        self._process.send(Stop())
        deadline = time.monotonic() + _STOP_S
        try:
            while self._state == "reading" and (left := deadline - time.monotonic()) > 0:
                self._hear(left)
        except (LostProcessError, InstallationError):
            return
        if self._state == "reading":
            self._state = "lost"

    def _nonsense(self) -> LostProcessError:
        self._state = "lost"
        return LostProcessError("the decoding process sent a message out of turn")

    def _error(self, message: Failed) -> VidlabelError:
        kind = _ERRORS.get(message.kind, VideoError)
        subject = self._path if issubclass(kind, VideoError) else message.subject
        return kind(subject, message.problem, message.remedy)
