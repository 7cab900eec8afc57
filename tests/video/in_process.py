"""Samples of a video, read in the test's own process: what reading does shows without the process around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.base import Picture
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.request import ReadReport, Sample, SampleRequest, decoded_ratio
from vidlabel.video.sound.reader import SoundReader

REQUESTS = (
    SampleRequest(rate=2, short_side=160),
    SampleRequest(rate=8, short_side=160, lag_s=0.1),
    SampleRequest(rate=3, short_side=160, lag_s=0.08, start_s=0.9, end_s=1.9),
)
"""The whole of a video, with the frames before its samples, and a part of it."""


class SampleStream(Iterator[Sample], AbstractContextManager["SampleStream"]):
    """The samples of one video, decoded in this process, to be taken once; a context manager that lets go of the file.

    Args:
        opened: the file, which `close` closes.
        request: what is asked for.
    """

    def __init__(self, opened: VideoSource, request: SampleRequest) -> None:
        self._opened = opened
        self._reading = open_reading(opened, request)
        self.probe = self._reading.facts
        self._pictures = self._reading.pictures()
        has_sound = self.probe.gives_sound(request)
        self._sound = SoundReader(self._reading.sound_sources, request.audio_stream) if has_sound else None

    def __next__(self) -> Sample:
        picture = next(self._pictures)
        sound = None if self._sound is None else self._sound.window(picture.time * self.probe.time_base)
        return Sample(
            self.probe.seconds(picture.time), picture.rgb, picture.earlier_rgb, sound, rate_mask=picture.rate_mask
        )

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and let go of the file."""
        self._pictures.close()
        self._opened.close()

    @property
    def report(self) -> ReadReport:
        """How reading went; final once the last sample has been taken."""
        reading = self._reading
        return ReadReport(
            decoder=reading.decoder,
            decode_errors=reading.decode_errors,
            decoded_ratio=decoded_ratio(reading.lost, reading.first, reading.end),
            duration_s=self.probe.duration_s,
            warnings=reading.warnings,
            holes=tuple((self.probe.seconds(start), self.probe.seconds(end)) for start, end in sorted(reading.holes)),
        )


def samples(path: Path, **request: Any) -> SampleStream:  # noqa: ANN401 - the fields of `SampleRequest`
    """Open a video as `vidlabel.samples` does."""
    return open_samples(path, SampleRequest(**request))


def open_samples(path: Path, request: SampleRequest) -> SampleStream:
    """Open a video for sampling."""
    with ExitStack() as undoing:
        opened = undoing.enter_context(VideoSource(path))
        stream = SampleStream(opened, request)
        undoing.pop_all()
    return stream


def plain(pictures: list[Picture]) -> list[tuple[int, bytes, bytes | None]]:
    """What can be compared of pictures."""
    return [(p.time, p.rgb.tobytes(), None if p.earlier_rgb is None else p.earlier_rgb.tobytes()) for p in pictures]
