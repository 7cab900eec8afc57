"""From a table of labels to a model file: `vidlabel.train`."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np

from vidlabel.errors import UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.device import Device
from vidlabel.features.recipe import PICTURE_STREAMS, FeatureRecipe, PictureStream, View, parse_streams
from vidlabel.features.runtime import Runtime
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model import Model, load_model
from vidlabel.training.dataset.check import refuse_insufficient
from vidlabel.training.dataset.examples import LabelOptions, TrainingSet
from vidlabel.training.dataset.gathering import Gathered, GatheringListener, gather_feature_files, gather_video_features
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.learning.checkpoint import SUFFIX, Checkpoints, training_identity
from vidlabel.training.learning.describing import FeatureFacts, facts_of_files, facts_of_recipe
from vidlabel.training.learning.fit import DEFAULT_OPTIONS, FittedModel, fit
from vidlabel.training.learning.jobs import FitListener, SilentListener
from vidlabel.training.options import TrainOptions

DEFAULT_RATE = 8.0
"""Samples per second: what people do is over within a second or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureOptions:
    """How the features of videos are made for training."""

    recipe: FeatureRecipe = field(default_factory=lambda: FeatureRecipe(rate=DEFAULT_RATE))
    streams: tuple[PictureStream, ...] = PICTURE_STREAMS
    """That are computed; training may choose among them."""
    cache: Path | None = None
    """Folder that keeps them; None: the usual one."""
    device: Device = "auto"


class TrainListener(GatheringListener, FitListener, Protocol):
    """Told how training goes, from the first video to the last epoch."""


class SilentTrainListener(SilentListener):
    """Tells nobody."""

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """Nothing."""

    def ended(self, name: str, failure: str | None) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What is to be trained from what."""

    training_set: TrainingSet
    source: str
    """Name of the table or folder, for messages."""
    output: Path
    options: TrainOptions = DEFAULT_OPTIONS
    features: FeatureOptions = field(default_factory=FeatureOptions)
    init: Model | None = None
    """A model to go on from; its streams and the way it makes features count then."""
    resume: bool = False
    """Whether to go on with an interrupted training of the same."""
    licence: str = "not stated"
    command: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model that was just written."""

    model: Model
    fitted: FittedModel


def train(
    labels: str | PathLike[str],
    output: str | PathLike[str],
    *,
    groups: str | PathLike[str] | None = None,
    init: str | PathLike[str] | None = None,
    resume: bool = False,
    rate: float = DEFAULT_RATE,
    cache_dir: str | PathLike[str] | None = None,
    runtime: Runtime = "auto",
    **options: object,
) -> Model:
    """Teach labels of your own: train a model and write it to a file.

    Args:
        labels: a CSV file with the columns `video,start,end,label`.
        output: the model file to write.
        groups: a CSV file with the columns `video,group`; clips of one group are never torn apart in validation.
        init: a model to go on from.
        resume: go on with a training of the same that was interrupted.
        rate: samples per second.
        cache_dir: where features are kept.
        runtime: what computes the network: `auto`, `torch` or `openvino`.
        **options: `task` and `unlabelled` of `LabelOptions`, and the fields of `TrainOptions`: head, activation,
            hidden, layers, bidirectional, dropout, epochs, batch_size, learning_rate, members, folds, streams, seed.

    Raises:
        UsageError: an option that cannot be meant.
        InputError: the labels, their videos or the model cannot be used.
        OutputError: the model or the cache cannot be written.
    """
    meaning = {name: options.pop(name) for name in ("task", "unlabelled") if name in options}
    label_options = LabelOptions(groups=Path(groups) if groups else None, rate=rate, **meaning)  # type: ignore[arg-type]
    train_options = TrainOptions(**options)  # type: ignore[arg-type]
    recipe = FeatureRecipe(rate=rate, runtime=runtime)
    request = TrainRequest(
        training_set=read_examples(Path(labels), label_options),
        source=str(labels),
        output=Path(output),
        options=train_options,
        features=FeatureOptions(
            recipe=recipe,
            streams=wanted_streams(train_options),
            cache=None if cache_dir is None else Path(cache_dir),
        ),
        init=None if init is None else load_model(Path(init) if isinstance(init, PathLike) else init),
        resume=resume,
    )
    return run_training(request, SilentTrainListener()).model


