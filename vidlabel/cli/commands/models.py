"""`vidlabel models`: list the models, pull some, and remove them."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import AsJson, Debug, Quiet

PullableName = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a model that `vidlabel models` lists.", show_default=False)
]


def models(context: typer.Context, as_json: AsJson = False, debug: Debug = False) -> None:
    """List the models: those that are shipped, those that were pulled, and those that can be.

    `vidlabel models pull` is the only command that uses the network.
    """
    if context.invoked_subcommand is None:
        from vidlabel.cli.render.models import print_models

        print_models(as_json=as_json)


def pull(name: PullableName, quiet: Quiet = False, debug: Debug = False) -> None:
    """Download a model, once; it is used offline from then on. The same command continues after an interruption."""
    from vidlabel.cli.render.pull import print_pulled, pull_progress
    from vidlabel.features.encoders.pulled.pull import pull_model
    from vidlabel.features.encoders.pulled.table import pullable_model

    model = pullable_model(name)
    with pull_progress(quiet=quiet) as progress:
        pulled = pull_model(model, progress.update)
    print_pulled(model, pulled, quiet=quiet)


def remove(name: PullableName, quiet: Quiet = False, debug: Debug = False) -> None:
    """Delete a model that was pulled."""
    from vidlabel.cli.console import print_line
    from vidlabel.features.encoders.pulled.pull import remove_model
    from vidlabel.features.encoders.pulled.table import pullable_model

    was_there = remove_model(pullable_model(name))
    if not quiet:
        print_line(f"{name}: removed" if was_there else f"{name}: was not there")
