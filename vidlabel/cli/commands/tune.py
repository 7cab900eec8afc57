"""`vidlabel tune`: find the settings of training within a time, and train with them."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import (
    TRAINING,
    AudioStream,
    CacheDir,
    Debug,
    DeviceName,
    FromFolders,
    GroupsFile,
    InnerFolds,
    LabelsFile,
    PositiveLabel,
    Quiet,
    RuntimeName,
    Seed,
    Speech,
    TaskName,
    UnlabelledMeaning,
    label_options_from,
    options_from,
)
from vidlabel.training.options import DEFAULT_MINUTES, NO_LICENCE

Output = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="Model file to write; tables and plots go beside it.")
]
Minutes = Annotated[float, typer.Option(help="Wall time for everything: features, trials and the model.")]
Trials = Annotated[
    int | None,
    typer.Option(help="Largest number of trials, the defaults included. [default: as many as there is time for]"),
]
Nested = Annotated[
    bool, typer.Option("--nested", help="Measure the search, too: it runs anew in outer folds by group.")
]
Folds = Annotated[
    int | None, typer.Option(help="Outer folds of --nested. [default: 5, or the number of groups if smaller]")
]
Streams = Annotated[
    str | None,
    typer.Option(
        help="Streams to choose among, separated by commas: frames, motion, pose, audio. "
        "[default: frames, motion, pose and, where the videos have sound, audio]"
    ),
]
Encoders = Annotated[
    list[str],
    typer.Option(
        "--encoder",
        metavar="NAME|FILE",
        help="Encoder of the pictures to try, as in train. Several (--encoder A --encoder B) are compared, and the "
        "defaults have the first one. [default: efficientnet-lite0, and -lite1 and -lite2 where they are installed]",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(help="Highest number of samples per second. [default: 8 for videos; feature files keep their own]"),
]
Licence = Annotated[str, typer.Option(help="Licence of the model, stored in its file.")]


def tune(
    context: typer.Context,
    labels: LabelsFile = None,
    output: Output = "best.safetensors",
    minutes: Minutes = DEFAULT_MINUTES,
    trials: Trials = None,
    nested: Nested = False,
    folds: Folds = None,
    from_folders: FromFolders = None,
    groups: GroupsFile = None,
    task: TaskName = None,
    positive: PositiveLabel = None,
    unlabelled: UnlabelledMeaning = None,
    inner_folds: InnerFolds = TRAINING.folds,
    streams: Streams = None,
    encoder: Encoders = [],  # noqa: B006 - typer copies it
    rate: Rate = None,
    seed: Seed = TRAINING.seed,
    licence: Licence = NO_LICENCE,
    audio_stream: AudioStream = None,
    speech: Speech = None,
    cache_dir: CacheDir = None,
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find the head, size, streams, rate and regularisation for your labels within a time, and train the model.

    Trials are scored in cross-validation by group. The smallest model within one standard error of the best that is no
    lower than the defaults of train is trained on everything. The same command goes on where it was interrupted.
    """
    from vidlabel.cli.run.tune import run_tune
    from vidlabel.evaluation.tune_options import TuneOptions

    named = None if streams is None else tuple(name.strip() for name in streams.split(","))
    options = options_from(TuneOptions, {**context.params, "streams": named, "encoders": tuple(encoder)})
    labelled = label_options_from(context.params)
    raise typer.Exit(run_tune(labels, from_folders, labelled, options, output=output, quiet=quiet))
