"""`vidlabel train`: teach labels of your own."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import Debug, DeviceName, Quiet, RuntimeName
from vidlabel.cli.training_options import (
    Activation,
    BatchSize,
    Bidirectional,
    CacheDir,
    Dropout,
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
    Rate,
    Seed,
    Streams,
    TaskName,
    TuneEncoder,
    UnlabelledMeaning,
)


def train(
    labels: LabelsFile = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The model.")] = "model.safetensors",
    from_folders: FromFolders = None,
    groups: GroupsFile = None,
    check: Annotated[bool, typer.Option("--check", help="Check the labels, show what there is, and stop.")] = False,
    task: TaskName = None,
    positive: PositiveLabel = None,
    unlabelled: UnlabelledMeaning = None,
    head: HeadName = None,
    activation: Activation = "tanh",
    hidden: Hidden = 48,
    layers: Layers = 1,
    bidirectional: Bidirectional = None,
    dropout: Dropout = 0.3,
    epochs: Epochs = None,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 1e-2,
    members: Members = None,
    inner_folds: InnerFolds = 5,
    streams: Streams = None,
    rate: Rate = None,
    seed: Seed = 0,
    tune_encoder: TuneEncoder = None,
    init: Annotated[str | None, typer.Option(metavar="FILE", help="A trained model to go on from.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with this training, which was interrupted.")] = False,
    licence: Annotated[str, typer.Option(help="Of the model, for its file.")] = "not stated",
    cache_dir: CacheDir = None,
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a model on labelled videos, clips or files of features: minutes on a laptop.

    The figures shown at the end are of clips that were not learnt from; no group is ever on both sides.
    """
    from pathlib import Path

    from vidlabel.cli.run.train import AskedTraining, check_labels, run_train
    from vidlabel.training.dataset.examples import LabelOptions
    from vidlabel.training.options import TrainOptions

    asked = AskedTraining(
        labels=labels,
        from_folders=from_folders,
        label_options=LabelOptions(
            groups=None if groups is None else Path(groups),
            task=task,
            positive=positive,
            unlabelled=unlabelled,
            rate=rate,
        ),
        options=TrainOptions(
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
            streams=None if streams is None else tuple(name.strip() for name in streams.split(",")),
            seed=seed,
            tune_encoder=tune_encoder,
        ),
        output=output,
        rate=rate,
        init=init,
        resume=resume,
        licence=licence,
        cache_dir=cache_dir,
        device=device,
        runtime=runtime,
        quiet=quiet,
    )
    raise typer.Exit(check_labels(asked) if check else run_train(asked))
