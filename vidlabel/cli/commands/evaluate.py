"""`vidlabel evaluate`: measure a model, or what `train` makes of labels."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import (
    TRAINING,
    Activation,
    AsJson,
    AudioStream,
    BatchSize,
    Bidirectional,
    CacheDir,
    Debug,
    DeviceName,
    Dropout,
    EncoderName,
    Epochs,
    FromFolders,
    GroupsFile,
    HeadName,
    Hidden,
    InnerFolds,
    LabelsFile,
    Layers,
    LearningRate,
    Members,
    PositiveLabel,
    Quiet,
    Rate,
    RuntimeName,
    Seed,
    Speech,
    Streams,
    TaskName,
    TuneEncoder,
    UnlabelledMeaning,
    label_options_from,
    train_options_from,
)
from vidlabel.labels.metrics.segments import DEFAULT_TOLERANCE_S

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="Shipped model or model file to measure. [default: train a model for each fold]",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(help="Folds of the cross-validation by group. [default: 5, or the number of groups if smaller]"),
]
LeaveOneGroupOut = Annotated[
    bool, typer.Option("--leave-one-group-out", help="Cross-validate with one fold per group.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="Folder for evaluation.json, predictions.csv and plots (PNG and SVG)."
    ),
]
Tolerance = Annotated[
    float, typer.Option(help="Largest error of an event's start, in seconds, for the event to count as found.")
]


def evaluate(
    context: typer.Context,
    labels: LabelsFile = None,
    model: Model = None,
    folds: Folds = None,
    leave_one_group_out: LeaveOneGroupOut = False,
    output: Output = None,
    as_json: AsJson = False,
    tolerance: Tolerance = DEFAULT_TOLERANCE_S,
    from_folders: FromFolders = None,
    groups: GroupsFile = None,
    task: TaskName = None,
    positive: PositiveLabel = None,
    unlabelled: UnlabelledMeaning = None,
    head: HeadName = TRAINING.head,
    activation: Activation = TRAINING.activation,
    hidden: Hidden = TRAINING.hidden,
    layers: Layers = TRAINING.layers,
    bidirectional: Bidirectional = TRAINING.bidirectional,
    dropout: Dropout = TRAINING.dropout,
    epochs: Epochs = TRAINING.epochs,
    batch_size: BatchSize = TRAINING.batch_size,
    learning_rate: LearningRate = TRAINING.learning_rate,
    members: Members = TRAINING.members,
    inner_folds: InnerFolds = TRAINING.folds,
    streams: Streams = None,
    encoder: EncoderName = None,
    rate: Rate = None,
    seed: Seed = TRAINING.seed,
    tune_encoder: TuneEncoder = TRAINING.tune_encoder,
    audio_stream: AudioStream = None,
    speech: Speech = None,
    cache_dir: CacheDir = None,
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure a model on labelled videos that it was not trained on; without --model, by cross-validation.

    Groups are never split, and every choice is made within the training part of a fold. Each metric has a 95 %
    confidence interval over groups, beside two baselines: a head without recurrence, and the most frequent label.
    """
    from vidlabel.cli.run.evaluate import run_evaluate

    status = run_evaluate(
        labels,
        from_folders,
        label_options_from(context.params),
        train_options_from(context.params),
        model=model,
        folds=folds,
        leave_one_group_out=leave_one_group_out,
        output=output,
        as_json=as_json,
        tolerance=tolerance,
        rate=rate,
        encoder=encoder,
        audio_stream=audio_stream,
        speech=speech,
        cache_dir=cache_dir,
        device=device,
        runtime=runtime,
        quiet=quiet,
    )
    raise typer.Exit(status)
