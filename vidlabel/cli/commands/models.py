"""`vidlabel models`: list the shipped models."""

from __future__ import annotations

import json

import typer

from vidlabel.cli.options import AsJson, Debug


def models(as_json: AsJson = False, debug: Debug = False) -> None:
    """List the shipped models, one line each."""
    from vidlabel.heads.bundled_models import shipped_models

    shipped = shipped_models()
    if as_json:
        rows = [{"name": model.name, "description": model.description, "path": str(model.path)} for model in shipped]
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max((len(model.name) for model in shipped), default=0)
    for model in shipped:
        typer.echo(f"{model.name:<{width}}  {model.description}")