def run_training(request: TrainRequest, listener: TrainListener) -> Trained:
    """Gather features, train, and write the model.

    Args:
        request: what to do.
        listener: told how it goes.

    Raises:
        KeyboardInterrupt: it was ended before there was a model; what was done is kept for `resume`.
        VidlabelError: as `train`.
    """
    refuse_insufficient(request.training_set, request.source)
    gathered, facts = gather(request.training_set, request.features, request.init, listener)
    refuse_insufficient(gathered.training_set, request.source)
    checkpoints = _checkpoints(request, gathered)
    if not request.resume:
        checkpoints.remove()
    fitted = fit(gathered, facts, request.options, listener, start=request.init, checkpoints=checkpoints)
    model = _named(fitted, request).save(request.output)
    if not fitted.interrupted:
        checkpoints.remove()
    return Trained(model, fitted)


def wanted_streams(options: TrainOptions) -> tuple[PictureStream, ...]:
    """The streams of videos to compute: those asked for, else all.

    Raises:
        UsageError: one of them cannot be computed from pictures.
    """
    return PICTURE_STREAMS if options.streams is None else parse_streams(",".join(options.streams))


def gather(
    training_set: TrainingSet, options: FeatureOptions, init: Model | None, listener: GatheringListener
) -> tuple[Gathered, FeatureFacts]:
    """The features of all examples, with how they were made.

    Args:
        training_set: of videos, or of files of features.
        options: for videos.
        init: a model to go on from, which says how its features are made.
        listener: told how it goes.

    Raises:
        InputError: none can be used, or not by `init`.
        OutputError: the cache cannot be written.
        UsageError, InstallationError: the encoder cannot be loaded.
    """
    if training_set.features is not None:
        gathered = gather_feature_files(training_set, listener)
        facts = facts_of_files(gathered)
    else:
        if init is not None:
            options = _options_of(init, options)
        cache = FeatureCache(cache_folder(options.cache))
        views: tuple[View, ...] = ("centre", "centre-flipped")
        extractor = FeatureExtractor(options.recipe, options.streams, views, cache, options.device)
        gathered = gather_video_features(training_set, extractor, listener)
        facts = facts_of_recipe(options.recipe)
    if init is not None and (gathered.width, gathered.streams) != (init.spec.feature_size, init.spec.streams):
        problem = f"it takes features of {', '.join(init.spec.streams)}, {init.spec.feature_size} numbers together"
        raise UsageError("--init", problem, "train anew without it")
    return gathered, facts


def _options_of(init: Model, options: FeatureOptions) -> FeatureOptions:
    spec = init.spec
    if spec.preprocessing.crop != "centre":
        raise UsageError("--init", f"{spec.name} sees whole frames", "give a model that `train` wrote")
    recipe = replace(
        options.recipe,
        encoder=spec.encoder.name,
        rate=spec.rate,
        short_side=spec.preprocessing.short_side,
        lag_s=options.recipe.lag_s if spec.lag_s is None else spec.lag_s,
    )
    streams = tuple(stream for name in spec.streams for stream in PICTURE_STREAMS if stream == name)
    return replace(options, recipe=recipe, streams=streams)


def _checkpoints(request: TrainRequest, gathered: Gathered) -> Checkpoints:
    facts: dict[str, object] = {
        "options": repr(request.options),
        "labels": repr((gathered.training_set.labels, gathered.training_set.task, gathered.training_set.examples)),
        "init": request.init.sha256 if request.init else None,
    }
    arrays: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = [
        view for clip in gathered.features for view in clip.views
    ]
    folder = request.output.with_name(f"{request.output.name}{SUFFIX}")
    return Checkpoints(folder, training_identity(facts, arrays))


def _named(fitted: FittedModel, request: TrainRequest) -> FittedModel:
    spec = replace(
        fitted.network.spec,
        name=request.output.stem.strip() or "trained",
        description=f"Trained on {len(request.training_set.examples)} clips.",
        licence=request.licence,
        created=_today(),
        command=request.command,
    )
    return replace(fitted, network=replace(fitted.network, spec=spec))


def _today() -> str:
    """The date; `SOURCE_DATE_EPOCH` (reproducible-builds.org) sets it, for the same bytes on another day."""
    asked = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.timezone.utc
    now = datetime.datetime.fromtimestamp(int(asked), utc) if asked and asked.isdigit() else datetime.datetime.now(utc)
    return now.date().isoformat()
