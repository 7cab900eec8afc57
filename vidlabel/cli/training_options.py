"""Options of `train` that `evaluate` has, too: what is learnt from, and how."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

LabelsFile = Annotated[
    str | None,
    typer.Argument(metavar="LABELS.CSV", help="A table with the columns video,start,end,label.", show_default=False),
]
FromFolders = Annotated[
    str | None, typer.Option(metavar="DIR", help="In place of a table: one folder for each label, clips in them.")
]
GroupsFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="A table video,group: groups stay together in validation.")
]
TaskName = Annotated[
    Literal["single", "multi", "binary"] | None,
    typer.Option(help="One label at a time, several, or one that holds or not. [default: from the labels]"),
]
PositiveLabel = Annotated[
    str | None,
    typer.Option(
        "--positive",
        metavar="LABEL",
        help="The label of a binary task; others say that it does not hold. [default: by names such as no, other]",
    ),
]
UnlabelledMeaning = Annotated[
    Literal["background", "ignore"] | None,
    typer.Option(help="What time without a row means. [default: background where rows have times]"),
]
HeadName = Annotated[
    Literal["rnn", "lstm", "gru", "gru-article", "mean"] | None,
    typer.Option(help="One kind of head. [default: three bidirectional GRUs, and one without recurrence for clips]"),
]
Activation = Annotated[Literal["tanh", "relu"], typer.Option(help="Of --head rnn.")]
Hidden = Annotated[int, typer.Option(help="Numbers in the state of a head, in one direction.")]
Layers = Annotated[int, typer.Option(help="Of a head.")]
Bidirectional = Annotated[
    bool | None, typer.Option("--bidirectional/--no-bidirectional", help="Whether a head looks ahead.")
]
Dropout = Annotated[float, typer.Option(help="Share of numbers left out in training.")]
Epochs = Annotated[int | None, typer.Option(help="[default: 30, or 40 without recurrence]")]
BatchSize = Annotated[int, typer.Option(help="Clips in an update.")]
LearningRate = Annotated[float, typer.Option(help="The largest.")]
Members = Annotated[int | None, typer.Option(help="Heads with different random starts. [default: 3, with --head 1]")]
InnerFolds = Annotated[int, typer.Option(help="Of the validation by group; 0: none.")]
Streams = Annotated[str | None, typer.Option(help="frames, motion or both. [default: by validation]")]
Rate = Annotated[
    float | None,
    typer.Option(help="Samples per second. [default: 8 for videos; files of features keep their own]"),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same model on the same machine.")]
CacheDir = Annotated[str | None, typer.Option(metavar="DIR", help="Where features are kept.")]
TuneEncoder = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Tune the last N of the encoder's 16 blocks to the labels first: minutes more. [default: none]",
    ),
]
