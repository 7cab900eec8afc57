"""A training set with its features, and how these were made.

T samples in time, D numbers in a feature, all streams one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vidlabel.columns import stream_columns, unlike_sizes
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.weights import PUBLISHED_SCALING, PixelScaling
from vidlabel.features.feature_file import FeatureFile
from vidlabel.heads.spec import UNKNOWN, EncoderInfo, Preprocessing, TensorInfo, TunedEncoder
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


def is_whole(dataset: FeatureDataset) -> bool:
    """Whether all clips are labelled as a whole: scores belong to clips then, and to samples otherwise."""
    return dataset.training_set.unlabelled is None


def subset(dataset: FeatureDataset, clips: Sequence[int]) -> FeatureDataset:
    """Some of the clips, with the labels of all."""
    examples = tuple(dataset.training_set.examples[clip] for clip in clips)
    features = tuple(dataset.features[clip] for clip in clips)
    return FeatureDataset(replace(dataset.training_set, examples=examples), features, dataset.streams)


def select_streams(dataset: FeatureDataset, streams: Sequence[str]) -> FeatureDataset:
    """The features of some streams alone, in the order given."""
    if tuple(streams) == dataset.streams:
        return dataset
    places = [dataset.columns[stream] for stream in streams]
    sizes = unlike_sizes([place.stop - place.start for place in places])
    features = []
    for clip in dataset.features:
        views = tuple(np.concatenate([view[:, place] for place in places], axis=1) for view in clip.views)
        features.append(replace(clip, views=views, stream_sizes=sizes))
    return FeatureDataset(dataset.training_set, tuple(features), tuple(streams))


def first_view(dataset: FeatureDataset) -> FeatureDataset:
    """The same without further views, which are mirrored."""
    return replace(dataset, features=tuple(replace(clip, views=clip.views[:1]) for clip in dataset.features))


UNKNOWN_ENCODER = EncoderInfo(name=UNKNOWN, sha256="0" * 64)
"""Of features that were made elsewhere: the model can score such features, and no videos."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFacts:
    """How the features were made that a model learns from, and must be given."""

    encoder: EncoderInfo
    preprocessing: Preprocessing
    rate: float
    """Samples per second."""
    lag_s: float | None
    """Of the motion stream."""
    tuned: FinetunedWeights | None = None
    """Of the encoder, where they are not the published ones."""


def facts_of_recipe(recipe: FeatureConfig) -> FeatureFacts:
    """Of features of videos, seen in the square in the middle."""
    return FeatureFacts(
        encoder=_encoder_info(recipe),
        tuned=recipe.tuned,
        preprocessing=_preprocessing(recipe.short_side, recipe.scaling, whole=False),
        rate=recipe.rate,
        lag_s=recipe.lag_s,
    )


def facts_of_files(dataset: FeatureDataset) -> FeatureFacts:
    """Of files of features, as far as they say."""
    kind = dataset.training_set.features
    if kind is None:
        raise ValueError("these are videos")
    settings = kind.settings
    if settings is None:
        return FeatureFacts(
            encoder=UNKNOWN_ENCODER,
            preprocessing=_preprocessing(224, PUBLISHED_SCALING, whole=False),
            rate=kind.rate,
            lag_s=None,
        )
    return FeatureFacts(
        encoder=EncoderInfo(name=settings.encoder, sha256=settings.encoder_sha256),
        preprocessing=_preprocessing(settings.short_side, PUBLISHED_SCALING, whole=settings.view == "whole"),
        rate=kind.rate,
        lag_s=settings.lag_s,
    )


def _encoder_info(recipe: FeatureConfig) -> EncoderInfo:
    tuned = None
    if recipe.tuned is not None:
        tensors = tuple(TensorInfo(name=n, shape=t.shape) for n, t in sorted(recipe.tuned.tensors.items()))
        tuned = TunedEncoder(blocks=recipe.tuned.blocks, sha256=recipe.tuned.sha256, tensors=tensors)
    return EncoderInfo(name=recipe.encoder, sha256=recipe.encoder_sha256, tuned=tuned)


def _preprocessing(short_side: int, scaling: PixelScaling, *, whole: bool) -> Preprocessing:
    return Preprocessing(
        short_side=short_side,
        crop="none" if whole else "centre",
        mean=scaling.mean,
        scale=scaling.scale,
        resize_filter="bicubic",
    )
