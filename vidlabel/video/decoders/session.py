"""From a recording to pictures: probe, choice of the decoder, and what happens when one gives up."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from vidlabel.errors import DecodeError, InstallationError
from vidlabel.video.container.layout import PlacedRecording
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.selection import choose_reader, pyav_choice
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.probe import Probe, probe_opened
from vidlabel.video.request import Heartbeat, SampleRequest, exact, no_heartbeat
from vidlabel.video.sampling import BEFORE_ALL, Preceding
from vidlabel.video.sound.source import SoundSource

if TYPE_CHECKING:
    from vidlabel.video.decoders.base import FrameReader, Picture


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording stands in a file that joins several, and the shape that all pictures of the file get."""

    preceding: Preceding
    shown_width: int
    shown_height: int


class DecodeSession:
    """The pictures of one recording in ticks, to be taken once.

    Where a reader gives up, one with PyAV that decodes everything goes on after the last picture.

    Args:
        opened: the file, of which nothing was read; whoever opened it closes it.
        request: what is asked for.
        after: tick of the last picture of an earlier reading that was broken off: PyAV goes on after it.
        reason: why it was broken off.
        heartbeat: called often, also while the file is probed and between pictures.
        place: where the recording stands in a file that joins several; None where it is the first.

    Raises:
        VideoError: it is a video without pictures.
    """

    def __init__(
        self,
        opened: VideoSource,
        request: SampleRequest,
        after: int | None = None,
        reason: str = "",
        heartbeat: Heartbeat = no_heartbeat,
        place: Place | None = None,
    ) -> None:
        found = probe_opened(opened, heartbeat)
        self.probe = found if place is None else _placed(found, place)
        """Of the file."""
        self._opened = opened
        self._request = request
        self._after = after
        self._reason = reason
        self._beat = heartbeat
        self._warnings = _file_warnings(self.probe)
        self._readers: list[FrameReader] = []
        self.decoder: str = request.decoder
        """Which library decodes, and why."""
        start = Fraction(0) if place is None else place.preceding.duration_s
        self.first = max(0, int((exact(request.start_s) - start) / self.probe.time_base))
        """The asked time begins at this tick."""
        self.end = self.probe.promised_duration
        """And ends at this one."""
        if request.end_s is not None:
            self.end = min(self.end, int((exact(request.end_s) - start) / self.probe.time_base))

    @property
    def placed(self) -> tuple[PlacedRecording]:
        """The recording, alone in its file."""
        probe = self.probe
        duration_s = probe.promised_duration * probe.time_base
        return (PlacedRecording(probe.recording, probe, "", probe.size_bytes, Fraction(0), duration_s),)

    @property
    def facts(self) -> VideoMetadata:
        """What callers may know of the video."""
        return VideoMetadata(**{name: getattr(self.probe, name) for name in VideoMetadata.__dataclass_fields__})

    @property
    def sound_sources(self) -> tuple[SoundSource, ...]:
        """Where its sound lies."""
        return (SoundSource(self.probe),)

    @property
    def decode_errors(self) -> int:
        """Packets or frames that the codec rejected so far."""
        return sum(reader.stats.decode_errors for reader in self._readers)

    @property
    def lost(self) -> int:
        """Ticks of the asked time that could not be decoded so far."""
        return sum(reader.stats.lost for reader in self._readers)

    @property
    def holes(self) -> list[tuple[int, int]]:
        """Lost stretches longer than two frames so far, as they were found."""
        return [hole for reader in self._readers for hole in reader.stats.holes]

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line each, for the user."""
        return (*self._warnings, *(warning for reader in self._readers for warning in reader.stats.warnings))

    def pictures(self) -> Generator[Picture, None, None]:
        """Decode.

        Raises:
            DecodeError: not a single picture could be decoded.
            InstallationError: decord was asked for by name and cannot be loaded.
        """
        last, gives_up = BEFORE_ALL, False
        try:
            if self._after is not None:
                yield from self._go_on(self._reason, self._after)
                return
            choice = choose_reader(self.probe, self._request, self._opened)
            self.decoder, gives_up = choice.decoder, choice.gives_up
            self._warnings += choice.warnings
            reader = choice.open()
            self._readers.append(reader)
            if not self._opened.handed_over:
                self._opened.close()  # Its decoder holds pictures.
            for picture in reader.pictures(self._beat):
                yield picture
                last = picture.time
        except (DecodeError, InstallationError) as error:
            if not gives_up or (isinstance(error, InstallationError) and self._request.decoder == "decord"):
                raise
            yield from self._go_on(error.problem, last)
        finally:
            for reader in self._readers:
                reader.close()

    def _go_on(self, reason: str, last: int) -> Iterator[Picture]:
        """Let PyAV give the pictures after tick `last`."""
        self._opened.close()
        for reader in self._readers:
            reader.close()
        when = f", from {self.probe.seconds(last):.3f} s on" if last > BEFORE_ALL else ""
        self.decoder = f"pyav: {reason}{when}"
        reader = pyav_choice(self.probe, self._request, "", last).open()
        self._readers.append(reader)
        try:
            yield from reader.pictures(self._beat)
        except DecodeError:  # Nothing more can be decoded; what came before stays.
            if last == BEFORE_ALL:
                raise


def _placed(probe: Probe, place: Place) -> Probe:
    """The probe of a recording whose pictures are to look like those of the first one in its file."""
    return replace(probe, preceding=place.preceding, shown_width=place.shown_width, shown_height=place.shown_height)


def _file_warnings(probe: Probe) -> list[str]:
    warnings = []
    if probe.packets.jumps:
        times = len(probe.packets.jumps)
        warnings.append(f"the file's clock jumps back ({times}x); the times go on from the frame before")
    frames = probe.packets.before_first_key(probe.first_pts)
    if frames:
        warnings.append(f"the file starts without a key frame; {frames} frames before the first one cannot be shown")
    if not bool(probe.packets.key.any()):
        warnings.append("the file has no key frame; its pictures may be wrong")
    if probe.truncated:
        warnings.append("the file ends before its own index does; it was cut off")
    return warnings
