"""From a video file to pictures: one recording after the other, where several are joined in it."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from vidlabel.errors import DecodeError
from vidlabel.video.container.layout import PlacedRecording, find_recordings, find_recordings_read, place_recordings
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.base import Picture
from vidlabel.video.decoders.session import DecodeSession, Place
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import Heartbeat, exact, no_heartbeat
from vidlabel.video.sampling import BEFORE_ALL, Preceding
from vidlabel.video.sound.source import SoundSource

if TYPE_CHECKING:
    from vidlabel.video.request import SampleRequest

_FINEST_CLOCK = 10**9
"""Ticks a second; clocks that have no common one below are rounded to it."""


class VideoSession(Protocol):
    """The pictures of a video file in ticks of its clock, to be taken once, and how reading goes."""

    @property
    def placed(self) -> Sequence[PlacedRecording]:
        """The recordings in the file."""
        ...

    @property
    def facts(self) -> VideoMetadata:
        """What callers may know of the video."""
        ...

    @property
    def first(self) -> int:
        """The asked time begins at this tick."""
        ...

    @property
    def end(self) -> int:
        """And ends at this one."""
        ...

    @property
    def decoder(self) -> str:
        """Which library decodes, and why."""
        ...

    @property
    def sound_sources(self) -> tuple[SoundSource, ...]:
        """Where its sound lies, in the order of time."""
        ...

    @property
    def decode_errors(self) -> int:
        """Packets or frames that the codec rejected so far."""
        ...

    @property
    def lost(self) -> int:
        """Ticks of the asked time that could not be decoded so far."""
        ...

    @property
    def holes(self) -> list[tuple[int, int]]:
        """Lost stretches longer than two frames so far, as they were found."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line each, for the user."""
        ...

    def pictures(self) -> Generator[Picture, None, None]:
        """Decode.

        Raises:
            DecodeError: not a single picture could be decoded.
            InstallationError: decord was asked for by name and cannot be loaded.
        """
        ...


def open_reading(
    opened: VideoSource,
    request: SampleRequest,
    after: int | None = None,
    reason: str = "",
    heartbeat: Heartbeat = no_heartbeat,
) -> VideoSession:
    """Find out which recordings a file holds, and how to read them.

    Args:
        opened: the file, of which nothing was read; whoever opened it closes it.
        request: what is asked for.
        after: tick of the last picture of an earlier reading that was broken off: PyAV goes on after it.
        reason: why it was broken off.
        heartbeat: called often, also while the file is probed and between pictures.

    Raises:
        VideoError: it is a video without pictures.
    """
    recordings = find_recordings(opened)
    if len(recordings) == 1:
        reading = DecodeSession(opened, request, after, reason, heartbeat)
        recordings = find_recordings_read(reading.probe)
        if len(recordings) == 1:
            return reading
    opened.close()
    placed = place_recordings(recordings, heartbeat)
    return JoinedSession(placed, request, after, reason, heartbeat)


