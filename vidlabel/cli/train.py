"""`vidlabel train`: teach labels of your own."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.cli.common import Debug, DeviceName, Quiet


def train(
    labels: Annotated[
        str | None,
        typer.Argument(
            metavar="LABELS.CSV", help="A table with the columns video,start,end,label.", show_default=False
        ),
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The model.")] = "model.safetensors",
    from_folders: Annotated[
        str | None, typer.Option(metavar="DIR", help="In place of a table: one folder for each label, clips in them.")
    ] = None,
    groups: Annotated[
        str | None, typer.Option(metavar="FILE", help="A table video,group: groups stay together in validation.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the labels, show what there is, and stop.")] = False,
    task: Annotated[
        Literal["single", "multi", "binary"] | None,
        typer.Option(help="One label at a time, several, or one that holds or not. [default: from the labels]"),
    ] = None,
    unlabelled: Annotated[
        Literal["background", "ignore"] | None,
        typer.Option(help="What time without a row means. [default: background where rows have times]"),
    ] = None,
    head: Annotated[
        Literal["rnn", "lstm", "gru", "gru-article", "mean"] | None,
        typer.Option(
            help="One kind of head. [default: three bidirectional GRUs, and one without recurrence for clips]"
        ),
    ] = None,
    activation: Annotated[Literal["tanh", "relu"], typer.Option(help="Of --head rnn.")] = "tanh",
    hidden: Annotated[int, typer.Option(help="Numbers in the state of a head, in one direction.")] = 48,
    layers: Annotated[int, typer.Option(help="Of a head.")] = 1,
    bidirectional: Annotated[
        bool | None, typer.Option("--bidirectional/--no-bidirectional", help="Whether a head looks ahead.")
    ] = None,
    dropout: Annotated[float, typer.Option(help="Share of numbers left out in training.")] = 0.3,
    epochs: Annotated[int | None, typer.Option(help="[default: 30, or 40 without recurrence]")] = None,
    batch_size: Annotated[int, typer.Option(help="Clips in an update.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="The largest.")] = 2e-3,
    members: Annotated[
        int | None, typer.Option(help="Heads with different random starts. [default: 3, with --head 1]")
    ] = None,
    inner_folds: Annotated[int, typer.Option(help="Of the validation by group; 0: none.")] = 5,
    streams: Annotated[str | None, typer.Option(help="frames, motion or both. [default: by validation]")] = None,
    rate: Annotated[float, typer.Option(help="Samples per second.")] = 8.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model on the same machine.")] = 0,
    init: Annotated[str | None, typer.Option(metavar="FILE", help="A trained model to go on from.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with this training, which was interrupted.")] = False,
    licence: Annotated[str, typer.Option(help="Of the model, for its file.")] = "not stated",
    cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where features are kept.")] = None,
    device: DeviceName = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a model on labelled videos, clips or files of features: minutes on a laptop.

    The figures shown at the end are of clips that were not learnt from; no group is ever on both sides.
    """
    from pathlib import Path

    from vidlabel.cli.training import AskedTraining, check_labels, run_train
    from vidlabel.training.examples import LabelOptions
    from vidlabel.training.options import TrainOptions

    asked = AskedTraining(
        labels=labels,
        from_folders=from_folders,
        label_options=LabelOptions(
            groups=None if groups is None else Path(groups), task=task, unlabelled=unlabelled, rate=rate
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
        ),
        output=output,
        rate=rate,
        init=init,
        resume=resume,
        licence=licence,
        cache_dir=cache_dir,
        device=device,
        quiet=quiet,
    )
    raise typer.Exit(check_labels(asked) if check else run_train(asked))
