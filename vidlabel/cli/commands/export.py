"""`vidlabel export`: a model as ONNX files."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import Debug, Quiet

ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="Name of a shipped model, or a model file.", show_default=False)
]
OnnxFile = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE.onnx",
        help="File of the heads. Each encoder is written beside it, named after its first stream: FILE.STREAM.onnx.",
    ),
]
ExportedStreams = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="Streams, separated by commas, whose features the heads take: for videos that have no others. "
        "[default: all of the model's]",
    ),
]


def export(
    model: ModelName, output: OnnxFile, streams: ExportedStreams = None, quiet: Quiet = False, debug: Debug = False
) -> None:
    """Write a model as ONNX files, which other programs run without vidlabel.

    Needs pip install 'vidlabel[export]'. Each file is checked in ONNX Runtime before it is written.
    """
    from vidlabel.cli.run.export import run_export

    raise typer.Exit(run_export(model, output, streams=streams, quiet=quiet))
