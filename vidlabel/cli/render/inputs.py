"""What `predict` and `features` say about their inputs before they begin."""

from __future__ import annotations

from collections.abc import Sequence

from vidlabel.batch.folder_search import describe_left_out
from vidlabel.batch.inputs import Inputs
from vidlabel.cli.console import print_error
from vidlabel.errors import InputError


def report_inputs(arguments: Sequence[str], inputs: Inputs) -> None:
    """Print one line for each input that cannot be used.

    Raises:
        InputError: the inputs could be used, and hold no videos.
    """
    for error in inputs.errors:
        print_error(error)
    if inputs.videos or inputs.errors:
        return
    left_out = f" ({left_out_words(inputs)})" if inputs.left_out else ""
    raise InputError(" ".join(arguments), f"holds no videos{left_out}", "name a file to take it whatever it is called")


def left_out_words(inputs: Inputs) -> str:
    """What a folder search left out, for the closing line of a run."""
    return f"left out: {describe_left_out(inputs.left_out)}"
