"""`vidlabel status`: show the progress of work on an output folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vidlabel.cli.options import AsJson, Debug


def status(
    folder: Annotated[
        str, typer.Argument(metavar="OUT", help="Output folder or file of `predict -o` or `features -o`.")
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show which videos of an output folder are done, partial, failed or unfinished, from its records."""
    from vidlabel.batch.records import read_records
    from vidlabel.cli.console import print_output
    from vidlabel.cli.render.batch import status_lines

    records = read_records(Path(folder))
    if as_json:
        typer.echo(json.dumps([{"output": str(path), **asdict(record)} for path, record in records], indent=2))
        return
    for line in status_lines(records):
        print_output(line)
