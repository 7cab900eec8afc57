"""`vidlabel review`: correct labels on a page beside the videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidlabel.cli.options import Debug, Quiet

Labels = Annotated[
    str,
    typer.Argument(
        metavar="RESULTS|LABELS",
        help="A folder or file that predict wrote, or a table of labels.",
        show_default=False,
    ),
]
Videos = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Folder to look for the videos in. [default: where the labels say]"),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Table of the reviewed labels. [default: NAME-reviewed.csv beside them]"
    ),
]
Reviewer = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who reviews; kept with each row. [default: the login name]")
]
Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Port of the page. [default: the first free one from 8765 on]")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")]


def review(
    labels: Labels,
    videos: Videos = None,
    output: Output = None,
    reviewer: Reviewer = None,
    port: Port = None,
    no_browser: NoBrowser = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Review labels on a local page: play, correct, add, delete and confirm segments; Ctrl-C saves and ends.

    Every change is kept at once. The table is one that `train` reads. The page can be opened on this machine alone.
    """
    from vidlabel.cli.run.review import run_review

    status = run_review(
        Path(labels),
        videos=None if videos is None else Path(videos),
        output=None if output is None else Path(output),
        reviewer=reviewer,
        port=port,
        open_browser=not no_browser,
        quiet=quiet,
    )
    raise typer.Exit(status)