class JoinedSession:
    """The pictures of the recordings of a file, one after the other; see `VideoSession`.

    Pictures of all recordings get the shape of the first one. No motion is seen across a join.

    Args:
        placed: the recordings; at least one can be read.
        request: as in `open_reading`.
        after: likewise.
        reason: likewise.
        heartbeat: likewise.
    """

    def __init__(
        self,
        placed: Sequence[PlacedRecording],
        request: SampleRequest,
        after: int | None,
        reason: str,
        heartbeat: Heartbeat,
    ) -> None:
        self.placed = placed
        self._request = request
        self._after = after
        self._reason = reason
        self._beat = heartbeat
        time_base = _common_clock(placed)
        self.facts = _joined_facts(placed, time_base)
        self.first = _ticks(exact(request.start_s), time_base)
        self.end = _ticks(placed[-1].end_s, time_base)
        if request.end_s is not None:
            self.end = min(self.end, _ticks(exact(request.end_s), time_base))
        self.decode_errors = 0
        self.lost = 0
        self.holes: list[tuple[int, int]] = []
        self.warnings = _layout_warnings(placed)
        self.decoder: str = request.decoder

    def pictures(self) -> Generator[Picture, None, None]:
        """Decode; see `VideoSession.pictures`."""
        failure, given = None, False
        previous: PlacedRecording | None = None
        for part in self.placed:
            if self._is_asked_for(part):
                try:
                    for picture in self._read(part, previous):
                        yield picture
                        given = True
                except DecodeError as error:
                    failure = failure or error
            previous = part if part.has_pictures else previous
        if failure is not None and not given:
            raise failure

    @property
    def sound_sources(self) -> tuple[SoundSource, ...]:
        """Where its sound lies: each recording's counts while its own pictures are shown."""
        parts = [part for part in self.placed if part.probe is not None]
        return tuple(
            SoundSource(
                part.probe,
                part.start_s,
                from_s=None if part is parts[0] else part.start_s,
                until_s=None if part is parts[-1] else part.end_s,
            )
            for part in parts
            if part.probe is not None
        )

    def _is_asked_for(self, part: PlacedRecording) -> bool:
        start, end = self._span(part)
        return start < self.end and end > max(self.first, 0 if self._after is None else self._after)

    def _span(self, part: PlacedRecording) -> tuple[int, int]:
        """First tick and end tick of a recording."""
        return _ticks(part.start_s, self.facts.time_base), _ticks(part.end_s, self.facts.time_base)

    def _read(self, part: PlacedRecording, previous: PlacedRecording | None) -> Iterator[Picture]:
        if part.probe is None or part.problem:
            self._lose(*self._span(part))
            return
        place = None if previous is None else self._place(part, previous)
        before = _Tally(self.decode_errors, self.lost, tuple(self.holes), self.warnings)
        with VideoSource(part.recording) as opened:
            reading = DecodeSession(opened, self._request, self._after_in(part), self._reason, self._beat, place)
            try:
                for picture in reading.pictures():
                    self._take_over(before, reading, part)
                    yield replace(picture, time=self._tick(picture.time, part))
            except DecodeError:
                self._lose(*self._span(part))
                raise
            self._take_over(before, reading, part)

    def _place(self, part: PlacedRecording, previous: PlacedRecording) -> Place:
        facts = self.facts
        return Place(Preceding(part.start_s, previous.last_frame_s), facts.shown_width, facts.shown_height)

    def _after_in(self, part: PlacedRecording) -> int | None:
        """Tick of a recording after which PyAV goes on; None where nothing was broken off."""
        if self._after is None or part.probe is None:
            return None
        since_start_s = self._after * self.facts.time_base - part.start_s
        return max(BEFORE_ALL, int(since_start_s // part.probe.time_base))

    def _take_over(self, before: _Tally, reading: DecodeSession, part: PlacedRecording) -> None:
        """Add how reading goes to how it went before."""
        self.decoder = reading.decoder
        self.decode_errors = before.decode_errors + reading.decode_errors
        self.lost = before.lost + _ticks(reading.lost * reading.probe.time_base, self.facts.time_base)
        holes = ((self._tick(start, part), self._tick(end, part)) for start, end in reading.holes)
        self.holes = [*before.holes, *holes]
        self.warnings = tuple(dict.fromkeys((*before.warnings, *reading.warnings)))

    def _tick(self, time: int, part: PlacedRecording) -> int:
        """A tick of a recording on the clock of the file."""
        own = Fraction(0) if part.probe is None else part.probe.time_base
        return _ticks(part.start_s + time * own, self.facts.time_base)

    def _lose(self, start: int, end: int) -> None:
        start, end = max(start, self.first), min(end, self.end)
        if end > start:
            self.lost += end - start
            self.holes.append((start, end))


@dataclass(frozen=True, slots=True)
class _Tally:
    """How reading went before a recording."""

    decode_errors: int
    lost: int
    holes: tuple[tuple[int, int], ...]
    warnings: tuple[str, ...]


def _ticks(seconds: Fraction, time_base: Fraction) -> int:
    return int(seconds // time_base)


def _common_clock(placed: Sequence[PlacedRecording]) -> Fraction:
    """Seconds of a tick of which all times of all recordings are whole numbers, unless it would be too short."""
    steps = [part.start_s for part in placed] + [part.probe.time_base for part in placed if part.probe is not None]
    ticks_a_second = math.lcm(*(step.denominator for step in steps))
    return Fraction(1, min(ticks_a_second, _FINEST_CLOCK))


def _joined_facts(placed: Sequence[PlacedRecording], time_base: Fraction) -> VideoMetadata:
    probes = [part.probe for part in placed if part.probe is not None]
    first, last = probes[0], placed[-1]
    lasts_s = last.duration_s if last.probe is None or last.problem else last.probe.duration * last.probe.time_base
    return VideoMetadata(
        size_bytes=placed[0].recording.path.stat().st_size,
        container=first.container,
        codec=first.codec,
        shown_width=first.shown_width,
        shown_height=first.shown_height,
        rotation=first.rotation,
        time_base=time_base,
        start_time=first.start_time,
        duration=_ticks(last.start_s + lasts_s, time_base),
        frames=sum(found.frames for found in probes),
        audio_streams=max(found.audio_streams for found in probes),
        subtitles=first.subtitles,
    )


def _layout_warnings(placed: Sequence[PlacedRecording]) -> tuple[str, ...]:
    warnings = []
    if all(part.recording.link == "none" for part in placed):
        warnings.append(f"the file joins {len(placed)} recordings; they are read one after the other")
    elif any(part.recording.link == "clock" for part in placed):
        warnings.append("the video goes on in another stream of the file, which is read after the first")
    for part in placed:
        if not part.has_pictures:
            warnings.append(f"a recording in the file ({part.size_bytes} bytes) holds no moving pictures")
        elif part.problem:
            span = f"{float(part.duration_s):.3f} s from {float(part.start_s):.3f} s on ({part.size_bytes} bytes)"
            warnings.append(f"{span} are left out: what is there {part.problem}; save it to a file of its own")
    return tuple(warnings)
