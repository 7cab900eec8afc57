"""A training set with its features, and how these were made.

T samples in time, D numbers in a feature, all streams one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.feature_file import FeatureFile
from vidlabel.stream_spec import StreamSpec, stream_columns
from vidlabel.training.dataset.examples import TrainingSet


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
    missing: frozenset[str] = frozenset()
    """Streams that the video does not have; their features are 0, and nobody looks at them."""

    @staticmethod
    def of_file(found: FeatureFile, streams: Sequence[StreamSpec]) -> ExampleFeatures:
        """Features from a file, in a single view: these streams, of which it may lack some."""
        decoder = found.origin.decoder if found.origin else ""
        names = [stream.name for stream in streams]
        missing = frozenset(names).difference(found.held(names))
        values = found.values if found.origin is None else _filled(found, streams)
        return ExampleFeatures(found.times, (values,), decoder, found.duration_s, found.holes, missing=missing)


def _filled(found: FeatureFile, streams: Sequence[StreamSpec]) -> npt.NDArray[np.float32]:
    columns = stream_columns(found.kind.streams)
    parts = [
        found.values[:, columns[stream.name]]
        if stream.name in columns
        else np.zeros((len(found.times), stream.size), np.float32)
        for stream in streams
    ]
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureDataset:
    """A training set with its features."""

    training_set: TrainingSet
    """Without the examples that could not be read, which are among its unusable videos now."""
    features: tuple[ExampleFeatures, ...]
    """One for each example."""
    streams: tuple[StreamSpec, ...]
    """In the order in which their features are joined; one for features from elsewhere."""

    @property
    def stream_names(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(stream.name for stream in self.streams)

    @property
    def width(self) -> int:
        """D."""
        return sum(stream.size for stream in self.streams)

    @property
    def mirrored(self) -> bool:
        """Whether there are views beside the first one, which are mirrored pictures."""
        return any(len(clip.views) > 1 for clip in self.features)

    def having(self, stream: str) -> list[ExampleFeatures]:
        """The clips that have a stream."""
        return [clip for clip in self.features if stream not in clip.missing]

    @property
    def columns(self) -> dict[str, slice]:
        """Where the features of each stream stand in those of all."""
        return stream_columns(self.streams)


@dataclass(frozen=True, slots=True, eq=False)
class AvailableFeatures:
    """The features of the streams that a video has."""

    streams: tuple[str, ...]
    values: npt.NDArray[np.float32]
    """(T, D of these streams), in the first view."""

    @staticmethod
    def of(clip: ExampleFeatures, streams: Sequence[StreamSpec]) -> AvailableFeatures:
        """Leave out what a clip lacks.

        Args:
            clip: with features of all streams.
            streams: in the order in which they are joined.
        """
        names = tuple(stream.name for stream in streams if stream.name not in clip.missing)
        values = clip.views[0]
        if len(names) < len(streams):
            columns = stream_columns(streams)
            values = np.concatenate([values[:, :0], *(values[:, columns[name]] for name in names)], axis=1)
        return AvailableFeatures(names, values)


def is_whole(dataset: FeatureDataset) -> bool:
    """Whether all clips are labelled as a whole: scores belong to clips then, and to samples otherwise."""
    return dataset.training_set.unlabelled is None


def subset(dataset: FeatureDataset, clips: Sequence[int]) -> FeatureDataset:
    """Some of the clips, with the labels of all."""
    examples = tuple(dataset.training_set.examples[clip] for clip in clips)
    features = tuple(dataset.features[clip] for clip in clips)
    return FeatureDataset(replace(dataset.training_set, examples=examples), features, dataset.streams)


def select_streams(dataset: FeatureDataset, names: Sequence[str]) -> FeatureDataset:
    """The features of some streams alone, in the order given."""
    if tuple(names) == dataset.stream_names:
        return dataset
    places = [dataset.columns[name] for name in names]
    streams = {stream.name: stream for stream in dataset.streams}
    features = []
    for clip in dataset.features:
        views = tuple(np.concatenate([view[:, place] for place in places], axis=1) for view in clip.views)
        features.append(replace(clip, views=views, missing=clip.missing & set(names)))
    return FeatureDataset(dataset.training_set, tuple(features), tuple(streams[name] for name in names))


def first_view(dataset: FeatureDataset) -> FeatureDataset:
    """The same without further views, which are mirrored."""
    return replace(dataset, features=tuple(replace(clip, views=clip.views[:1]) for clip in dataset.features))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFacts:
    """How the features were made that a model learns from, beside their streams."""

    rate: float
    """Samples per second."""
    tuned: FinetunedWeights | None = None
    """Of the encoder, where they are not the published ones."""
