"""Runs `vidlabel export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidlabel.cli.console import print_line, print_warning
from vidlabel.errors import DONE, INTERRUPTED
from vidlabel.export.export import export_onnx

if TYPE_CHECKING:
    from vidlabel.export.files import Export


def run_export(model: str, output: str, *, streams: str | None, quiet: bool) -> int:
    """Export a model, and show what the files take and give.

    Returns:
        The exit status.
    """
    chosen = None if streams is None else [name.strip() for name in streams.split(",")]
    try:
        export = export_onnx(model, output, streams=chosen)
    except KeyboardInterrupt:
        print_line("interrupted: the heads were not written")
        return INTERRUPTED
    if not quiet:
        for file in (export.heads, *export.encoders):
            print_line(f"{file.path}: {file.takes}, to {file.gives}")
        print_line(_checked(export))
    for warning in _warnings(export):
        print_warning(warning)
    return DONE


def _checked(export: Export) -> str:
    features = max((file.difference for file in export.encoders), default=None)
    beside = "" if features is None else f", features by {features:.1g}"
    return f"checked in ONNX Runtime: scores differ by {export.heads.difference:.1g} at most{beside}"


def _warnings(export: Export) -> list[str]:
    path, window = export.heads.path, export.window
    found = [
        f"no file makes the features of {name}: {reason}" for name, reason in export.streams_without_encoder.items()
    ]
    if window is not None:
        length = f"{window.samples} samples ({window.seconds:g} s)"
        rows = ", and gives one row of scores for each" if window.one_row else ""
        found.append(f"the model looks at whole windows, and cannot stream: {path} takes windows of {length}{rows}")
    return found
