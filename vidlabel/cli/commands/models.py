"""`vidlabel models`: list the shipped models."""

from __future__ import annotations

import json

import typer

from vidlabel.cli.options import AsJson, Debug


def models(as_json: AsJson = False, debug: Debug = False) -> None:
    """List the shipped models, one line each."""
    from vidlabel.heads.bundled_models import shipped_models
    from vidlabel.heads.model_file import read_spec

    rows = [
        {"name": name, "description": read_spec(path).description, "path": str(path)}
        for name, path in shipped_models().items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row['name']:<{width}}  {row['description']}")
