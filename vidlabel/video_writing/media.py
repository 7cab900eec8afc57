"""A video to be written anew: every frame in full size, with its exact time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import DecodeError, VideoError
from vidlabel.video.container.layout import PlacedRecording
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import Heartbeat, SampleRequest
from vidlabel.video.sampling import Preceding
from vidlabel.video.sound.source import SoundSource
from vidlabel.video_writing.span import HALF_MILLISECOND, TimeSpan

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from vidlabel.video.probe import Probe


@dataclass(frozen=True, slots=True, eq=False)
class TimedFrame:
    """A decoded frame, as stored: neither turned nor scaled."""

    time_s: Fraction
    """Seconds from the first presented frame."""
    lasts_s: Fraction
    """Seconds to the next frame, or to the end of the video or of the span that was asked for."""
    frame: VideoFrame


@dataclass(slots=True)
class Damage:
    """What could not be decoded; written while frames are read."""

    decode_errors: int = 0
    holes: list[tuple[float, float]] = field(default_factory=list)
    """First and last second of lost stretches longer than two frames."""

    @property
    def warning(self) -> str | None:
        """One line; None where all was decoded."""
        if not self.decode_errors and not self.holes:
            return None
        errors = f"{self.decode_errors} decode errors" if self.decode_errors else ""
        lost = ", ".join(f"{start:.3f}-{end:.3f} s" for start, end in self.holes[:3])
        more = f" and {len(self.holes) - 3} more" if len(self.holes) > 3 else ""
        where = f"{lost}{more} could not be decoded" if lost else ""
        return f"the video is damaged here: {'; '.join(filter(None, (errors, where)))}"


class Media:
    """A video file whose packets were read once, to write parts of it.

    Args:
        path: the file.
        heartbeat: called for each packet.

    Raises:
        VideoError: it is no readable video.
    """

    def __init__(self, path: Path, heartbeat: Heartbeat) -> None:
        self.path = path
        self.heartbeat = heartbeat
        with VideoSource(path) as opened:
            reading = open_reading(opened, SampleRequest(decoder="pyav"), heartbeat=heartbeat)
        self.metadata: VideoMetadata = reading.facts
        self.placed: tuple[PlacedRecording, ...] = tuple(reading.placed)
        self.sound_sources: tuple[SoundSource, ...] = reading.sound_sources
        self.warnings: tuple[str, ...] = reading.warnings
        self.end_s = max(part.end_s for part in self.placed)

    @property
    def first(self) -> Probe:
        """The first recording that can be read; the others take its shape."""
        return next(part.probe for part in self.placed if part.probe is not None)

    @property
    def only(self) -> Probe | None:
        """The one recording that the file holds; None where several are joined."""
        return self.placed[0].probe if len(self.placed) == 1 else None

    def frames(self, span: TimeSpan, damage: Damage) -> Iterator[TimedFrame]:
        """The frames of a span in order of time.

        Raises:
            DecodeError: not one of the video can be decoded.
        """
        held: tuple[Fraction, VideoFrame] | None = None
        longest_s = 1 / max(Fraction(self.metadata.fps), Fraction(1))
        for time_s, frame in self._decode(span, damage):
            if held is not None:  # The next frame may be far off, after a hole.
                lasts_s = min(time_s - held[0], max(span.end_s - held[0], longest_s))
                yield TimedFrame(held[0], lasts_s, held[1])
            held = (time_s, frame) if span.holds(time_s) else None
            if time_s >= span.end_s:
                return
        if held is not None:
            end_s = max(min(self.end_s, span.end_s), held[0] + Fraction(1, 1000))
            yield TimedFrame(held[0], end_s - held[0], held[1])

    def _decode(self, span: TimeSpan, damage: Damage) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Frames from the start of the span to the first one after its end."""
        failure: DecodeError | None = None
        given = False
        for number, part in enumerate(self.placed):
            if part.end_s <= span.start_s or part.start_s >= span.end_s:
                continue
            if part.probe is None or part.problem:
                if part.has_pictures:
                    damage.holes.append((float(max(part.start_s, span.start_s)), float(min(part.end_s, span.end_s))))
                continue
            before = [other for other in self.placed[:number] if other.has_pictures]
            preceding = Preceding(part.start_s, before[-1].last_frame_s) if before else None
            try:
                for time_s, frame in self._decode_part(part, replace(part.probe, preceding=preceding), span, damage):
                    given = True
                    if time_s >= span.start_s - HALF_MILLISECOND:
                        yield time_s, frame
            except DecodeError as error:
                failure = failure or error
        if failure is not None and not given:
            raise failure

    def _decode_part(
        self, part: PlacedRecording, probe: Probe, span: TimeSpan, damage: Damage
    ) -> Iterator[tuple[Fraction, VideoFrame]]:
        # The frame that begins at the end is decoded as well: it says how long the last one lasts.
        start_s, end_s = max(Fraction(0), span.start_s - 2 * HALF_MILLISECOND), max(span.end_s, 2 * HALF_MILLISECOND)
        reader = PyavReader(probe, SampleRequest(start_s=float(start_s), end_s=float(end_s)))
        errors_before: int | None = None
        try:
            for tick, frame in reader.frames(self.heartbeat):
                time_s = part.start_s + tick * probe.time_base
                if errors_before is None and time_s >= start_s:
                    errors_before = reader.stats.decode_errors
                yield time_s, frame
        finally:
            reader.close()
            damage.decode_errors += reader.stats.decode_errors - (errors_before or 0)
            for first, last in reader.stats.holes:
                hole = part.start_s + first * probe.time_base, part.start_s + last * probe.time_base
                damage.holes.append((float(max(hole[0], span.start_s)), float(hole[1])))


def check_span(media: Media, span: TimeSpan) -> None:
    """Refuse a span that lies outside the video.

    Raises:
        VideoError: it begins after the end.
    """
    if span.start_s >= media.end_s:
        problem = f"is {float(media.end_s):.3f} s long, and the segment begins at {float(span.start_s):.3f} s"
        raise VideoError(media.path, problem, "check that the labels belong to this video")
