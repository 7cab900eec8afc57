"""From a table of labels to a model file: `vidlabel.train`."""

from __future__ import annotations

import datetime
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Runtime
from vidlabel.heads.model import Model, load_model
from vidlabel.paths import is_folder
from vidlabel.training.dataset.examples import LabelOptions, TrainingSet
from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.dataset.report import refuse_insufficient
from vidlabel.training.features import FeatureOptions, feature_options, gather
from vidlabel.training.finetune.features import EncoderTuning, TuningListener, refuse_untunable
from vidlabel.training.fitting.checkpoint import SUFFIX, Checkpoints, training_identity
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS, FittedModel, fit
from vidlabel.training.fitting.seeded_runs import SilentListener
from vidlabel.training.options import NO_LICENCE, TrainOptions


class TrainListener(TuningListener, Protocol):
    """Told how training goes, from the first video to the last epoch."""


class SilentTrainListener(SilentListener):
    """Tells nobody."""

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """Nothing."""

    def ended(self, name: str, failure: str | None) -> None:
        """Nothing."""

    def gathering_begun(self, stage: str, videos: int) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Issue a `UserWarning`."""
        warnings.warn(text, UserWarning, stacklevel=2)


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
    licence: str = NO_LICENCE
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
    rate: float | None = None,
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
        rate: samples per second; None: 8 for videos, and their own for files of features.
        cache_dir: where features are kept.
        runtime: what computes the network: `auto`, `torch`, `torch-half` or `openvino`.
        **options: `task`, `positive` and `unlabelled` of `LabelOptions`, and the fields of `TrainOptions`: head,
            activation, hidden, layers, bidirectional, dropout, epochs, batch_size, learning_rate, members, folds,
            streams, seed, tune_encoder.

    Raises:
        UsageError: an option that cannot be meant.
        InputError: the labels, their videos or the model cannot be used.
        OutputError: the model cannot be written.
    """
    meaning = {name: options.pop(name) for name in ("task", "positive", "unlabelled") if name in options}
    label_options = LabelOptions(groups=Path(groups) if groups else None, rate=rate, **meaning)  # type: ignore[arg-type]
    train_options = TrainOptions(**options)  # type: ignore[arg-type]
    start = None if init is None else load_model(Path(init) if isinstance(init, PathLike) else init)
    request = TrainRequest(
        training_set=read_examples(Path(labels), label_options_from(start, label_options)),
        source=str(labels),
        output=Path(output),
        options=train_options,
        features=feature_options(train_options, rate, cache_dir, runtime=runtime),
        init=start,
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
    if not request.output.name or is_folder(request.output):
        raise UsageError(request.output, "is a folder where a model file is needed", "name a file")
    refuse_insufficient(request.training_set, request.source)
    refuse_untunable(request.training_set, request.options, request.init)
    gathered, facts = gather(request.training_set, request.features, request.init, listener)
    refuse_insufficient(gathered.training_set, request.source)
    checkpoints = _checkpoints(request, gathered)
    if not request.resume:
        checkpoints.remove()
    tuning = None
    if request.options.tune_encoder is not None:
        encoder = EncoderTuning(gathered, request.features, request.options, listener)
        tuned = encoder.tuned_on(range(len(gathered.features)), checkpoints)
        gathered, facts, tuning = tuned.gathered, tuned.facts, tuned.tuning
        checkpoints = _checkpoints(request, gathered)
    fitted = fit(gathered, facts, request.options, listener, start=request.init, checkpoints=checkpoints, tuning=tuning)
    model = _named(fitted, request).save(request.output)
    if not fitted.interrupted:
        checkpoints.remove()
    return Trained(model, fitted)


def label_options_from(init: Model | None, asked: LabelOptions) -> LabelOptions:
    """What training goes on from looks at files of features at its own rate, where the user gives no other."""
    return asked if init is None else replace(asked, rate=asked.rate or init.spec.rate)


def _checkpoints(request: TrainRequest, gathered: FeatureDataset) -> Checkpoints:
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
    utc = datetime.UTC
    now = datetime.datetime.fromtimestamp(int(asked), utc) if asked and asked.isdigit() else datetime.datetime.now(utc)
    return now.date().isoformat()
