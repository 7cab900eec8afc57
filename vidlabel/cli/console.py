"""Printing: messages and progress on standard error, results on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from vidlabel.errors import VidlabelError, printable

if TYPE_CHECKING:
    from rich.console import Console


def print_error(error: VidlabelError) -> None:
    """Print an error as one line on standard error."""
    print_line(f"error: {error}")


def print_warning(text: str) -> None:
    """Print a warning as one line on standard error."""
    print_line(f"warning: {text}")


def print_line(text: str) -> None:
    """Print a line on standard error as it is: rich would take brackets in file names for styles."""
    print(printable(text), file=sys.stderr, flush=True)


def print_details(text: str) -> None:
    """Print the details of an error on standard error."""
    for line in text.splitlines():
        print_line(line)


def print_output(text: str) -> None:
    """Print a line on standard output."""
    print(printable(text))


def print_bytes(data: bytes) -> None:
    """Write encoded text to standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def error_console() -> Console:
    """A rich console on standard error, for progress."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False)


def output_console() -> Console:
    """A rich console on standard output, for tables."""
    from rich.console import Console

    return Console(markup=False, highlight=False)
