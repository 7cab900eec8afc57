"""`vidlabel features`: extract features of videos into files."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.cli.options import Debug, DecoderName, DeviceName, Quiet, Recursive, RuntimeName
from vidlabel.features.config import FeatureConfig

DEFAULTS = FeatureConfig()

Inputs = Annotated[
    list[str],
    typer.Argument(
        help="Videos, folders, @LIST (a file with one path per line), or - (such a list on standard input)."
    ),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Folder for one feature file per video.")]
Rate = Annotated[float, typer.Option(help="Samples per second.")]
Streams = Annotated[str, typer.Option(help="Streams to extract: frames, motion, or frames,motion.")]
EncoderName = Annotated[
    str, typer.Option(metavar="NAME|FILE", help="Name of an encoder, or a model file whose encoder to use.")
]
ShortSide = Annotated[int, typer.Option(help="Size of the frames: pixels of the shorter side.")]
ViewName = Annotated[
    Literal["centre", "whole"],
    typer.Option(help="Part of the frame to encode: the square in the middle, or the whole frame."),
]
Lag = Annotated[float, typer.Option(help="Seconds between the two frames that the motion stream compares.")]
FormatName = Annotated[Literal["npz", "safetensors"], typer.Option("--format", help="Format of the feature files.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Extract features again where a file has them.")]


def features(
    inputs: Inputs,
    output: Output,
    rate: Rate = DEFAULTS.rate,
    streams: Streams = "frames",
    encoder: EncoderName = DEFAULTS.encoder,
    short_side: ShortSide = DEFAULTS.short_side,
    view: ViewName = "centre",
    lag: Lag = DEFAULTS.lag_s,
    format_name: FormatName = "npz",
    device: DeviceName = "auto",
    runtime: RuntimeName = DEFAULTS.runtime,
    decoder: DecoderName = DEFAULTS.decoder,
    recursive: Recursive = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Extract feature vectors from videos: times (T,) and features (T, D), one file per video.

    Finished videos are skipped. `train` takes the files in place of videos.
    """
    from vidlabel.cli.run.features import AskedFeatures, run_features, with_encoder
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.streams.registry import parse_streams

    config = FeatureConfig(rate=rate, short_side=short_side, lag_s=lag, decoder=decoder, runtime=runtime)
    asked = AskedFeatures(
        recipe=with_encoder(encoder, config),
        streams=parse_streams(streams),
        view=view,
        output=output,
        format_name=format_name,
        device=device,
        overwrite=overwrite,
        quiet=quiet,
        debug=debug,
    )
    raise typer.Exit(run_features(inputs, asked, recursive=recursive))
