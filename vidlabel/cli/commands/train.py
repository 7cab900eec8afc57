"""`vidlabel train`: train a model on the user's own labels."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import (
    TRAINING,
    Activation,
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
from vidlabel.training.options import DEFAULT_OUTPUT, NO_LICENCE

Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Model file to write.")]
Check = Annotated[bool, typer.Option("--check", help="Check the labels and videos, show a summary, and stop.")]
Init = Annotated[str | None, typer.Option(metavar="FILE", help="Trained model to continue from.")]
Resume = Annotated[bool, typer.Option("--resume", help="Resume the same training after an interruption.")]
Licence = Annotated[str, typer.Option(help="Licence of the model, stored in its file.")]


def train(
    context: typer.Context,
    labels: LabelsFile = None,
    output: Output = DEFAULT_OUTPUT,
    from_folders: FromFolders = None,
    groups: GroupsFile = None,
    check: Check = False,
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
    init: Init = None,
    resume: Resume = False,
    licence: Licence = NO_LICENCE,
    audio_stream: AudioStream = None,
    speech: Speech = None,
    cache_dir: CacheDir = None,
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a model on labelled videos, clips or feature files: minutes on a laptop.

    The metrics shown at the end come from clips that were held out of training; a group is never split.
    """
    from vidlabel.cli.run.train import check_labels, run_train

    label_options, options = label_options_from(context.params), train_options_from(context.params)
    if check:
        raise typer.Exit(check_labels(labels, from_folders, label_options))
    status = run_train(
        labels,
        from_folders,
        label_options,
        options,
        output=output,
        rate=rate,
        encoder=encoder,
        init=init,
        resume=resume,
        licence=licence,
        audio_stream=audio_stream,
        speech=speech,
        cache_dir=cache_dir,
        device=device,
        runtime=runtime,
        quiet=quiet,
    )
    raise typer.Exit(status)
