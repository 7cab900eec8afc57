"""From a table of labels to a model file: `vidlabel.train`."""

from __future__ import annotations

import datetime
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.config import HeadKind
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.spec import Task
from vidlabel.paths import is_folder
from vidlabel.training.dataset.examples import NOTHING_SAID, LabelOptions, TrainingSet, Unlabelled
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.dataset.report import check_report, refuse_insufficient
from vidlabel.training.feature_options import FeatureOptions, feature_options
from vidlabel.training.features import extract_features
from vidlabel.training.finetune.train import EncoderTuning, TuningListener, refuse_untunable
from vidlabel.training.fitting.checkpoint import SUFFIX, Checkpoints, training_identity
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS, FittedModel, fit
from vidlabel.training.fitting.seeded_runs import SilentListener
from vidlabel.training.options import DEFAULT_OUTPUT, NO_LICENCE, TrainOptions


class TrainListener(TuningListener, Protocol):
    """Receives the progress of training, from the first video to the last epoch."""


class SilentTrainListener(SilentListener):
    """Ignores progress; issues warnings as `UserWarning`."""

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """Nothing."""

    def ended(self, name: str, failure: str | None) -> None:  # noqa: ARG002 - the failure names the file
        """Warn of a video that cannot be used."""
        if failure is not None:
            self.warn(f"left out: {failure}")

    def feature_pass_begun(self, stage: str, videos: int) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Issue a `UserWarning`."""
        warnings.warn(text, UserWarning, stacklevel=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """A training to run: data, options and output."""

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
    labels: str | PathLike[str] | None = None,
    output: str | PathLike[str] = DEFAULT_OUTPUT,
    *,
    from_folders: str | PathLike[str] | None = None,
    groups: str | PathLike[str] | None = None,
    task: Task | None = NOTHING_SAID.task,
    positive: str | None = NOTHING_SAID.positive,
    unlabelled: Unlabelled | None = NOTHING_SAID.unlabelled,
    head: HeadKind | None = DEFAULT_OPTIONS.head,
    activation: Literal["tanh", "relu"] = DEFAULT_OPTIONS.activation,
    hidden: int = DEFAULT_OPTIONS.hidden,
    layers: int = DEFAULT_OPTIONS.layers,
    bidirectional: bool | None = DEFAULT_OPTIONS.bidirectional,
    dropout: float = DEFAULT_OPTIONS.dropout,
    epochs: int | None = DEFAULT_OPTIONS.epochs,
    batch_size: int = DEFAULT_OPTIONS.batch_size,
    learning_rate: float = DEFAULT_OPTIONS.learning_rate,
    members: int | None = DEFAULT_OPTIONS.members,
    inner_folds: int = DEFAULT_OPTIONS.folds,
    streams: tuple[str, ...] | None = DEFAULT_OPTIONS.streams,
    seed: int = DEFAULT_OPTIONS.seed,
    tune_encoder: int | None = DEFAULT_OPTIONS.tune_encoder,
    rate: float | None = NOTHING_SAID.rate,
    encoder: str | PathLike[str] | None = None,
    init: str | PathLike[str] | None = None,
    resume: bool = False,
    licence: str = NO_LICENCE,
    audio_stream: int | None = None,
    speech: str | PathLike[str] | None = None,
    cache_dir: str | PathLike[str] | None = None,
    device: Device = "auto",
    runtime: Runtime = "auto",
) -> Model:
    """Train a model on labelled videos or feature files, and write it to a file.

    Problems of the labels, and videos that are left out, are issued as `UserWarning`.

    Args:
        labels: CSV file with the columns `video,start,end,label`.
        output: model file to write.
        from_folders: in place of a table: folder with one subfolder of clips per label.
        groups: CSV file with the columns `video,group`; a group is never split.
        task: one label at a time, several, or one that holds or not; None: inferred from the labels.
        positive: the label of a binary task that counts as positive; None: inferred from the names.
        unlabelled: meaning of time without a row; None: background where rows have times.
        head: kind of head; None: an ensemble of bidirectional GRUs, for clips with a head without recurrence.
        activation: of the head `rnn`.
        hidden: hidden units of a recurrent layer, per direction.
        layers: number of recurrent layers.
        bidirectional: run recurrent heads in both directions of time; None: only without `head`.
        dropout: dropout rate in training.
        epochs: training epochs of each head; None: 30, or 40 without recurrence, and more for few clips.
        batch_size: clips, or windows of long videos, per training step.
        learning_rate: peak learning rate.
        members: number of recurrent heads; None: 3, or 1 with `head`.
        inner_folds: folds of the inner cross-validation that calibrates scores; 0 disables it.
        streams: streams to train on; None: chosen by validation among frames, motion, pose and audio.
        seed: random seed.
        tune_encoder: number of the encoder's last blocks to fine-tune on the labels first; None: none.
        rate: samples per second; None: 8 for videos, and their own for feature files.
        encoder: name of an encoder, path of a network (`.onnx`, `.pt2`), or of a model file whose encoder is used;
            None: `efficientnet-lite0`.
        init: model file to continue from.
        resume: resume the same training after an interruption.
        licence: licence of the model, stored in its file.
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        speech: `tiny.en`, or folder of a Whisper model, that turns speech into text where there are no subtitles; None:
            speech is not read.
        cache_dir: folder of the feature cache; None: the user's.
        device: where the networks run; `auto`: a GPU if torch can use one.
        runtime: library that runs the encoder.

    Raises:
        UsageError: an argument is invalid.
        InputError: the labels, their videos or the model cannot be used.
        OutputError: the model cannot be written.

    Example:
        >>> model = vidlabel.train("labels.csv", "my.safetensors", head="gru", epochs=20)
        >>> model.spec.shown_labels
        ('left', 'right')
    """
    label_options = LabelOptions(
        groups=Path(groups) if groups else None, task=task, positive=positive, unlabelled=unlabelled, rate=rate
    )
    options = TrainOptions(
        head=head,
        activation=activation,
        hidden=hidden,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        members=members,
        folds=inner_folds,
        streams=streams,
        seed=seed,
        tune_encoder=tune_encoder,
    )
    start = None if init is None else load_model(Path(init) if isinstance(init, PathLike) else init)
    training_set = read_training_set("train", labels, from_folders, label_options_from(start, label_options))
    for warning in check_report(training_set).warnings:
        warnings.warn(warning, UserWarning, stacklevel=2)
    request = TrainRequest(
        training_set=training_set,
        source=str(labels or from_folders or ""),
        output=Path(output),
        options=options,
        features=feature_options(
            options,
            rate,
            cache_dir,
            encoder=encoder,
            model=start,
            device=device,
            runtime=runtime,
            audio_stream=audio_stream,
            speech=speech,
        ),
        init=start,
        resume=resume,
        licence=licence,
    )
    return run_training(request, SilentTrainListener()).model


def run_training(request: TrainRequest, listener: TrainListener) -> Trained:
    """Extract features, train, and write the model.

    Args:
        request: what to do.
        listener: receives progress.

    Raises:
        KeyboardInterrupt: it was ended before there was a model; what was done is kept for `resume`.
        VidlabelError: as `train`.
    """
    if not request.output.name or is_folder(request.output):
        raise UsageError(request.output, "is a folder where a model file is needed", "name a file")
    refuse_insufficient(request.training_set, request.source)
    refuse_untunable(request.training_set, request.options, request.features.config, request.init)
    dataset, facts = extract_features(request.training_set, request.features, request.init, listener)
    refuse_insufficient(dataset.training_set, request.source)
    checkpoints = _checkpoints(request, dataset)
    if not request.resume:
        checkpoints.remove()
    tuning = None
    if request.options.tune_encoder is not None:
        encoder = EncoderTuning(dataset, request.features, request.options, listener)
        tuned = encoder.tuned_on(range(len(dataset.features)), checkpoints)
        dataset, facts, tuning = tuned.dataset, tuned.facts, tuned.tuning
        checkpoints = _checkpoints(request, dataset)
    fitted = fit(dataset, facts, request.options, listener, start=request.init, checkpoints=checkpoints, tuning=tuning)
    clips = len(request.training_set.examples)
    named = name_model(fitted, request.output, clips, licence=request.licence, command=request.command)
    model = named.save(request.output)
    if not fitted.interrupted:
        checkpoints.remove()
    return Trained(model, fitted)


def label_options_from(init: Model | None, asked: LabelOptions) -> LabelOptions:
    """What training goes on from looks at files of features at its own rate, where the user gives no other."""
    return asked if init is None else replace(asked, rate=asked.rate or init.spec.rate)


def _checkpoints(request: TrainRequest, dataset: FeatureDataset) -> Checkpoints:
    facts: dict[str, object] = {
        "options": repr(request.options),
        "labels": repr((dataset.training_set.labels, dataset.training_set.task, dataset.training_set.examples)),
        "init": request.init.sha256 if request.init else None,
    }
    arrays: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = [
        view for clip in dataset.features for view in clip.views
    ]
    folder = request.output.with_name(f"{request.output.name}{SUFFIX}")
    return Checkpoints(folder, training_identity(facts, arrays))


def name_model(fitted: FittedModel, output: Path, clips: int, *, licence: str, command: str) -> FittedModel:
    """A model with its name, that of its file, and its origin.

    Args:
        fitted: the model.
        output: file that it will be saved in.
        clips: number of clips that it was trained on.
        licence: of the model.
        command: that trained it.
    """
    spec = replace(
        fitted.network.spec,
        name=output.stem.strip() or "trained",
        description=f"Trained on {clips} clips.",
        licence=licence,
        created=_today(),
        command=command,
    )
    return replace(fitted, network=replace(fitted.network, spec=spec))


def _today() -> str:
    """The date; `SOURCE_DATE_EPOCH` (reproducible-builds.org) sets it, for the same bytes on another day."""
    asked = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.UTC
    now = datetime.datetime.fromtimestamp(int(asked), utc) if asked and asked.isdigit() else datetime.datetime.now(utc)
    return now.date().isoformat()
