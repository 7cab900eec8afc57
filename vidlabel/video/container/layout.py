"""Which recordings a file holds, and when each of them is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import NoVideoStreamError, VideoError
from vidlabel.video.container.joined import MOST_RECORDINGS, joined_starts, joined_starts_by_signature
from vidlabel.video.container.recording import Recording
from vidlabel.video.container.streams import successive_streams
from vidlabel.video.container.trailing import trailing_recording
from vidlabel.video.container.transport import stream_changes
from vidlabel.video.probe import Probe, probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidlabel.video.container.source import VideoSource
    from vidlabel.video.request import Heartbeat

_MOST_PAUSE_S = 10
"""After a longer pause of the clock, another recording was joined on, which has a clock of its own."""

_LEAST_SHARE = Fraction(1, 50)
"""Least share of a file outside the packets of the stream that was read, to look for another stream."""
_LEAST_FRAME_S = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class PlacedRecording:
    """A recording, and its time in the file. Seconds count from the first presented frame of the file."""

    recording: Recording
    probe: Probe | None
    """None where it cannot be read."""
    problem: str
    """Why it is left out; empty where it is read."""
    size_bytes: int
    start_s: Fraction
    duration_s: Fraction
    """As promised by its headers; in proportion to the bytes where it cannot be read."""
    has_pictures: bool = True
    """Whether it is a video at all."""

    @property
    def end_s(self) -> Fraction:
        """When it ends."""
        return self.start_s + self.duration_s

    @property
    def last_frame_s(self) -> Fraction:
        """When its last frame is shown, as far as that is known."""
        times = None if self.probe is None else self.probe.frame_times()
        if self.probe is None or times is None or not len(times):
            return max(self.start_s, self.end_s - _LEAST_FRAME_S)
        return self.start_s + int(times[-1]) * self.probe.time_base


def find_recordings(opened: VideoSource) -> tuple[Recording, ...]:
    """The recordings that a file is known to hold before its packets are read; most files are one."""
    container = opened.container.format.name
    if container == "mpegts":
        with opened.path.open("rb") as file:
            return stream_changes(opened.path, file, opened.size_bytes, opened.stream.id)
    return _split(opened.path, _starts(opened.path, container, opened.size_bytes))


def _starts(path: Path, container: str, size_bytes: int) -> list[int]:
    """Where further recordings begin, of the same container and of others."""
    starts: list[int] = []
    begin = 0
    while len(starts) < MOST_RECORDINGS:
        with Recording(path, begin).open() as file:
            starts += [begin + start for start in joined_starts(container, file, size_bytes - begin)]
            following = trailing_recording(container, file, size_bytes - begin)
        if following is None:
            break
        begin, container = begin + following[0], following[1]
        starts.append(begin)
    return starts


def find_recordings_read(found: Probe) -> tuple[Recording, ...]:
    """The recordings that a file shows to hold once its packets were read."""
    first_byte, last_byte = found.extent
    if found.packets.jumps or last_byte:
        with found.path.open("rb") as file:
            begin = 0 if found.packets.jumps else last_byte
            starts = joined_starts_by_signature(found.container, file, begin)
        if starts:
            return _split(found.path, starts)
    elsewhere = found.size_bytes - (last_byte - first_byte)
    if found.video_streams > 1 and elsewhere > _LEAST_SHARE * found.size_bytes:
        return successive_streams(found.path, found.stream_index)
    return (found.recording,)


def _split(path: Path, starts: Sequence[int]) -> tuple[Recording, ...]:
    bounds = [0, *starts, None]
    return tuple(Recording(path, start or 0, end) for start, end in pairwise(bounds))


def place_recordings(recordings: Sequence[Recording], heartbeat: Heartbeat) -> list[PlacedRecording]:
    """Probe recordings and put them one after the other. Those without moving pictures take no time.

    Raises:
        VideoError: none of them can be read.
    """
    placed: list[PlacedRecording] = []
    failure: VideoError | None = None
    for recording in recordings:
        try:
            found, problem, has_pictures = probe(recording, heartbeat), "", True
        except VideoError as error:
            found, problem, has_pictures = None, error.problem, not isinstance(error, NoVideoStreamError)
            failure = error if failure is None or has_pictures else failure
        placed.append(replace(_place(recording, found, problem, placed), has_pictures=has_pictures))
    if failure is not None and all(part.probe is None for part in placed):
        raise failure
    return _with_guesses(placed)


def _place(
    recording: Recording, found: Probe | None, problem: str, before: Sequence[PlacedRecording]
) -> PlacedRecording:
    size_bytes = (recording.path.stat().st_size if recording.end is None else recording.end) - recording.start
    start_s = before[-1].end_s if before else Fraction(0)
    if found is None:
        return PlacedRecording(recording, None, problem, size_bytes, start_s, Fraction(0))
    if before and before[-1].probe is not None and recording.link != "none":
        pause_s = _clock_s(found) - _clock_s(before[-1].probe) - before[-1].duration_s
        start_s += pause_s if 0 < pause_s <= _MOST_PAUSE_S else 0
    if recording.link == "stream":
        # FFmpeg's own programs keep the decoder with which they began a stream, too.
        decoded = next((part.probe.codec for part in before if part.probe is not None), found.codec)
        problem = "" if found.codec == decoded else f"is in another codec ({found.codec} after {decoded})"
    return PlacedRecording(recording, found, problem, size_bytes, start_s, found.promised_duration * found.time_base)


def _clock_s(found: Probe) -> Fraction:
    return found.first_pts * found.time_base


def _with_guesses(placed: list[PlacedRecording]) -> list[PlacedRecording]:
    """Give recordings that cannot be read a duration in proportion to their bytes."""
    readable = [part for part in placed if part.probe is not None]
    rate = sum(part.duration_s for part in readable) / Fraction(sum(part.size_bytes for part in readable))
    shift_s = Fraction(0)
    guessed = []
    for part in placed:
        is_guess = part.probe is None and part.has_pictures
        duration_s = _rounded(part.size_bytes * rate) if is_guess else part.duration_s
        guessed.append(replace(part, start_s=part.start_s + shift_s, duration_s=duration_s))
        shift_s += duration_s - part.duration_s
    return guessed


def _rounded(seconds: Fraction) -> Fraction:
    """A guess to a millisecond, so that ticks of all recordings stay whole numbers of a common clock."""
    return Fraction(round(seconds * 1000), 1000)
