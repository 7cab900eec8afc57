"""`vidlabel features`: extract features of videos into files."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.cli.options import (
    AudioStream,
    Debug,
    DecoderName,
    DeviceName,
    EncoderName,
    Quiet,
    Recursive,
    RetryFailed,
    RuntimeName,
    Speech,
    Subtitles,
    Summary,
    options_from,
)
from vidlabel.features.config import ExtractOptions, PlainView

DEFAULTS = ExtractOptions()
DEFAULT_STREAMS = ",".join(DEFAULTS.streams)

Inputs = Annotated[
    list[str],
    typer.Argument(
        help="Videos, folders, @LIST (a file with one path per line), or - (such a list on standard input)."
    ),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Folder for one feature file per video.")]
Rate = Annotated[float, typer.Option(help="Samples per second.")]
Streams = Annotated[
    str,
    typer.Option(
        help="Streams to extract, separated by commas: frames, motion, pose, audio, text, or a video network that was "
        "pulled (r2plus1d_18)."
    ),
]
ShortSide = Annotated[
    int | None,
    typer.Option(help="Size of the frames: pixels of the shorter side. [default: as the encoder was trained]"),
]
ViewName = Annotated[
    PlainView, typer.Option(help="Part of the frame to encode: the square in the middle, or the whole frame.")
]
Lag = Annotated[float, typer.Option(help="Seconds between the two frames that the motion stream compares.")]
FormatName = Annotated[Literal["npz", "safetensors"], typer.Option("--format", help="Format of the feature files.")]
Workers = Annotated[
    int | None, typer.Option(help="Number of videos processed in parallel. [default: by cores and memory]")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Extract finished videos again, and replace files changed since.")
]


def features(
    context: typer.Context,
    inputs: Inputs,
    output: Output,
    rate: Rate = DEFAULTS.rate,
    streams: Streams = DEFAULT_STREAMS,
    encoder: EncoderName = None,
    short_side: ShortSide = None,
    view: ViewName = DEFAULTS.view,
    lag: Lag = DEFAULTS.lag,
    format_name: FormatName = "npz",
    device: DeviceName = DEFAULTS.device,
    runtime: RuntimeName = DEFAULTS.runtime,
    decoder: DecoderName = DEFAULTS.decoder,
    audio_stream: AudioStream = DEFAULTS.audio_stream,
    subtitles: Subtitles = None,
    speech: Speech = None,
    workers: Workers = None,
    recursive: Recursive = True,
    overwrite: Overwrite = False,
    retry_failed: RetryFailed = False,
    summary: Summary = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Extract feature vectors from videos: times (T,) and features (T, D), one file per video.

    Finished videos are skipped. `train` takes the files in place of videos.
    """
    from vidlabel.cli.run.features import run_features
    from vidlabel.features.streams.registry import parse_streams

    status = run_features(
        inputs,
        options_from(ExtractOptions, {**context.params, "streams": parse_streams(streams)}),
        output=output,
        format_name=format_name,
        workers=workers,
        recursive=recursive,
        overwrite=overwrite,
        retry_failed=retry_failed,
        summary=summary,
        quiet=quiet,
        debug=debug,
    )
    raise typer.Exit(status)
