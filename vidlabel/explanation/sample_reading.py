"""Reads single samples of a video again, for those methods that need its pictures, sound or text.

Labelling keeps features alone. A window around each time is read by the request that labelling made, which gives the
sample that labelling took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vidlabel.errors import VideoError
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import FeatureConfig
from vidlabel.features.speech import with_speech
from vidlabel.features.streams.registry import reading_request
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import Sample
from vidlabel.video.samples import open_isolated_samples

SAME_TIME_S = 0.0005
"""Two times that differ by less are one: frames are further apart."""


@dataclass(frozen=True, slots=True)
class SampleReader:
    """Reads samples of one video."""

    video: Path
    config: FeatureConfig
    """Of the features that the labels were found by."""
    pool: DecodePool
    warn: Callable[[str], None]
    """Receives one line for what cannot be read again."""

    def at(self, stream: str, times: Iterable[float]) -> Iterator[Sample]:
        """The samples at some times, with all that a stream takes of them, but for those that cannot be read again."""
        for time_s in times:
            samples = list(self.between(stream, time_s - SAME_TIME_S, time_s + SAME_TIME_S))
            found = [sample for sample in samples if abs(sample.time_s - time_s) < SAME_TIME_S]
            if not found:
                self.warn_missing(stream, time_s)
            yield from found

    def warn_missing(self, stream: str, time_s: float) -> None:
        """Say that a sample cannot be read again."""
        self.warn(f"{self.video}: {stream} at {time_s:.3f} s cannot be read again; it is not shown where it counts")

    def between(self, stream: str, start_s: float, end_s: float, rate: float | None = None) -> Iterator[Sample]:
        """The samples from one time to before another.

        Args:
            stream: whose needs they meet.
            start_s: seconds; may lie before the video.
            end_s: seconds, after the start of the video.
            rate: samples per second, more than those of the config; None: those alone.
        """
        request = replace(
            reading_request(self.config, [stream]),
            start_s=max(0.0, start_s),
            end_s=end_s,
            more_rates=() if rate is None else (rate,),
        )
        try:
            request = with_speech(self.video, request, self.config.speech, cache_folder(), lambda: None)
            with open_isolated_samples(self.video, request, pool=self.pool) as samples:
                yield from samples
        except VideoError as error:  # the label was found, and why stands without pictures
            self.warn(str(error))
