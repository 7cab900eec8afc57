"""One recording's sound, decoded packet after packet, with its times. Goes on after damage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av.error
from av.packet import Packet
from av.stream import Discard, Disposition

from vidlabel.video.container.open import choose_stream, open_undecoded
from vidlabel.video.request import SOUND_RATE
from vidlabel.video.sound.downmix import Samples, to_mono
from vidlabel.video.sound.resampling import SoundPiece, SoundRun
from vidlabel.video.sound.source import ClockShifts, SoundSource

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

    from vidlabel.video.request import Heartbeat

_MOST_JITTER_S = 0.04
"""Sound goes on without a gap where its time stamps are less off. Those of Matroska are rounded to milliseconds, those
of live recordings jitter by tens of them; two lost packets of AAC at 48 kHz leave a gap of 0.043 s."""
_LEAST_LEAP_S = 1
"""A leap of the clock that is longer is believed when the next frame confirms it."""
_PREROLL_S = 1
"""Sound is decoded from so long before the first that is needed: decoders take a few packets to be right."""
_LOWEST_RATE = 1000
"""Samples a second; no sound is recorded with less, and less would be blown up to any size."""
_DEMUX_FAILURES = 64


class SoundDecoder:
    """Decodes one recording's sound.

    Args:
        source: where it lies.
        number: of the audio stream among those of the file, from 0; None: the default one, else the first.
        heartbeat: called for each packet.
    """

    def __init__(self, source: SoundSource, number: int | None, heartbeat: Heartbeat) -> None:
        self.needed = 0
        """Sound before this sample, at 16 kHz, need not be decoded. May be raised at any time."""
        self.damaged_s: float | None = None
        """Where the first damage was met; None: nowhere."""
        self._source = source
        self._zero_s = source.zero_s
        self._number = number
        self._beat = heartbeat
        self._time_base = Fraction(1)
        """Seconds of a tick of its packets and frames."""
        self._run: SoundRun | None = None
        self._leapt: tuple[float, int, Samples] | None = None
        """A frame far after the one before it, with its time and rate."""
        self._shift_s = 0.0
        """That of the last packet, where the clock was mended."""
        self._is_broken = False
        """Whether sound is missing after what was decoded last."""
        self._was_needless = False
        """Whether sound was passed over after what was decoded last."""
        self._time_s = float(source.start_s)
        """Up to where the file is read."""

    def pieces(self) -> Iterator[SoundPiece]:
        """The sound in the order of the file.

        Raises:
            VideoError, av.error.FFmpegError: the file cannot be opened.
        """
        shifts = ClockShifts(self._source, self._beat) if self._source.is_retimed else None
        with open_undecoded(self._source.recording) as container:
            stream = choose_sound(container, self._number)
            if stream is None:
                return
            if stream.codec_context is None or stream.time_base is None:
                self._note_damage()
                return
            self._time_base = stream.time_base
            for packet in self._packets(container, stream, shifts):
                if self._is_needless(packet):
                    self._was_needless = True
                    yield from self._finish()
                else:
                    for frame in self._decoded(packet):
                        yield from self._place(frame)
        yield from self._accept_leap()
        yield from self._finish()

    def _packets(
        self, container: InputContainer, stream: AudioStream, shifts: ClockShifts | None
    ) -> Iterator[Packet[AudioStream]]:
        """Packets of the sound, on the clock of the pictures as far as that was mended; the last one is empty."""
        pictures = None
        if shifts is not None:
            pictures = choose_stream(container, self._source.probe.path, self._source.recording.stream)
        for other in container.streams:
            if other is not stream and other is not pictures:
                other.discard = Discard.all
        number, failures = 0, 0
        while failures <= _DEMUX_FAILURES:
            try:
                for packet in container.demux([stream] if pictures is None else [stream, pictures]):
                    failures = 0
                    self._beat()
                    if packet.stream_index != stream.index:
                        number += packet.size > 0
                    elif packet.size:
                        found = cast("Packet[AudioStream]", packet)
                        if shifts is not None:
                            self._shift(found, shifts, number)
                        yield found
            except av.error.FFmpegError:
                failures += 1
                self._note_damage()
            except IndexError:  # PyAV, at the end, where damage made FFmpeg see further streams on the way
                break
            else:
                break
        last = cast("Packet[AudioStream]", Packet())
        last.stream = stream
        yield last

    def _shift(self, packet: Packet[AudioStream], shifts: ClockShifts, pictures: int) -> None:
        if packet.pts is None:
            return
        # Both on the clock of the recording, where the source's zero is.
        expected = None if self._run is None else self._run.end_s + self._zero_s
        shift = shifts.shift_s(pictures, self._seconds(packet.pts), expected)
        self._is_broken = self._is_broken or abs(shift - self._shift_s) > _MOST_JITTER_S
        self._shift_s = shift
        packet.pts += round(shift / self._time_base)

    def _is_needless(self, packet: Packet[AudioStream]) -> bool:
        """Whether a packet ends long before what is needed."""
        if packet.pts is None or not packet.size:
            return False
        end_s = self._seconds(packet.pts + (packet.duration or 0)) - self._zero_s
        return end_s < self.needed / SOUND_RATE - _PREROLL_S

    def _decoded(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        try:
            return packet.decode()
        except (av.error.FFmpegError, ValueError):
            self._note_damage()
            return []

    def _place(self, frame: AudioFrame) -> Iterator[SoundPiece]:
        """Let a frame go on what came before it, or begin anew at its time."""
        rate = frame.sample_rate
        if frame.is_corrupt or rate < _LOWEST_RATE:
            self._note_damage()
            return
        try:
            samples = to_mono(frame)
        except (av.error.FFmpegError, ValueError):
            self._note_damage()
            return
        time_s = self._time_of(frame)
        if self._leapt is not None and self._run is not None:
            if abs(time_s - self._run.end_s) < _LEAST_LEAP_S:
                self._leapt = None  # The one before claimed a false time.
                self._note_damage()
            else:
                yield from self._accept_leap()
        if self._run is not None and time_s - self._run.end_s > _LEAST_LEAP_S:
            self._leapt = time_s, rate, samples
            return
        yield from self._add(time_s, rate, samples)

    def _time_of(self, frame: AudioFrame) -> float:
        if frame.pts is not None:
            return self._seconds(frame.pts) - self._zero_s
        if self._leapt is not None:
            time_s, rate, samples = self._leapt
            return time_s + len(samples) / rate
        return self._time_s if self._run is None else self._run.end_s

    def _seconds(self, ticks: int) -> float:
        """Ticks as seconds. Fractions would cost 2 ms for each second of sound, more than decoding."""
        return ticks * self._time_base.numerator / self._time_base.denominator

    def _accept_leap(self) -> Iterator[SoundPiece]:
        if self._leapt is not None:
            time_s, rate, samples = self._leapt
            self._leapt = None
            yield from self._add(time_s, rate, samples)

    def _add(self, time_s: float, rate: int, samples: Samples) -> Iterator[SoundPiece]:
        run = self._run
        if run is not None and (self._is_broken or run.rate != rate or abs(time_s - run.end_s) > _MOST_JITTER_S):
            yield from self._finish()
            run = None
        if run is None:
            if self._was_needless:
                time_s, samples = _from_common_tick(time_s, rate, samples)
            run = self._run = SoundRun(time_s, rate)
        self._is_broken = self._was_needless = False
        try:
            yield from run.add(samples)
        except (av.error.FFmpegError, ValueError):
            self._run = None
            self._note_damage()
        self._time_s = run.end_s

    def _finish(self) -> Iterator[SoundPiece]:
        run, self._run = self._run, None
        if run is not None:
            yield from run.finish()

    def _note_damage(self) -> None:
        self._is_broken = True
        if self.damaged_s is None:
            self.damaged_s = max(0.0, self._time_s)


def _from_common_tick(time_s: float, rate: int, samples: Samples) -> tuple[float, Samples]:
    """Sound from the next time on that is a whole number of samples at its rate and at 16 kHz.

    Sound that begins there is resampled to the same numbers, wherever decoding began.
    """
    ticks_a_second = math.gcd(rate, SOUND_RATE)
    tick = math.ceil(round(time_s * ticks_a_second, 6))
    left_out = round((tick / ticks_a_second - time_s) * rate)
    return time_s + left_out / rate, samples[left_out:]


def choose_sound(container: InputContainer, number: int | None) -> AudioStream | None:
    """The audio stream to hear: the one of that number, from 0, or the default one, else the first; None: none."""
    streams: list[Any] = list(container.streams.audio)
    if number is not None:
        return streams[number] if number < len(streams) else None
    return next((stream for stream in streams if stream.disposition & Disposition.default), next(iter(streams), None))
