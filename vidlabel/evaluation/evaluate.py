"""Metrics of a model, or of training in cross-validation, on labelled videos: `vidlabel.evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from vidlabel.evaluation.folds import (
    EvaluationCheckpoints,
    FoldCheckpoints,
    FoldListener,
    FoldModels,
    outer_folds,
    train_fold,
)
from vidlabel.evaluation.predictions import (
    VideoPredictions,
    build_ground_truth,
    evaluation_classes,
    join_predictions,
    majority_predictions,
    score_video,
)
from vidlabel.evaluation.request import EvaluationRequest, fold_count, label_options_for, request_warnings
from vidlabel.evaluation.summary import learning_curves, summarise_evaluation
from vidlabel.features.config import hardware_of
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.features.streams.registry import runtime_of
from vidlabel.heads.config import HeadKind
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.spec import Task
from vidlabel.labels.metrics.evaluation import EvaluatedModel, Evaluation, GroundTruth, Predictions
from vidlabel.labels.metrics.segments import DEFAULT_TOLERANCE_S
from vidlabel.prediction.video_inputs import feature_config
from vidlabel.training.dataset.examples import NOTHING_SAID, LabelOptions, Unlabelled
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.dataset.report import refuse_insufficient
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.feature_options import feature_options
from vidlabel.training.features import extract_features, extract_model_features
from vidlabel.training.finetune.train import EncoderTuning, refuse_untunable
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import SilentTrainListener


class EvaluationListener(FoldListener, Protocol):
    """Receives the progress of an evaluation, from the first video to the last epoch."""


class SilentEvaluationListener(SilentTrainListener):
    """Ignores progress."""

    def fold_begun(self, number: int, folds: int) -> None:
        """Nothing."""


def evaluate(
    labels: str | PathLike[str] | None = None,
    *,
    from_folders: str | PathLike[str] | None = None,
    model: str | PathLike[str] | None = None,
    folds: int | None = None,
    leave_one_group_out: bool = False,
    tolerance: float = DEFAULT_TOLERANCE_S,
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
    audio_stream: int | None = None,
    speech: str | PathLike[str] | None = None,
    cache_dir: str | PathLike[str] | None = None,
    device: Device = "auto",
    runtime: Runtime = "auto",
) -> Evaluation:
    """Measure a model on labelled videos or, without one, what `train` makes of them in cross-validation by group.

    The options of training, and `rate`, cannot be given with `model`.

    Args:
        labels: CSV file with the columns `video,start,end,label`.
        from_folders: in place of a table: folder with one subfolder of clips per label.
        model: name of a shipped model, or path of a model file.
        folds: folds of the cross-validation by group; None: 5, or the number of groups if smaller.
        leave_one_group_out: cross-validate with one fold per group.
        tolerance: largest error of an event's start, in seconds, for the event to count as found.
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
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        speech: `tiny.en`, or folder of a Whisper model, that turns speech into text where there are no subtitles; None:
            speech is not read.
        cache_dir: folder of the feature cache; None: the user's.
        device: where the networks run; `auto`: a GPU if torch can use one.
        runtime: library that runs the encoder.

    Raises:
        UsageError: an argument is invalid.
        InputError: the labels, their videos or the model cannot be used; or groups cannot be split.

    Example:
        >>> evaluation = vidlabel.evaluate("labels.csv", folds=2, inner_folds=0, head="gru", epochs=10)
        >>> evaluation.data.videos, evaluation.data.groups
        (12, 6)
    """
    loaded = None if model is None else load_model(Path(model) if isinstance(model, PathLike) else model)
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
    request = EvaluationRequest(
        training_set=read_training_set("evaluate", labels, from_folders, label_options_for(loaded, label_options)),
        source=str(labels or from_folders or ""),
        model=loaded,
        folds=fold_count(folds, leave_one_group_out=leave_one_group_out),
        options=options,
        features=feature_options(
            options,
            rate,
            cache_dir,
            encoder=encoder,
            model=loaded,
            device=device,
            runtime=runtime,
            audio_stream=audio_stream,
            speech=speech,
        ),
        tolerance_s=tolerance,
    )
    return run_evaluation(request, SilentEvaluationListener())


def run_evaluation(request: EvaluationRequest, listener: EvaluationListener) -> Evaluation:
    """Extract features, train, predict and compute metrics.

    Args:
        request: what to do.
        listener: receives progress.

    Raises:
        KeyboardInterrupt: it was ended; what was trained is kept in `request.state`.
        VidlabelError: as `evaluate`.
    """
    warnings = request_warnings(request)
    if request.model is not None:
        return _measure(request, request.model, warnings, listener)
    refuse_insufficient(request.training_set, request.source)
    refuse_untunable(request.training_set, request.options, request.features.config, None)
    outer_folds(request.training_set.examples, request.folds, request.options.seed)  # before hours of decoding
    return _cross_validate(request, warnings, listener)


def _measure(
    request: EvaluationRequest, model: Model, warnings: tuple[str, ...], listener: EvaluationListener
) -> Evaluation:
    dataset = extract_model_features(model, request.training_set, request.features, listener)
    classes = evaluation_classes(dataset, model.spec)
    examples = dataset.training_set.examples
    tested = build_ground_truth(dataset, classes, [0] * len(examples))
    predictions = [score_video(model, features, classes) for features in dataset.features]
    everything = np.ones(len(tested.known), np.bool_)
    majority = [majority_predictions(tested, everything, video) for video in range(len(examples))]
    return summarise_evaluation(
        tested,
        join_predictions(predictions),
        {"mean": None, "majority": join_predictions(majority)},
        tolerance_s=request.tolerance_s,
        model=EvaluatedModel(
            name=model.spec.name,
            head=model.spec.head_name,
            streams=model.spec.stream_names,
            encoder=model.spec.encoder_title,
            runtime=_used_runtime(request, model.spec.stream_names),
            sha256=model.sha256,
            options=None,
        ),
        split="none: one model file predicted all videos",
        warnings=warnings,
        curves=learning_curves([model.spec], first=0),
    )


def _cross_validate(request: EvaluationRequest, warnings: tuple[str, ...], listener: EvaluationListener) -> Evaluation:
    dataset, facts = extract_features(request.training_set, request.features, None, listener)
    refuse_insufficient(dataset.training_set, request.source)
    examples = dataset.training_set.examples
    folds = outer_folds(examples, request.folds, request.options.seed)
    classes = evaluation_classes(dataset, None)
    states = EvaluationCheckpoints.of(request.state, dataset, repr((request.options, request.folds)))
    encoder = None
    if request.options.tune_encoder is not None:
        encoder = EncoderTuning(dataset, request.features, request.options, listener)
    models = []
    for number, fold in enumerate(folds, 1):
        listener.fold_begun(number, len(folds))
        keeping = FoldCheckpoints(*(states.of_fold(number, name) for name in ("model", "mean", "encoder")))
        models.append(train_fold(dataset, fold, facts, request.options, classes, listener, keeping, encoder))
    fold_of = {place: number for number, fold in enumerate(folds, 1) for place in fold.test_indices}
    tested = build_ground_truth(dataset, classes, [fold_of[place] for place in range(len(examples))])
    evaluation = summarise_evaluation(
        tested,
        _in_order(folds, [one.predictions for one in models]),
        {"mean": _in_order(folds, [one.baseline for one in models]), "majority": _majority(tested, folds)},
        tolerance_s=request.tolerance_s,
        model=_trained_model(models, request),
        split=_split(request, len(folds)),
        warnings=warnings,
        curves=learning_curves([one.spec for one in models], first=1),
    )
    states.remove()
    return evaluation


def _in_order(folds: Sequence[Fold], predictions: Sequence[tuple[VideoPredictions, ...]]) -> Predictions:
    by_video = {
        place: own
        for fold, found in zip(folds, predictions, strict=True)
        for place, own in zip(fold.test_indices, found, strict=True)
    }
    return join_predictions([by_video[place] for place in sorted(by_video)])


def _majority(tested: GroundTruth, folds: Sequence[Fold]) -> Predictions:
    """Always predict the most frequent label of the training part of each fold."""
    found = []
    for fold in folds:
        learnt = np.isin(tested.video_of_row, fold.train_indices)
        found.append(tuple(majority_predictions(tested, learnt, video) for video in fold.test_indices))
    return _in_order(folds, found)


def _trained_model(models: Sequence[FoldModels], request: EvaluationRequest) -> EvaluatedModel:
    specs = [one.spec for one in models]
    streams = tuple(dict.fromkeys(stream for spec in specs for stream in spec.stream_names))
    return EvaluatedModel(
        name="trained",
        head="+".join(dict.fromkeys(member.head.kind for spec in specs for member in spec.members)),
        streams=streams,
        encoder=" + ".join(dict.fromkeys(title for spec in specs for title in spec.encoder_titles)),
        runtime=_used_runtime(request, streams),
        sha256=None,
        options=asdict(request.options),
    )


def _used_runtime(request: EvaluationRequest, streams: Sequence[str]) -> str | None:
    if request.training_set.features is not None:
        return None
    config = request.features.config
    if request.model is not None:
        config = feature_config(request.model, config, request.features.encoder_path)
    return runtime_of(streams, hardware_of(config, request.features.device)[1])


def _split(request: EvaluationRequest, folds: int) -> str:
    if request.folds == "groups":
        return f"leave one group out: {folds} folds"
    return f"{folds} folds of whole groups, seed {request.options.seed}"
