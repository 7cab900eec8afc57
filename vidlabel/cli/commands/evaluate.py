"""`vidlabel evaluate`: honest figures for a model, or for what `train` makes of labels."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import AsJson, Debug, DeviceName, Quiet, RuntimeName
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


def evaluate(
    labels: LabelsFile = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME|FILE", help="Measure this model. [default: train one a fold]"),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="Of the cross-validation by group. [default: 5, or the number of groups]")
    ] = None,
    leave_one_group_out: Annotated[bool, typer.Option("--leave-one-group-out", help="One fold a group.")] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Write evaluation.json, predictions.csv and plots (PNG and SVG)."
        ),
    ] = None,
    as_json: AsJson = False,
    tolerance: Annotated[float, typer.Option(help="Seconds that the start of an event may be off.")] = 1.0,
    from_folders: FromFolders = None,
    groups: GroupsFile = None,
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
    cache_dir: CacheDir = None,
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure a model on labelled videos that it has not learnt from; without --model, by cross-validation.

    Groups are never torn apart, and everything is chosen within the training part of a fold. Each figure has a 95 %
    interval over groups, and stands beside a head without recurrence and the most frequent answer.
    """
    from pathlib import Path

    from vidlabel.cli.run.evaluate import AskedEvaluation, run_evaluate
    from vidlabel.training.dataset.examples import LabelOptions
    from vidlabel.training.options import TrainOptions

    asked = AskedEvaluation(
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
        model=model,
        folds=folds,
        leave_one_group_out=leave_one_group_out,
        output=output,
        as_json=as_json,
        tolerance=tolerance,
        rate=rate,
        cache_dir=cache_dir,
        device=device,
        runtime=runtime,
        quiet=quiet,
    )
    raise typer.Exit(run_evaluate(asked))
