"""`vidlabel cut`: segments as clips."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import Debug, Quiet

Results = Annotated[
    list[str],
    typer.Argument(help="What predict -o wrote: result files or folders of them; or tables video,start,end,label."),
]
OutputFolder = Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Folder of the clips.")]
Labels = Annotated[
    list[str],
    typer.Option("--label", metavar="LABEL", help="Label whose segments are cut; may be repeated. [default: all]"),
]
Videos = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Folder that the videos were moved to. [default: where the results say]"),
]
Margin = Annotated[float, typer.Option(help="Seconds to add before and after each segment.")]
OverwriteClips = Annotated[bool, typer.Option("--overwrite", help="Replace clips that are there, which are skipped.")]


def cut(
    results: Results,
    output: OutputFolder,
    label: Labels = [],  # noqa: B006 - typer copies it
    videos: Videos = None,
    margin: Margin = 0.0,
    overwrite: OverwriteClips = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Cut segments out of their videos, each into a clip (MP4) with its sound.

    Clips are copied without loss where a key frame stands at their start, else encoded at the exact times.
    """
    from vidlabel.cli.run.cut import run_cut

    raise typer.Exit(
        run_cut(results, output, labels=label, videos=videos, margin=margin, overwrite=overwrite, quiet=quiet)
    )
