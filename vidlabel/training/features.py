"""Features of a training set, computed as training or a model asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import FeatureConfig, View
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.features.streams.registry import VIDEO_STREAMS, parse_streams
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model import Model
from vidlabel.prediction.video_inputs import feature_config, video_problem
from vidlabel.training.dataset.examples import TrainingSet
from vidlabel.training.dataset.features import (
    FeatureDataset,
    GatheringListener,
    gather_feature_files,
    gather_video_features,
)
from vidlabel.training.fitting.model_builder import FeatureFacts, facts_of_files, facts_of_recipe
from vidlabel.training.options import TrainOptions

DEFAULT_RATE = 8.0
"""Samples per second: what people do is over within a second or two."""
VIEWS: tuple[View, ...] = ("centre", "centre-flipped")
"""That are learnt from; the first one is tested on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureOptions:
    """How the features of videos are made for training."""

    recipe: FeatureConfig = field(default_factory=lambda: FeatureConfig(rate=DEFAULT_RATE))
    streams: tuple[str, ...] = VIDEO_STREAMS
    """That are computed; training may choose among them."""
    cache: Path | None = None
    """Folder that keeps them; None: the usual one."""
    device: Device = "auto"


def wanted_streams(options: TrainOptions) -> tuple[str, ...]:
    """The streams of videos to compute: those of the options, or all if they name none.

    Raises:
        UsageError: one of them cannot be computed from pictures.
    """
    return VIDEO_STREAMS if options.streams is None else parse_streams(",".join(options.streams))


def feature_options(
    options: TrainOptions,
    rate: float | None,
    cache_dir: str | PathLike[str] | None,
    *,
    device: Device = "auto",
    runtime: Runtime = "auto",
) -> FeatureOptions:
    """How the features of videos are made for a training.

    Args:
        options: of the training.
        rate: samples per second; None: the usual rate.
        cache_dir: folder of the feature cache; None: the user's.
        device: where the encoder runs.
        runtime: library that runs it.

    Raises:
        UsageError: there is no such runtime, or a stream cannot be computed from pictures.
    """
    return FeatureOptions(
        recipe=FeatureConfig(rate=rate or DEFAULT_RATE, runtime=runtime),
        streams=wanted_streams(options),
        cache=None if cache_dir is None else Path(cache_dir),
        device=device,
    )


def gather(
    training_set: TrainingSet, options: FeatureOptions, init: Model | None, listener: GatheringListener
) -> tuple[FeatureDataset, FeatureFacts]:
    """The features of all examples, with how they were made.

    Args:
        training_set: of videos, or of files of features.
        options: for videos.
        init: a model to go on from, which says how its features are made.
        listener: told how it goes.

    Raises:
        InputError: none can be used, or not by `init`.
        UsageError, InstallationError: the encoder cannot be loaded.
    """
    if training_set.features is not None:
        gathered = gather_feature_files(training_set, listener)
        facts = facts_of_files(gathered)
    else:
        if init is not None:
            options = _options_of(init, options)
        cache = FeatureCache(cache_folder(options.cache))
        extractor = FeatureExtractor(options.recipe, options.streams, VIEWS, cache, options.device)
        gathered = gather_video_features(training_set, extractor, listener)
        facts = facts_of_recipe(options.recipe)
    if init is not None and _layout(gathered) != (init.spec.feature_size, init.spec.streams, init.spec.stream_sizes):
        problem = f"it takes features of {', '.join(init.spec.streams)}, {init.spec.feature_size} numbers together"
        raise UsageError("--init", problem, "train anew without it")
    return gathered, facts


def _layout(gathered: FeatureDataset) -> tuple[int, tuple[str, ...], tuple[int, ...] | None]:
    return gathered.width, gathered.streams, gathered.stream_sizes


def _options_of(init: Model, options: FeatureOptions) -> FeatureOptions:
    spec = init.spec
    problem = video_problem(spec)
    if problem is not None:
        raise UsageError("--init", problem, "train anew without it")
    if spec.preprocessing.crop != "centre":
        raise UsageError("--init", f"{spec.name} sees whole frames", "give a model that `train` wrote")
    return replace(options, recipe=feature_config(init, options.recipe), streams=spec.streams)
