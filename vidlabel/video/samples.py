"""Reading videos in a process of their own, so that no file can end, block or take over the program that asked.

When that process dies, hangs or sends nonsense, a new one goes on with PyAV after the last sample. When that is lost
too, the samples so far are what the file has.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from vidlabel.errors import DecodeError
from vidlabel.video.clips import with_clips, without_clips
from vidlabel.video.isolation.attempt import DecodeAttempt, reading_order
from vidlabel.video.isolation.messages import Probed
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.isolation.process import LostProcessError
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import (
    SOUND_WINDOW,
    DecodeDevice,
    Decoder,
    ReadReport,
    Sample,
    SampleRequest,
    decoded_ratio,
    no_heartbeat,
)
from vidlabel.video.sampling import BEFORE_ALL

TIMEOUT_S = 60.0
_FIRST_PICTURE = SampleRequest(keyframes=True, end_s=0.001)
"""Next to nothing is decoded ahead where only the facts are wanted."""

_shared_pool = DecodePool()
"""For callers that keep none; its processes are started when they are first needed."""
atexit.register(_shared_pool.close)


class IsolatedSamples(Iterator[Sample], AbstractContextManager["IsolatedSamples"]):
    """The samples of one video, decoded in another process, to be taken once; a context manager that closes it.

    Made by `open_isolated_samples`.
    """

    def __init__(
        self, pool: DecodePool, path: Path, request: SampleRequest, timeout_s: float, on_progress: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._path = path
        self._request = without_clips(request)
        self._timeout_s = timeout_s
        self._on_progress = on_progress
        self._attempts: list[DecodeAttempt] = []
        self._warning: str | None = None
        self._sound_warning: str | None = None
        with ExitStack() as undoing:
            undoing.callback(self._end_attempts)
            self._opened = self._open()
            undoing.pop_all()
        self._samples = self._run() if request.clip is None else with_clips(self._run(), request)

    def __next__(self) -> Sample:
        return next(self._samples)

    def __del__(self) -> None:
        self._end_attempts()

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and close the file."""
        self._samples.close()
        self._end_attempts()

    @property
    def path(self) -> Path:
        """Of the video."""
        return self._path

    @property
    def probe(self) -> VideoMetadata:
        """What is known of the video."""
        return self._opened.facts

    @property
    def opened(self) -> Probed:
        """What is known of the video, and the warnings about the file, before it is decoded."""
        return self._opened

    @property
    def report(self) -> ReadReport:
        """How reading went; final once the last sample has been taken."""
        facts = self._opened.facts
        tallies = [attempt.stats for attempt in self._attempts]
        holes = [hole for attempt in self._attempts for hole in attempt.holes]
        lost = sum(stats.lost for stats in tallies)
        warnings = list(dict.fromkeys(warning for stats in tallies for warning in stats.warnings))
        if self._sound_warning is not None:
            warnings.append(self._sound_warning)
        if self._warning is not None:
            warnings.append(self._warning)
            rest = max(self._attempts[-1].last + 1, self._opened.first), self._opened.end
            holes.append(rest)
            lost += max(0, rest[1] - rest[0])
        return ReadReport(
            decoder=tallies[-1].decoder,
            decode_errors=sum(stats.decode_errors for stats in tallies),
            decoded_ratio=decoded_ratio(lost, self._opened.first, self._opened.end),
            duration_s=facts.duration_s,
            warnings=tuple(warnings),
            holes=tuple((facts.seconds(start), facts.seconds(end)) for start, end in sorted(holes)),
        )

    @property
    def decode_cpu_s(self) -> float:
        """CPU seconds of the decoding processes; final like the report, and without those that were lost."""
        return sum(attempt.cpu_s for attempt in self._attempts)

    def _open(self) -> Probed:
        try:
            return self._attempt()
        except LostProcessError as loss:
            if loss.hung:  # FFmpeg would hang at the same place again.
                raise self._failure(loss) from self._attempts[-1].output()
            try:
                return self._attempt(loss)
            except LostProcessError as second:
                raise self._failure(second) from self._attempts[-1].output()

    def _run(self) -> Generator[Sample, None, None]:
        try:
            yield from self._attempts[-1].samples(self.probe)
        except LostProcessError as loss:
            if self._attempts[-1].was_in_sound:
                yield from self._go_on_in_silence(loss)
            else:
                yield from self._go_on(loss)
        finally:
            self._end_attempts()

    def _go_on(self, loss: LostProcessError) -> Iterator[Sample]:
        """Let PyAV give what follows the last sample, in a new process."""
        if loss.hung and self._attempts[-1].stats.decoder.startswith("pyav"):  # It would hang there again.
            self._give_up(loss)
            return
        try:
            if self._attempt(loss).facts == self.probe:
                yield from self._attempts[-1].samples(self.probe)
            else:
                self._give_up(LostProcessError("the file changed while it was read"))
        except LostProcessError as second:
            if self._attempts[-1].was_in_sound:
                yield from self._go_on_in_silence(second)
            else:
                self._give_up(second)

    def _go_on_in_silence(self, loss: LostProcessError) -> Iterator[Sample]:
        """As `_go_on`, without reading the sound, which took the process down: its samples are zeros."""
        last = self._attempts[-1].last
        when = f"after {self.probe.seconds(last):.3f} s" if last > BEFORE_ALL else "at its start"
        self._sound_warning = f"reading the sound failed {when} ({loss.problem}); it is silent from there"
        self._request = replace(self._request, sound=False)
        for sample in self._go_on(LostProcessError(loss.problem)):
            yield replace(sample, sound=np.zeros(SOUND_WINDOW, np.float32))

    def _attempt(self, loss: LostProcessError | None = None) -> Probed:
        """Let a process open the video; after a loss, to go on with PyAV."""
        after, reason = (self._attempts[-1].last, loss.problem) if loss is not None else (None, "")
        self._end_attempts()
        attempt = DecodeAttempt(
            self._pool, self._path, self._request, self._timeout_s, after, reason, self._on_progress
        )
        self._attempts.append(attempt)
        return attempt.open()

    def _give_up(self, loss: LostProcessError) -> None:
        """Take the samples so far for all there are, if there are any."""
        last = self._attempts[-1].last
        if last == BEFORE_ALL:
            raise self._failure(loss) from self._attempts[-1].output()
        self._warning = f"{loss.problem}, after {self.probe.seconds(last):.3f} s of video; the rest could not be read"

    def _failure(self, loss: LostProcessError) -> DecodeError:
        return DecodeError(self._path, loss.problem, loss.remedy)

    def _end_attempts(self) -> None:
        for attempt in self._attempts:
            attempt.close()


