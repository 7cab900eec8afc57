"""The commands, and the exit status of each kind of failure."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from vidlabel.cli.commands import (
    cut,
    evaluate,
    explain,
    export,
    features,
    info,
    models,
    predict,
    report,
    review,
    status,
    train,
    tune,
)
from vidlabel.cli.console import print_error
from vidlabel.errors import UsageError, VidlabelError
from vidlabel.paths import reason_of

EXIT_STATUS = """\b
Exit status:
  0    everything was done
  1    nothing could be done
  2    wrong usage, nothing was done
  3    some inputs failed, the others are done and written
  130  interrupted; finished work is kept, the same command continues
"""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, epilog=EXIT_STATUS)
models_app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
models_app.callback()(models.models)
models_app.command(name="pull", no_args_is_help=True, epilog=EXIT_STATUS)(models.pull)
models_app.command(name="remove", no_args_is_help=True)(models.remove)
app.command(name="predict", no_args_is_help=True, epilog=EXIT_STATUS)(predict.predict)
app.command(name="train", no_args_is_help=True, epilog=EXIT_STATUS)(train.train)
app.command(name="tune", no_args_is_help=True, epilog=EXIT_STATUS)(tune.tune)
app.command(name="evaluate", no_args_is_help=True, epilog=EXIT_STATUS)(evaluate.evaluate)
app.command(name="cut", no_args_is_help=True, epilog=EXIT_STATUS)(cut.cut)
app.command(name="report", no_args_is_help=True, epilog=EXIT_STATUS)(report.report)
app.command(name="explain", no_args_is_help=True, epilog=EXIT_STATUS)(explain.explain)
app.command(name="review", no_args_is_help=True)(review.review)
app.command(name="features", no_args_is_help=True, epilog=EXIT_STATUS)(features.features)
app.command(name="export", no_args_is_help=True, epilog=EXIT_STATUS)(export.export)
app.add_typer(models_app, name="models")
app.command(name="info", no_args_is_help=True)(info.info)
app.command(name="status", no_args_is_help=True)(status.status)


def _print_version(wanted: bool) -> None:
    if wanted:
        from vidlabel import __version__

        typer.echo(f"vidlabel {__version__}")
        raise typer.Exit


@app.callback()
def vidlabel(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Label what happens when in videos: labels with times, on this machine, offline."""


def run() -> None:
    """Run the command line; every expected failure becomes one line and an exit status."""
    debug = "--debug" in sys.argv[1:]
    try:
        _run_and_flush()
    except BrokenPipeError:
        # The reader of standard output has closed it (`| head`); Python would raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except VidlabelError as error:
        if debug:
            raise
        print_error(error)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except OSError as error:  # nothing below catches it: for one, the working folder was deleted
        if debug:
            raise
        print_error(VidlabelError(error.filename or "system", reason_of(error), "--debug shows more"))
        sys.exit(1)


def _run_and_flush() -> None:
    try:
        app(prog_name="vidlabel")
    finally:
        sys.stdout.flush()  # A failed write is an error here; at exit Python would only print it.
