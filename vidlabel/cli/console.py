"""What a person reads: messages and progress on standard error, results on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from vidlabel.errors import VidlabelError, printable

if TYPE_CHECKING:
    from rich.console import Console


def print_error(error: VidlabelError) -> None:
    """One line on standard error: what is wrong with which file, and what to do."""
    print_line(f"error: {error}")


def print_warning(text: str) -> None:
    """One line on standard error about something that went on all the same."""
    print_line(f"warning: {text}")


def print_line(text: str) -> None:
    """One line on standard error, as it is: file names hold brackets that rich would take for styles."""
    print(printable(text), file=sys.stderr, flush=True)


def print_details(text: str) -> None:
    """Many lines on standard error that stand behind an error."""
    for line in text.splitlines():
        print_line(line)


def print_output(text: str) -> None:
    """One line on standard output."""
    print(printable(text))


def print_bytes(data: bytes) -> None:
    """A whole text for programs on standard output, in its own encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def error_console() -> Console:
    """A rich console on standard error, for progress."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False)


def output_console() -> Console:
    """A rich console on standard output, for tables that a person reads."""
    from rich.console import Console

    return Console(markup=False, highlight=False)
