"""`vidlabel status`: show the progress of work on an output folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidlabel.cli.options import AsJson, Debug
from vidlabel.paths import exists

if TYPE_CHECKING:
    from vidlabel.batch.records import Record


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

    records = read_records(Path(folder))
    if as_json:
        typer.echo(json.dumps([{"output": str(path), **asdict(record)} for path, record in records], indent=2))
        return
    groups = {"done": 0, "partial": 0, "failed": 0, "unfinished": 0}
    for path, record in records:
        groups[_group(path, record)] += 1
    print_output(", ".join(f"{count} {name}" for name, count in groups.items()))
    for path, record in records:
        group = _group(path, record)
        if group != "done":
            print_output(f"{group}: {record.reason or record.video}")


def _group(path: Path, record: Record) -> str:
    if record.state == "failed":
        return "failed"
    if record.state == "started" or not exists(path):
        return "unfinished"
    return "partial" if record.partial else "done"