def open_isolated_samples(
    path: Path,
    request: SampleRequest,
    timeout_s: float = TIMEOUT_S,
    pool: DecodePool = _shared_pool,
    on_progress: Callable[[], None] = no_heartbeat,
) -> IsolatedSamples:
    """Open a video for sampling in a process of its own.

    Args:
        path: the file.
        request: what is asked for.
        timeout_s: seconds without a frame or another sign of life until the process is ended.
        pool: of decoding processes.
        on_progress: called when there is nothing new but that reading goes on.

    Returns:
        The samples as they are taken, with `.probe` and `.report`. Damage, and the loss of the process once there are
        samples, are reported there and are no errors.

    Raises:
        VideoError: it is no readable video, or the process was lost before there was a sample.
        InstallationError: the process cannot load its libraries.
    """
    return IsolatedSamples(pool, path, request, timeout_s, on_progress)


def read_ahead(path: Path, request: SampleRequest, timeout_s: float, pool: DecodePool) -> None:
    """Let a process begin with a video that is opened next, with the same arguments.

    It is decoded while the caller still loads what takes its samples. Another video may be opened instead.

    Raises:
        VidlabelError: the system gives no process.
    """
    pool.read_ahead(reading_order(path, without_clips(request), timeout_s))


def isolated_probe(path: Path) -> Probed:
    """What is known of a video before it is decoded, found out in a process of its own.

    Raises:
        VideoError: it is no readable video, or the process was lost.
        InstallationError: the process cannot load its libraries.
    """
    with open_isolated_samples(path, _FIRST_PICTURE) as stream:
        return stream.opened


def samples(
    path: str | Path,
    rate: float = 2.0,
    short_side: int = 224,
    start: float = 0.0,
    end: float | None = None,
    decoder: Decoder = "auto",
    decode_device: DecodeDevice = "auto",
    keyframes: bool = False,
    sound: bool = False,
    audio_stream: int | None = None,
    text: bool = False,
    subtitles: str | Path | None = None,
) -> IsolatedSamples:
    """Take samples from a video, exactly as labelling does.

    Args:
        path: the file.
        rate: samples per second; target times are k / rate from the first presented frame, a sample is the first frame
            at or after its target, and no frame is used twice.
        short_side: pixels of the shorter side of a sample.
        start: seconds; samples lie at or after it.
        end: seconds; samples lie before it.
        decoder: `auto` takes the cheapest that is known to be right: PyAV or decord.
        decode_device: `auto` and `cpu` decode on the CPU, `gpu` tries a GPU first.
        keyframes: decode key frames only.
        sound: also give the sound around each sample, where the video has any.
        audio_stream: number of the audio stream among those of the file, from 0; None: the one that players choose.
        text: also give the subtitles that are shown at each sample, as `Sample.text`.
        subtitles: file of subtitles; None: one beside the video (`clip.srt`, `clip.vtt`), else those inside it.

    Returns:
        An iterator of `Sample(time_s, rgb, sound=...)`, rgb being (H, W, 3) uint8 and sound (15600,) float32, mono at
        16 kHz, or None; with `.probe` and `.report`.

    Raises:
        UsageError: an argument is out of range.
        VideoError: the file is no readable video.
        SubtitleError: the file of subtitles cannot be used.

    Example:
        >>> with vidlabel.samples("clip.mp4", rate=1) as samples:
        ...     [(sample.time_s, sample.rgb.shape) for sample in samples][:2]
        [(0.0, (224, 298, 3)), (1.0, (224, 298, 3))]
    """
    request = SampleRequest(
        rate=rate,
        short_side=short_side,
        start_s=start,
        end_s=end,
        decoder=decoder,
        decode_device=decode_device,
        keyframes=keyframes,
        sound=sound,
        audio_stream=audio_stream,
        text=text or subtitles is not None,
        subtitles=None if subtitles is None else str(subtitles),
    )
    return open_isolated_samples(Path(path), request)
