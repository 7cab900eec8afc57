"""Lines for a person: one line each, whatever a file is called."""

from __future__ import annotations

import pytest

from vidlabel.cli.console import error_console, output_console, print_error, print_line, print_output, print_warning
from vidlabel.errors import VideoError


def test_messages_go_to_standard_error_and_results_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    print_error(VideoError("a[bold].mp4", "is empty", "copy it again"))
    print_warning("two\nlines")
    print_line("\x1b[31mred\udcff")
    print_output("[red]result[/red]\r")
    error_console().print("[bold]as it is[/bold]")
    output_console().print("[1, 2]")
    captured = capfd.readouterr()
    assert captured.err.splitlines() == [
        "error: a[bold].mp4: is empty; copy it again",
        "warning: two\\nlines",
        "\\x1b[31mred\\udcff",
        "[bold]as it is[/bold]",
    ]
    assert captured.out.splitlines() == ["[red]result[/red]\\r", "[1, 2]"]
