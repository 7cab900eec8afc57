"""Options that several commands share, so that each has one name and one meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.config import HeadKind
from vidlabel.training.options import DEFAULT_MEMBERS, MOST_TUNED_BLOCKS, TrainOptions
from vidlabel.video.request import Decoder

if TYPE_CHECKING:  # it loads numpy
    from vidlabel.training.dataset.examples import LabelOptions

Options = TypeVar("Options")

TRAINING = TrainOptions()
"""The defaults of the options of training."""

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show warnings and errors only: no progress, no summary.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ModelNames = Annotated[
    list[str],
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="Name of a shipped model or video network, or a model file. Several (-m A -m B) label in one pass over "
        "each video.",
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME|FILE",
        help="Encoder of the pictures: efficientnet-lite0, -lite1 or -lite2, a network (.onnx, .pt2), one of timm's "
        "(timm:NAME), or a model file whose encoder to use. [default: efficientnet-lite0]",
    ),
]
EncoderFileName = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="FILE",
        help="Encoder that the model was trained with, where it was a file. [default: that file beside the model]",
    ),
]
RuntimeName = Annotated[
    Runtime,
    typer.Option(
        help="Library that runs the encoder. auto: torch-half (half precision) on a GPU; on the CPU openvino where it "
        "is installed, else torch."
    ),
]
DeviceName = Annotated[Device, typer.Option(help="Device that the networks run on. auto: a GPU if torch can use one.")]
DecoderName = Annotated[Decoder, typer.Option(help="Video decoder. auto: the fastest that decodes the file exactly.")]
AudioStream = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Number of the audio stream that is heard, from 0. [default: the one that players choose]"
    ),
]
Subtitles = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Subtitles (.srt .vtt .ass) for the text stream. [default: a file beside the video, else those inside it]",
    ),
]
Speech = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="For the text stream, where there are no subtitles: Whisper model that reads its speech, tiny.en, one "
        "that was pulled (whisper-small), or a folder. [default: speech is not read]",
    ),
]
Recursive = Annotated[bool, typer.Option("--recursive/--no-recursive", help="Search subfolders too.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Retry videos that failed in an earlier run.")]
Summary = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write a table of all inputs and their outcomes (.csv or .json).")
]
CacheDir = Annotated[
    str | None, typer.Option("--cache-dir", metavar="DIR", help="Folder of the feature cache. [default: the user's]")
]

LabelsFile = Annotated[
    str | None,
    typer.Argument(
        metavar="LABELS.CSV", help="Table of labels with the columns video,start,end,label.", show_default=False
    ),
]
FromFolders = Annotated[
    str | None, typer.Option(metavar="DIR", help="In place of a table: folder with one subfolder of clips per label.")
]
GroupsFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Table with the columns video,group. Validation never splits a group."),
]
TaskName = Annotated[
    Literal["single", "multi", "binary"] | None,
    typer.Option(
        help="Labelling task: one label at a time, labels that may overlap, or one label that holds or does not. "
        "[default: inferred from the labels]"
    ),
]
PositiveLabel = Annotated[
    str | None,
    typer.Option(
        "--positive",
        metavar="LABEL",
        help="Label of a binary task that counts as positive. [default: inferred from names such as no, other]",
    ),
]
UnlabelledMeaning = Annotated[
    Literal["background", "ignore"] | None,
    typer.Option(
        help="How to treat time without a row: as background (no label holds), or not at all. "
        "[default: background where rows have times]"
    ),
]
HeadName = Annotated[
    HeadKind | None,
    typer.Option(
        help=f"Kind of head. [default: an ensemble of {DEFAULT_MEMBERS} bidirectional GRUs, for clips with a head "
        "without recurrence]"
    ),
]
Activation = Annotated[Literal["tanh", "relu"], typer.Option(help="Activation function of --head rnn.")]
Hidden = Annotated[int, typer.Option(help="Hidden units of a recurrent layer, per direction.")]
Layers = Annotated[int, typer.Option(help="Number of recurrent layers.")]
Bidirectional = Annotated[
    bool | None,
    typer.Option(
        "--bidirectional/--no-bidirectional",
        help="Run recurrent heads over time in both directions. [default: only without --head]",
    ),
]
Dropout = Annotated[float, typer.Option(help="Dropout rate in training, 0 to below 1.")]
Epochs = Annotated[
    int | None,
    typer.Option(help="Training epochs of each head. [default: 30, or 40 without recurrence; more for few clips]"),
]
BatchSize = Annotated[int, typer.Option(help="Clips, or windows of long videos, per training step.")]
LearningRate = Annotated[float, typer.Option(help="Peak learning rate.")]
Members = Annotated[
    int | None,
    typer.Option(
        help="Number of recurrent heads, which differ in their random initialisation. "
        f"[default: {DEFAULT_MEMBERS}, with --head 1]"
    ),
]
InnerFolds = Annotated[
    int, typer.Option(help="Folds of the inner cross-validation that calibrates scores; 0 disables it.")
]
Streams = Annotated[
    str | None,
    typer.Option(
        help="Streams of videos to train on, separated by commas: frames, motion, pose, audio, text, or a video "
        "network that was pulled (r2plus1d_18). "
        "[default: of frames, motion, pose and, where the videos have sound, audio: chosen by validation]"
    ),
]
Rate = Annotated[
    float | None, typer.Option(help="Samples per second. [default: 8 for videos; feature files keep their own]")
]
Seed = Annotated[int, typer.Option(help="Random seed. The same seed gives the same model on the same machine.")]
TuneEncoder = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help=f"Fine-tune the last N of the encoder's {MOST_TUNED_BLOCKS} blocks on the labels first, which takes "
        "minutes longer. [default: none]",
    ),
]


def options_from(kind: type[Options], parameters: Mapping[str, Any]) -> Options:
    """Those parameters of a command that are fields of an options dataclass of the library.

    Raises:
        UsageError: a value is out of range, or contradicts another.
    """
    names = [field.name for field in fields(kind) if field.name in parameters]  # type: ignore[arg-type]
    return kind(**{name: parameters[name] for name in names})


def label_options_from(parameters: Mapping[str, Any]) -> LabelOptions:
    """The options of `train` and `evaluate` that concern the labels.

    Raises:
        UsageError: a value is out of range, or contradicts another.
    """
    from vidlabel.training.dataset.examples import LabelOptions

    groups = parameters["groups"]
    return options_from(LabelOptions, {**parameters, "groups": None if groups is None else Path(groups)})


def train_options_from(parameters: Mapping[str, Any]) -> TrainOptions:
    """The options of `train` and `evaluate` that concern training.

    Raises:
        UsageError: a value is out of range, or contradicts another.
    """
    streams = parameters["streams"]
    split = None if streams is None else tuple(name.strip() for name in streams.split(","))
    # `evaluate` has --folds of its own: those of the outer cross-validation.
    return options_from(TrainOptions, {**parameters, "folds": parameters["inner_folds"], "streams": split})
