"""`vidlabel features`: write the features of videos, for use elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.cli.options import Debug, DeviceName, Quiet, RuntimeName


def features(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Videos, folders, @LIST (a file with one path a line), or - (such a list on standard input)."
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="A folder for one file a video.")],
    rate: Annotated[float, typer.Option(help="Samples per second.")] = 2.0,
    streams: Annotated[str, typer.Option(help="frames, motion, or both: frames,motion.")] = "frames",
    encoder: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="What encodes the frames: by name, or that of a model file.")
    ] = "efficientnet-lite0",
    short_side: Annotated[int, typer.Option(help="Pixels of the shorter side of a frame.")] = 224,
    view: Annotated[
        Literal["centre", "whole"], typer.Option(help="What is seen of a frame: the square in its middle, or all.")
    ] = "centre",
    lag: Annotated[float, typer.Option(help="Seconds between the two frames that motion compares.")] = 0.1,
    format_name: Annotated[Literal["npz", "safetensors"], typer.Option("--format", help="Of the files.")] = "npz",
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    decoder: Annotated[
        Literal["auto", "decord", "pyav"], typer.Option(help="What decodes. auto: the cheapest that is exact.")
    ] = "auto",
    recursive: Annotated[
        bool, typer.Option("--recursive/--no-recursive", help="Search folders inside folders.")
    ] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Do again what is done.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Turn videos into feature vectors: times (T,) and features (T, D), one file a video.

    What is done is skipped. `train` takes the files in place of videos.
    """
    from vidlabel.cli.run.features import AskedFeatures, chosen_encoder, run_features
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.streams.registry import parse_streams

    name, tuned = chosen_encoder(encoder)
    recipe = FeatureConfig(
        encoder=name, tuned=tuned, rate=rate, short_side=short_side, lag_s=lag, decoder=decoder, runtime=runtime
    )
    asked = AskedFeatures(
        recipe=recipe,
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
