"""A copy of a video that browsers play: H.264 and AAC in MP4, its frames at the times that vidlabel finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np

from vidlabel.errors import InstallationError, OutputError
from vidlabel.paths import reason_of
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.preview.messages import MakePreview, PreviewEnd
from vidlabel.video.request import SOUND_RATE, SOUND_WINDOW, Heartbeat, SampleRequest
from vidlabel.video.sound.reader import SoundReader

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vidlabel.video.decoders.base import Picture
    from vidlabel.video.sound.downmix import Samples

EVERY_FRAME = 1e6
"""Samples per second: no two frames lie within a microsecond."""
_FINEST_CLOCK = 1_000_000
"""Ticks a second."""
_ENCODER = {"preset": "superfast", "tune": "zerolatency", "crf": "26"}
"""`zerolatency` has no B-frames: the copy needs no edit list, which browsers follow in different ways."""
_KEY_FRAMES_APART = 15
"""Frames: a step back decodes this many at most."""


def make_preview(order: MakePreview, on_progress: Callable[[float], None], heartbeat: Heartbeat) -> PreviewEnd:
    """Decode a video and write the copy.

    Args:
        order: which video, and where the copy goes.
        on_progress: called with the seconds that are done.
        heartbeat: called often.

    Raises:
        VideoError: it cannot be read.
        OutputError: the copy cannot be written.
    """
    request = SampleRequest(rate=EVERY_FRAME, short_side=order.short_side, decoder="pyav")
    with VideoSource(Path(order.path)) as opened:
        reading = open_reading(opened, request, heartbeat=heartbeat)
        duration_s = Fraction(reading.facts.duration_s)
        sound = SoundReader(reading.sound_sources, None, heartbeat) if reading.facts.audio_streams else None
        pieces = iter(()) if sound is None else _sound_pieces(sound, duration_s)
        times: list[float] = []
        try:
            with av.open(order.preview_path, "w", format="mp4", options={"movflags": "+faststart"}) as output:
                copy = _Copy(output, reading.facts.time_base, reading.facts.duration, pieces if sound else None)
                for picture in reading.pictures():
                    times.append(reading.facts.seconds(picture.time))
                    copy.add(picture)
                    on_progress(times[-1])
                copy.finish()
        except OSError as error:
            problem = f"cannot be written ({reason_of(error)})"
            raise OutputError(order.preview_path, problem, "free some space for temporary files") from error
    write_times(Path(order.times_path), times)
    holes = [
        f"{reading.facts.seconds(start):.3f} to {reading.facts.seconds(end):.3f} s could not be decoded"
        for start, end in sorted(reading.holes)
    ]
    return PreviewEnd(len(times), (*reading.warnings, *holes, *(() if sound is None else sound.warnings)))


def write_times(path: Path, times: list[float]) -> None:
    """Write the seconds of frames as little-endian float64."""
    path.write_bytes(np.asarray(times, "<f8").tobytes())


def _sound_pieces(sound: SoundReader, duration_s: Fraction) -> Iterator[tuple[int, Samples]]:
    """The sound from the first presented frame on, in pieces with their first sample."""
    end = round(duration_s * SOUND_RATE)
    for first in range(0, end, SOUND_WINDOW):
        window = sound.window(Fraction(2 * first + SOUND_WINDOW, 2 * SOUND_RATE))
        yield first, window[: end - first]


class _Copy:
    """The streams of an MP4, fed with pictures in the order of time.

    Args:
        output: open for writing.
        time_base: seconds of a tick of the pictures.
        duration: ticks of the video.
        sound: its sound; None where it has none.
    """

    def __init__(
        self, output: OutputContainer, time_base: Fraction, duration: int, sound: Iterator[tuple[int, Samples]] | None
    ) -> None:
        self._output = output
        self._time_base = time_base
        self._clock = Fraction(1, min(time_base.denominator, _FINEST_CLOCK))
        self._end = self._tick(duration)
        self._sound = sound
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None if sound is None else _add_sound(output)
        self._heard_until_s = Fraction(0)
        self._waiting: list[Packet[VideoStream]] = []
        """The last packet: how long its picture lasts shows with the next one."""

    def add(self, picture: Picture) -> None:
        """Take the next picture; the first one is shown from zero on, whatever its time."""
        if self._video is None:
            self._video = _add_pictures(self._output, picture.rgb.shape[1], picture.rgb.shape[0], self._clock)
            if picture.time > 0:
                self._encode(picture, 0)
        self._encode(picture, self._tick(picture.time))
        self._add_sound_until(picture.time * self._time_base)

    def finish(self) -> None:
        """Write what is left."""
        if self._video is not None:
            self._mux(self._video.encode(None))
        self._add_sound_until(None)
        if self._audio is not None:
            self._output.mux(self._audio.encode(None))
        for packet in self._waiting:
            self._release(packet, self._end)

    def _encode(self, picture: Picture, tick: int) -> None:
        if self._video is None:
            raise RuntimeError("a picture comes before its stream")
        frame = av.VideoFrame.from_ndarray(picture.rgb, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = tick, self._clock
        self._mux(self._video.encode(frame))

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            for before in self._waiting:
                self._release(before, packet.pts or 0)
            self._waiting = [packet]

    def _release(self, packet: Packet[VideoStream], end: int) -> None:
        packet.duration = max(1, end - (packet.pts or 0))
        self._output.mux(packet)

    def _add_sound_until(self, time_s: Fraction | None) -> None:
        """Write the sound up to a time, or all that is left."""
        while self._audio is not None and self._sound is not None and (time_s is None or self._heard_until_s <= time_s):
            piece = next(self._sound, None)
            if piece is None:
                self._sound = None
                return
            first, samples = piece
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, first, Fraction(1, SOUND_RATE)
            self._output.mux(self._audio.encode(frame))
            self._heard_until_s = Fraction(first + len(samples), SOUND_RATE)

    def _tick(self, time: int) -> int:
        return round(time * self._time_base / self._clock)


def _add_pictures(output: OutputContainer, width: int, height: int, clock: Fraction) -> VideoStream:
    try:
        stream = output.add_stream("libx264", options=_ENCODER)
    except (av.error.FFmpegError, ValueError) as error:
        raise InstallationError("av", "cannot encode H.264", "install PyAV from PyPI") from error
    if not isinstance(stream, av.VideoStream):
        raise TypeError("the encoder gave no stream of pictures")
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.time_base = stream.codec_context.time_base = clock
    stream.codec_context.gop_size = _KEY_FRAMES_APART
    return stream


def _add_sound(output: OutputContainer) -> AudioStream:
    stream = output.add_stream("aac", rate=SOUND_RATE)
    if not isinstance(stream, av.AudioStream):
        raise TypeError("the encoder gave no stream of sound")
    stream.codec_context.layout = "mono"
    stream.codec_context.time_base = Fraction(1, SOUND_RATE)
    return stream
