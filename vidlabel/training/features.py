"""Features of a training set: of videos from the encoder or its cache, of files as they are.

For training its options decide how they are made, for a given model the model file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from vidlabel.errors import InputError, UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import FeatureBlock
from vidlabel.features.feature_file import FeatureKind
from vidlabel.features.resampling import read_features
from vidlabel.features.streams.audio import AudioStream
from vidlabel.features.streams.pose import PoseStream
from vidlabel.features.streams.registry import TRAINING_STREAMS, check_video_streams, find_stream
from vidlabel.features.video_features import ExtractionListener, FeatureExtractor
from vidlabel.heads.model import Model
from vidlabel.heads.spec import ModelSpec
from vidlabel.prediction.feature_inputs import features_misfit, read_for_model
from vidlabel.prediction.video_inputs import feature_config, spec_blocks, video_problem
from vidlabel.stream_spec import StreamSpec, View
from vidlabel.training.dataset.examples import Example, TrainingSet, UnusableVideo
from vidlabel.training.dataset.feature_dataset import ExampleFeatures, FeatureDataset, FeatureFacts, select_streams
from vidlabel.training.feature_options import FeatureOptions

VIEWS: tuple[View, ...] = ("centre", "centre-flipped")
"""Views for training; the first one is for testing, too."""
PEOPLE_VIEWS: tuple[View, ...] = ("whole", "whole-flipped")
"""The same of `pose`: people at the sides count, and no number of it says what shape a picture has; docs/accuracy.md
says what that is worth."""


def training_blocks(streams: Sequence[str]) -> tuple[FeatureBlock, ...]:
    """What training computes of some streams: all of them as they are, then mirrored."""
    return tuple(
        FeatureBlock(name, people if name == PoseStream.name else view)
        for view, people in zip(VIEWS, PEOPLE_VIEWS, strict=True)
        for name in streams
    )


def extract_features(
    training_set: TrainingSet, options: FeatureOptions, init: Model | None, listener: FeatureListener
) -> tuple[FeatureDataset, FeatureFacts]:
    """The features of all examples, with how they were made.

    Args:
        training_set: of videos, or of files of features.
        options: for videos.
        init: a model to continue from, which decides how features are made.
        listener: receives progress.

    Raises:
        InputError: none can be used, or not by `init`.
        UsageError: a stream cannot be computed from videos, or the encoder cannot be loaded.
        InstallationError: the encoder cannot be loaded.
    """
    kind = training_set.features
    if kind is not None:
        _refuse_encoder(options)
        return _features_of_files(training_set, kind, options, init, listener), FeatureFacts(rate=kind.rate)
    if init is not None:
        options = _options_of(init, options)
    names = options.streams or TRAINING_STREAMS
    check_video_streams(names)
    _check_speech(options, names)
    cache = FeatureCache(cache_folder(options.cache))
    extractor = FeatureExtractor(options.config, training_blocks(names), cache, options.device)
    dataset = video_features(training_set, extractor, listener)
    if init is None:
        _check_found(dataset, options)
    if options.streams is None:
        dataset = select_streams(dataset, _common_streams(dataset))
    return dataset, FeatureFacts(rate=options.config.rate, tuned=options.config.tuned)


def _refuse_encoder(options: FeatureOptions) -> None:
    if options.encoder is not None:
        raise UsageError("--encoder", "is for videos, and these are files of features", "leave it out")


def _check_found(dataset: FeatureDataset, options: FeatureOptions) -> None:
    """Refuse a choice of streams that no video has."""
    absent = [name for name in dataset.stream_names if not dataset.having(name)]
    number = options.config.audio_stream
    if AudioStream.name in absent and number is not None:
        remedy = "leave it out, or give the number of another one"
        raise UsageError("--audio-stream", f"no video has audio stream {number}", remedy)
    if absent and options.streams is not None:
        raise UsageError("--streams", f"no video has {' or '.join(absent)}", "leave it out")


def _features_of_files(
    training_set: TrainingSet,
    kind: FeatureKind,
    options: FeatureOptions,
    init: Model | None,
    listener: FeatureListener,
) -> FeatureDataset:
    """The features in files: as `init` takes them, of the streams that were named, or of those that are common."""
    if init is not None:
        return _features_for_model(init.spec, kind.rate, "--init", training_set, kind, listener)
    dataset = features_in_files(training_set, listener)
    if options.streams is not None:
        return dataset
    return select_streams(dataset, _common_streams(dataset) or dataset.stream_names)


def _common_streams(dataset: FeatureDataset) -> list[str]:
    """The streams that at least half of the clips have: of fewer, validation would tell little."""
    return [name for name in dataset.stream_names if 2 * len(dataset.having(name)) >= len(dataset.features)]


def _check_speech(options: FeatureOptions, streams: Sequence[str]) -> None:
    if options.config.speech is not None and "text" not in streams:
        raise UsageError("--speech", "is for the stream text", "leave it out, or add text to --streams")


def _options_of(init: Model, options: FeatureOptions) -> FeatureOptions:
    spec = init.spec
    problem = video_problem(spec)
    if problem is not None:
        raise UsageError("--init", problem, "train anew without it")
    if spec_blocks(spec) != training_blocks(spec.stream_names)[: len(spec.streams)]:
        raise UsageError("--init", f"{spec.name} sees frames in another way", "give a model that `train` wrote")
    config = feature_config(init, options.config, options.encoder_path)
    return replace(options, config=config, streams=spec.stream_names)


def extract_model_features(
    model: Model, training_set: TrainingSet, options: FeatureOptions, listener: FeatureListener
) -> FeatureDataset:
    """The features of all videos, made as for the training of the model.

    Args:
        model: the one to predict with.
        training_set: videos, or files of features.
        options: where features are kept, and where the encoder runs.
        listener: receives progress.

    Raises:
        UsageError: the model takes other features than those of the files, or such as no video gives.
        InputError: none can be used.
    """
    spec = model.spec
    if training_set.features is not None:
        return _features_for_model(spec, spec.rate, "--model", training_set, training_set.features, listener)
    problem = video_problem(spec)
    if problem is not None:
        raise UsageError("--model", problem, "give files of features in the table, or another model")
    _check_speech(options, spec.stream_names)
    extractor = FeatureExtractor(
        feature_config(model, options.config, options.encoder_path),
        spec_blocks(spec),
        FeatureCache(cache_folder(options.cache)),
        options.device,
    )
    return video_features(training_set, extractor, listener)


def _features_for_model(
    spec: ModelSpec,
    rate: float,
    option: str,
    training_set: TrainingSet,
    kind: FeatureKind,
    listener: FeatureListener,
) -> FeatureDataset:
    """The features in files of one kind as a model takes them, at a rate.

    Raises:
        UsageError: the model takes other features; `option` names it.
        InputError: none can be used.
    """
    misfit = features_misfit(spec, kind)
    if misfit is not None:
        raise UsageError(option, f"these files hold {misfit.held}", misfit.remedy)

    def read(example: Example) -> ExampleFeatures:
        """Features from one file."""
        return ExampleFeatures.of_file(read_for_model(spec, example.path, rate), spec.streams)

    return build_dataset(training_set, read, spec.streams, listener)


class FeatureListener(ExtractionListener, Protocol):
    """Receives the progress of feature extraction."""

    def ended(self, name: str, failure: str | None) -> None:
        """One example has its features (None), or cannot be used for this reason."""


def video_features(training_set: TrainingSet, extractor: FeatureExtractor, listener: FeatureListener) -> FeatureDataset:
    """Compute the features of videos, or take them from the cache; what is computed is kept at once.

    Args:
        training_set: of videos.
        extractor: for its streams and views.
        listener: receives progress, and videos that cannot be decoded; these are left out.

    Raises:
        InputError: none can be used.
        UsageError, InstallationError: the encoder cannot be loaded.
    """

    def read(example: Example) -> ExampleFeatures:
        """Features of one video, of each view that was computed."""
        found = extractor.features(example.path, listener, example.video)
        size, blocks = len(streams), found.blocks
        joined = tuple(found.filled(streams, blocks[first : first + size]) for first in range(0, len(blocks), size))
        report = found.report
        return ExampleFeatures(
            found.times, joined, report.decoder, report.duration_s, report.holes, report.warnings, found.missing
        )

    first = extractor.blocks[: len(extractor.streams)]
    streams = tuple(find_stream(block.stream).describe(extractor.config, block.view) for block in first)
    return build_dataset(training_set, read, streams, listener)


def features_in_files(training_set: TrainingSet, listener: FeatureListener) -> FeatureDataset:
    """Read files of features.

    Args:
        training_set: of files of features.
        listener: receives progress.

    Raises:
        InputError: none can be used.
    """
    kind = training_set.features
    if kind is None:
        raise ValueError("these are videos")
    rate = kind.rate

    def read(example: Example) -> ExampleFeatures:
        """Features from one file."""
        return ExampleFeatures.of_file(read_features(example.path, rate), kind.streams)

    return build_dataset(training_set, read, kind.streams, listener)


def build_dataset(
    training_set: TrainingSet,
    read: Callable[[Example], ExampleFeatures],
    streams: tuple[StreamSpec, ...],
    listener: FeatureListener,
) -> FeatureDataset:
    """Get the features of all examples.

    Args:
        training_set: the examples.
        read: gives the features of one of them, or raises InputError.
        streams: in the order in which their features are joined.
        listener: receives progress, and examples that cannot be used; these are left out.

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
