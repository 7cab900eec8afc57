"""Options that several commands share, so that they have one name and one meaning."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.features.encoders.hardware import Runtime

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary; warnings and errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show what stands behind a failure.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ModelName = Annotated[str, typer.Option("--model", "-m", metavar="NAME|FILE", help="A shipped model or a model file.")]
RuntimeName = Annotated[
    Runtime,
    typer.Option(
        help="What computes the network. auto: torch-half (half precision) on a GPU; on the CPU OpenVINO where it is "
        "installed, else torch."
    ),
]
DeviceName = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where the network runs.")]
