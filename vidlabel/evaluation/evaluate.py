"""From labelled videos to honest figures: `vidlabel.evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path

import numpy as np

from vidlabel.evaluation.features import gather_for_model
from vidlabel.evaluation.fold_checkpoints import EvaluationCheckpoints
from vidlabel.evaluation.folds import (
    FoldCheckpoints,
    FoldModels,
    outer_folds,
    train_fold,
)
from vidlabel.evaluation.predictions import (
    VideoPredictions,
    build_ground_truth,
    evaluation_classes,
    join_answers,
    majority_answers,
    score_video,
)
from vidlabel.evaluation.request import (
    EvaluationListener,
    EvaluationRequest,
    SilentEvaluationListener,
    fold_count,
    label_options_for,
    request_warnings,
)
from vidlabel.evaluation.summary import learning_curves, summarise_evaluation
from vidlabel.features.encoders.hardware import Runtime, resolve_hardware
from vidlabel.heads.model import Model, load_model
from vidlabel.labels.metrics.evaluation import EvaluatedModel, Evaluation, GroundTruth, Predictions
from vidlabel.labels.metrics.segments import DEFAULT_TOLERANCE_S
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.dataset.report import refuse_insufficient
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.features import feature_options, gather
from vidlabel.training.finetune.features import EncoderTuning, refuse_untunable
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS
from vidlabel.training.options import TrainOptions


def evaluate(
    labels: str | PathLike[str],
    *,
    model: str | PathLike[str] | None = None,
    folds: int | None = None,
    leave_one_group_out: bool = False,
    groups: str | PathLike[str] | None = None,
    rate: float | None = None,
    tolerance: float = DEFAULT_TOLERANCE_S,
    inner_folds: int = DEFAULT_OPTIONS.folds,
    cache_dir: str | PathLike[str] | None = None,
    runtime: Runtime = "auto",
    **options: object,
) -> Evaluation:
    """Measure a model on labelled videos, or, without one, what `train` makes of them in cross-validation by group.

    Args:
        labels: a CSV file with the columns `video,start,end,label`.
        model: name of a shipped model, or a model file.
        folds: how many, without a model; None: 5, or one for each group where there are fewer.
        leave_one_group_out: one fold for each group.
        groups: a CSV file with the columns `video,group`; groups are never torn apart.
        rate: samples per second, without a model; None: 8 for videos, and their own for files of features.
        tolerance: seconds that the start of an event may be off.
        inner_folds: within the training part of each fold, which calibrates and chooses; 0: none.
        cache_dir: where features are kept.
        runtime: what computes the network: `auto`, `torch`, `torch-half` or `openvino`.
        **options: `task`, `positive` and `unlabelled`, and the other options of training, as `train` takes them.

    Raises:
        UsageError: an option that cannot be meant.
        InputError: the labels, their videos or the model cannot be used; or groups cannot be split.
    """
    loaded = None if model is None else load_model(Path(model) if isinstance(model, PathLike) else model)
    meaning = {name: options.pop(name) for name in ("task", "positive", "unlabelled") if name in options}
    asked = LabelOptions(groups=Path(groups) if groups else None, rate=rate, **meaning)  # type: ignore[arg-type]
    train_options = TrainOptions(folds=inner_folds, **options)  # type: ignore[arg-type]
    request = EvaluationRequest(
        training_set=read_examples(Path(labels), label_options_for(loaded, asked)),
        source=str(labels),
        model=loaded,
        folds=fold_count(folds, leave_one_group_out=leave_one_group_out),
        options=train_options,
        features=feature_options(train_options, rate, cache_dir, runtime=runtime),
        tolerance_s=tolerance,
    )
    return run_evaluation(request, SilentEvaluationListener())


def run_evaluation(request: EvaluationRequest, listener: EvaluationListener) -> Evaluation:
    """Gather features, train and ask, and put figures to it.

    Args:
        request: what to do.
        listener: told how it goes.

    Raises:
        KeyboardInterrupt: it was ended; what was trained is kept in `request.state`.
        VidlabelError: as `evaluate`.
    """
    warnings = request_warnings(request)
    if request.model is not None:
        return _measure(request, request.model, warnings, listener)
    refuse_insufficient(request.training_set, request.source)
    refuse_untunable(request.training_set, request.options, None)
    outer_folds(request.training_set.examples, request.folds, request.options.seed)  # before hours of decoding
    return _cross_validate(request, warnings, listener)


def _measure(
    request: EvaluationRequest, model: Model, warnings: tuple[str, ...], listener: EvaluationListener
) -> Evaluation:
    gathered = gather_for_model(model, request.training_set, request.features, listener)
    classes = evaluation_classes(gathered, model.spec)
    examples = gathered.training_set.examples
    tested = build_ground_truth(gathered, classes, [0] * len(examples))
    answers = [score_video(model, features, classes) for features in gathered.features]
    everything = np.ones(len(tested.known), np.bool_)
    majority = [majority_answers(tested, everything, video) for video in range(len(examples))]
    return summarise_evaluation(
        tested,
        join_answers(answers),
        {"mean": None, "majority": join_answers(majority)},
        tolerance_s=request.tolerance_s,
        model=EvaluatedModel(
            name=model.spec.name,
            head=model.spec.head_name,
            streams=model.spec.streams,
            encoder=model.spec.encoder.title,
            runtime=_used_runtime(request),
            sha256=model.sha256,
            options=None,
        ),
        split="none: all videos were asked of one model file",
        warnings=warnings,
        curves=learning_curves([model.spec], first=0),
    )


def _cross_validate(request: EvaluationRequest, warnings: tuple[str, ...], listener: EvaluationListener) -> Evaluation:
    gathered, facts = gather(request.training_set, request.features, None, listener)
    refuse_insufficient(gathered.training_set, request.source)
    examples = gathered.training_set.examples
    folds = outer_folds(examples, request.folds, request.options.seed)
    classes = evaluation_classes(gathered, None)
    states = EvaluationCheckpoints.of(request.state, gathered, repr((request.options, request.folds)))
    encoder = None
    if request.options.tune_encoder is not None:
        encoder = EncoderTuning(gathered, request.features, request.options, listener)
    models = []
    for number, fold in enumerate(folds, 1):
        listener.fold_begun(number, len(folds))
        keeping = FoldCheckpoints(*(states.of_fold(number, name) for name in ("model", "mean", "encoder")))
        models.append(train_fold(gathered, fold, facts, request.options, classes, listener, keeping, encoder))
    fold_of = {place: number for number, fold in enumerate(folds, 1) for place in fold.test_indices}
    tested = build_ground_truth(gathered, classes, [fold_of[place] for place in range(len(examples))])
    evaluation = summarise_evaluation(
        tested,
        _in_order(folds, [one.answers for one in models]),
        {"mean": _in_order(folds, [one.baseline for one in models]), "majority": _majority(tested, folds)},
        tolerance_s=request.tolerance_s,
        model=_trained_model(models, request),
        split=_split(request, len(folds)),
        warnings=warnings,
        curves=learning_curves([one.spec for one in models], first=1),
    )
    states.remove()
    return evaluation


def _in_order(folds: Sequence[Fold], answers: Sequence[tuple[VideoPredictions, ...]]) -> Predictions:
    by_video = {
        place: own
        for fold, said in zip(folds, answers, strict=True)
        for place, own in zip(fold.test_indices, said, strict=True)
    }
    return join_answers([by_video[place] for place in sorted(by_video)])


def _majority(tested: GroundTruth, folds: Sequence[Fold]) -> Predictions:
    """Of the training part of each fold."""
    said = []
    for fold in folds:
        learnt = np.isin(tested.video_of_row, fold.train_indices)
        said.append(tuple(majority_answers(tested, learnt, video) for video in fold.test_indices))
    return _in_order(folds, said)


def _trained_model(models: Sequence[FoldModels], request: EvaluationRequest) -> EvaluatedModel:
    specs = [one.spec for one in models]
    return EvaluatedModel(
        name="trained",
        head=specs[0].head_name,
        streams=tuple(dict.fromkeys(stream for spec in specs for stream in spec.streams)),
        encoder=specs[0].encoder.title,
        runtime=_used_runtime(request),
        sha256=None,
        options=asdict(request.options),
    )


def _used_runtime(request: EvaluationRequest) -> str | None:
    if request.training_set.features is not None:
        return None
    return resolve_hardware(request.features.device, request.features.recipe.runtime)[1]


def _split(request: EvaluationRequest, folds: int) -> str:
    if request.folds == "groups":
        return f"leave one group out: {folds} folds"
    return f"{folds} folds of whole groups, seed {request.options.seed}"
