"""The sound of a stretch of a video: copied packet by packet, or encoded from its exact first to its last sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import av.error
import numpy as np
import numpy.typing as npt

from vidlabel.video.container.open import choose_stream, open_container
from vidlabel.video.decoders.seeking import seek_sound
from vidlabel.video.sound.source import ClockShifts, SoundSource

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

    from vidlabel.video.request import Heartbeat
    from vidlabel.video_writing.media import Media
    from vidlabel.video_writing.span import TimeSpan

SoundPacket = Any
"""`Packet[AudioStream]`, which Python cannot evaluate at run time."""

COPIED_CODECS = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})
"""What players take in MP4."""

_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
"""Samples a second that AAC has."""
_USUAL_RATE = 48000
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_BIT_RATE = 96_000
"""Of each channel: no loss that is heard."""
_FRAME = 1024
_MOST_JITTER_S = 0.02
"""Time stamps of sound that goes on may be off by so much; containers round them to milliseconds."""
_LOUDEST = 4.0
"""Full scale is 1."""
_PREROLL_S = Fraction(1, 5)
"""Decoders of sound need what comes just before."""
_BACK_S = 2
"""So much earlier a file is read than sound is needed, whose packets last up to a second."""

Samples = npt.NDArray[np.float32]
"""(channels, samples)."""


@dataclass(frozen=True, slots=True)
class SoundStream:
    """One of the audio streams of a video."""

    number: int
    """Among the audio streams, from 0."""
    codec: str
    rate: int
    channels: int
    has_header: bool
    """Whether what a decoder has to know stands in the container, as MP4 needs it."""


def sound_streams(media: Media) -> list[SoundStream]:
    """The audio streams of a video whose codec is known."""
    with open_container(media.first.recording) as container:
        streams = [(number, stream.codec_context) for number, stream in enumerate(container.streams.audio)]
        return [
            SoundStream(number, context.name, context.sample_rate, context.channels, bool(context.extradata))
            for number, context in streams
            if context is not None and context.sample_rate and context.channels
        ]


def may_copy(media: Media, sound: SoundStream) -> bool:
    """Whether packets of a stream can go into an MP4 as they are."""
    if len(media.sound_sources) != 1 or media.sound_sources[0].is_retimed or sound.codec not in COPIED_CODECS:
        return False
    return sound.has_header or sound.codec in ("mp3", "ac3", "eac3")


class SoundCopier:
    """Copies the packets of an audio stream that are heard in a span.

    Args:
        output: the file.
        media: the video.
        sound: of it.
        span: seconds; its start becomes 0.
    """

    def __init__(self, output: OutputContainer, media: Media, sound: SoundStream, span: TimeSpan) -> None:
        self._media, self._sound, self._span = media, sound, span
        self._container = open_container(media.sound_sources[0].recording)
        self._source = self._container.streams.audio[sound.number]
        self._stream = output.add_stream_from_template(self._source, opaque=True)

    def packets(self) -> Iterator[SoundPacket]:
        """The packets in order, and the one before, which a decoder needs for the first."""
        source, zero = self._media.sound_sources[0], self._source.time_base or Fraction(1)
        zero_ticks = round((source.probe.first_pts * source.probe.time_base + self._span.start_s) / zero)
        before: SoundPacket | None = None
        last = None
        with self._container:
            seek_sound(self._container, self._sound.number, source.probe, zero_ticks - int(_BACK_S / zero))
            for packet in _demux(self._container, [self._source], self._media.heartbeat):
                if packet.pts is None or packet.dts is None or not packet.size:
                    continue
                time_s = (packet.pts - zero_ticks) * zero
                if time_s >= self._span.end_s - self._span.start_s:
                    return
                if time_s + (packet.duration or 0) * zero <= 0:
                    before = packet
                    continue
                for one in (before, packet):
                    if one is not None and (last is None or one.dts > last):
                        last = one.dts
                        yield self._moved(one, zero_ticks)
                before = None

    def _moved(self, packet: SoundPacket, ticks: int) -> SoundPacket:
        packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
        packet.stream = self._stream
        return packet


class SoundTrackEncoder:
    """Encodes an audio stream as AAC. What is missing or damaged is silent.

    Args:
        output: the file.
        media: the video.
        sound: of it.
        span: seconds; its start becomes 0.
    """

    def __init__(self, output: OutputContainer, media: Media, sound: SoundStream, span: TimeSpan) -> None:
        self._media, self._sound, self._span = media, sound, span
        self._rate = sound.rate if sound.rate in _RATES else _USUAL_RATE
        self._layout = _LAYOUTS.get(sound.channels, "stereo")
        self._stream = output.add_stream("aac", rate=self._rate, layout=self._layout)
        self._stream.codec_context.bit_rate = _BIT_RATE * len(self._stream.codec_context.layout.channels)
        self.decode_errors = 0

    def packets(self) -> Iterator[SoundPacket]:
        """The whole stream, encoded."""
        place = 0
        waiting: Samples = np.empty((len(self._stream.codec_context.layout.channels), 0), np.float32)
        for samples in self._on_time_line():
            waiting = np.concatenate([waiting, samples], axis=1)
            whole = waiting.shape[1] - waiting.shape[1] % _FRAME
            for first in range(0, whole, _FRAME):
                yield from self._stream.encode(self._frame(waiting[:, first : first + _FRAME], place))
                place += _FRAME
            waiting = waiting[:, whole:]
        if waiting.shape[1]:
            yield from self._stream.encode(self._frame(waiting, place))
        if place or waiting.shape[1]:  # An encoder that was given nothing cannot be emptied.
            yield from self._stream.encode(None)

    def _frame(self, samples: Samples, place: int) -> AudioFrame:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, place, Fraction(1, self._rate)
        return frame

    def _on_time_line(self) -> Iterator[Samples]:
        """Samples from the start of the span to its end without gaps or overlaps."""
        written, total = 0, round((self._span.end_s - self._span.start_s) * self._rate)
        for source in self._media.sound_sources:
            for place, samples in self._placed(source):
                skipped = max(0, written - place)
                samples, place = samples[:, skipped : max(skipped, total - place)], place + skipped
                if not samples.shape[1]:
                    continue
                while written < place:  # silence, a second at a time
                    silence = np.zeros((samples.shape[0], min(place - written, self._rate)), np.float32)
                    written += silence.shape[1]
                    yield silence
                written += samples.shape[1]
                yield samples

    def _placed(self, source: SoundSource) -> Iterator[tuple[int, Samples]]:
        """Decoded samples of a recording, with the number of their first from the start of the span."""
        first, last = self._bounds(source)
        resampler, expected, made_for = None, None, None
        for time_s, frame in self._decode(source):
            place = round((time_s - self._span.start_s) * self._rate)
            if expected is not None and abs(place - expected) <= _MOST_JITTER_S * self._rate:
                place = expected
            else:
                resampler = None  # It holds sound from before a gap.
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if resampler is None or kind != made_for:  # All of it can change within a stream.
                made_for = kind
                resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=self._rate)
            frame.pts = None
            for resampled in resampler.resample(frame):
                # An encoder gives up at what is no number; damaged sound of floating point may hold it.
                samples = np.clip(np.nan_to_num(cast("Samples", resampled.to_ndarray())), -_LOUDEST, _LOUDEST)
                begin = max(0, first - place)
                if place + begin < last:
                    yield place + begin, samples[:, begin : last - place]
                place += samples.shape[1]
            expected = place

    def _bounds(self, source: SoundSource) -> tuple[int, int]:
        """Number of the first sample of a recording that counts, and of the one after the last."""
        start_s, end_s = self._span.start_s, self._span.end_s
        low_s = start_s if source.from_s is None else max(start_s, source.from_s)
        high_s = end_s if source.until_s is None else min(end_s, source.until_s)
        return round((low_s - start_s) * self._rate), round((high_s - start_s) * self._rate)

    def _decode(self, source: SoundSource) -> Iterator[tuple[Fraction, AudioFrame]]:
        """Frames of sound with their times, from just before the span to its end."""
        zero_s = source.probe.first_pts * source.probe.time_base - source.start_s
        shifts = ClockShifts(source, self._media.heartbeat) if source.is_retimed else None
        with open_container(source.recording) as container:
            if self._sound.number >= len(container.streams.audio):
                return
            stream = container.streams.audio[self._sound.number]
            streams: list[Any] = [stream]
            if shifts is not None:
                streams.append(choose_stream(container, self._media.path, source.recording.stream))
            else:
                tick = (zero_s + self._span.start_s - _BACK_S) / (stream.time_base or 1)
                seek_sound(container, self._sound.number, source.probe, int(tick))
            pictures, expected_s = 0, None
            for packet in _demux(container, streams, self._media.heartbeat):
                if packet.stream is not stream:
                    pictures += 1
                    continue
                shift_s = Fraction(0)
                if shifts is not None and packet.pts is not None:
                    plain_s = float(packet.pts * packet.time_base - zero_s)
                    shift_s = Fraction(shifts.shift_s(pictures, plain_s, expected_s))
                    expected_s = plain_s + float(shift_s) + float((packet.duration or 0) * packet.time_base)
                if packet.pts is not None:
                    time_s = packet.pts * packet.time_base - zero_s + shift_s
                    if time_s >= self._span.end_s + _PREROLL_S:
                        return
                    if time_s + (packet.duration or 0) * packet.time_base < self._span.start_s - _PREROLL_S:
                        continue
                for frame in self._decode_packet(packet):
                    if frame.pts is not None and frame.time_base is not None:
                        yield frame.pts * frame.time_base - zero_s + shift_s, frame

    def _decode_packet(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        try:
            return packet.decode()
        except av.error.FFmpegError:
            self.decode_errors += 1
            return []


def _demux(container: InputContainer, streams: list[Any], heartbeat: Heartbeat) -> Iterator[SoundPacket]:
    """Packets of streams in file order; a broken stretch ends them."""
    try:
        for packet in container.demux(streams):
            heartbeat()
            yield packet
    except (av.error.FFmpegError, IndexError):
        return
