"""The features of all examples: of videos from the encoder or its cache, of files as they are.

T samples in time, D numbers in a feature, all streams one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.columns import stream_columns
from vidlabel.errors import InputError
from vidlabel.features.feature_file import ELSEWHERE, FeatureFile
from vidlabel.features.resampling import read_features
from vidlabel.features.video_features import ExtractionListener, FeatureExtractor
from vidlabel.training.dataset.examples import Example, TrainingSet, UnusableVideo


@dataclass(frozen=True, slots=True, eq=False)
class ExampleFeatures:
    """The features of one example."""

    times: npt.NDArray[np.float64]
    """(T,) seconds."""
    views: tuple[npt.NDArray[np.float32], ...]
    """(T, D) for each view that was asked for, in that order; one for a file of features."""
    decoder: str
    """Which library decoded, and why; empty where none did."""
    end_s: float
    """Seconds at which the last sample ends."""
    holes: tuple[tuple[float, float], ...] = ()
    """(start, end) in seconds of stretches that nothing is known of, in order."""
    warnings: tuple[str, ...] = ()
    """What was odd about the video."""
    stream_sizes: tuple[int, ...] | None = None
    """Numbers in a feature of each stream; None: as many in all of them."""

    @staticmethod
    def of_file(found: FeatureFile, stream_sizes: tuple[int, ...] | None) -> ExampleFeatures:
        """Features from a file; they have a single view."""
        decoder = found.origin.decoder if found.origin else ""
        return ExampleFeatures(
            found.times, (found.values,), decoder, found.duration_s, found.holes, stream_sizes=stream_sizes
        )


@dataclass(frozen=True, slots=True, eq=False)
class FeatureDataset:
    """A training set with its features."""

    training_set: TrainingSet
    """Without the examples that could not be read, which are among its unusable videos now."""
    features: tuple[ExampleFeatures, ...]
    """One for each example."""
    streams: tuple[str, ...]
    """In the order in which their features are joined; one for features from elsewhere."""

    @property
    def width(self) -> int:
        """D."""
        return int(self.features[0].views[0].shape[1])

    @property
    def mirrored(self) -> bool:
        """Whether there are views beside the first one, which are mirrored pictures."""
        return any(len(clip.views) > 1 for clip in self.features)

    @property
    def stream_sizes(self) -> tuple[int, ...] | None:
        """Numbers in a feature of each stream; None: as many in all of them."""
        return self.features[0].stream_sizes

    @property
    def columns(self) -> dict[str, slice]:
        """Where the features of each stream stand in those of all."""
        return stream_columns(self.streams, self.width, self.stream_sizes)


class GatheringListener(ExtractionListener, Protocol):
    """Told while features are gathered."""

    def ended(self, name: str, failure: str | None) -> None:
        """One example has its features (None), or cannot be used for this reason."""


def gather_video_features(
    training_set: TrainingSet, extractor: FeatureExtractor, listener: GatheringListener
) -> FeatureDataset:
    """Compute the features of videos, or take them from the cache; what is computed is kept at once.

    Args:
        training_set: of videos.
        extractor: for its streams and views.
        listener: told how it goes, and of videos that cannot be decoded; these are left out.

    Raises:
        InputError: none can be used.
        UsageError, InstallationError: the encoder cannot be loaded.
    """

    def read(example: Example) -> ExampleFeatures:
        """Features of one video, of each view that was computed."""
        found = extractor.features(example.path, listener, example.video)
        views = tuple(dict.fromkeys(part.view for part in found.parts))
        joined = tuple(found.joined(extractor.streams, view) for view in views)
        report, sizes = found.report, found.stream_sizes(extractor.streams)
        return ExampleFeatures(
            found.times, joined, report.decoder, report.duration_s, report.holes, report.warnings, sizes
        )

    return gather_examples(training_set, read, extractor.streams, listener)


def gather_feature_files(training_set: TrainingSet, listener: GatheringListener) -> FeatureDataset:
    """Read files of features.

    Args:
        training_set: of files of features.
        listener: told how it goes.

    Raises:
        InputError: none can be used.
    """
    kind = training_set.features
    if kind is None:
        raise ValueError("these are videos")
    rate = kind.rate

    def read(example: Example) -> ExampleFeatures:
        """Features from one file."""
        return ExampleFeatures.of_file(read_features(example.path, rate), kind.stream_sizes)

    return gather_examples(training_set, read, kind.settings.streams if kind.settings else ELSEWHERE, listener)


def gather_examples(
    training_set: TrainingSet,
    read: Callable[[Example], ExampleFeatures],
    streams: tuple[str, ...],
    listener: GatheringListener,
) -> FeatureDataset:
    """Get the features of all examples.

    Args:
        training_set: the examples.
        read: gives the features of one of them, or raises InputError.
        streams: in the order in which their features are joined.
        listener: told how it goes, and of examples that cannot be used; these are left out.

    Raises:
        InputError: none can be used.
    """
    examples: list[Example] = []
    features: list[ExampleFeatures] = []
    unusable: list[UnusableVideo] = []
    for example in training_set.examples:
        try:
            found = read(example)
        except InputError as error:
            if len(unusable) + 1 == len(training_set.examples):
                raise
            unusable.append(UnusableVideo(example.video, str(error)))
            listener.ended(example.video, str(error))
            continue
        examples.append(example)
        features.append(found)
        listener.ended(example.video, None)
    left = replace(
        training_set,
        examples=tuple(examples),
        unusable=(*training_set.unusable, *unusable),
        lost_labels=(*training_set.lost_labels, *_lost_labels(training_set.examples, examples)),
    )
    return FeatureDataset(left, tuple(features), streams)


def _lost_labels(before: Sequence[Example], after: Sequence[Example]) -> list[str]:
    lost = frozenset[str]().union(*(example.labels for example in before))
    return sorted(lost.difference(*(example.labels for example in after)))
