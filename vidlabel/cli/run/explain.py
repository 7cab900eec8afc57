"""Runs `vidlabel explain`."""

from __future__ import annotations

from pathlib import Path

from vidlabel.cli.console import print_line
from vidlabel.cli.render.explanation import print_explanation
from vidlabel.cli.render.progress import make_progress
from vidlabel.errors import DONE, INTERRUPTED, UsageError
from vidlabel.explanation.explain import ExplainRequest, explain_video
from vidlabel.explanation.label_choice import ExplainedLabel


def run_explain(
    video: str,
    models: tuple[str, ...],
    *,
    label: str | None,
    time: float | None,
    segment: int | None,
    encoder: str | None,
    audio_stream: int | None,
    subtitles: str | None,
    speech: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Explain a label, write the folder and print a summary.

    Returns:
        The exit status.
    """
    if output == "":
        raise UsageError("--output", "is empty", "give a folder")
    request = ExplainRequest(
        video,
        models,
        ExplainedLabel(label, time, segment),
        Path(output),
        encoder=encoder,
        audio_stream=audio_stream,
        subtitles=subtitles,
        speech=speech,
    )
    try:
        with make_progress(1, quiet=quiet) as progress:
            explanation = explain_video(request, progress)
    except KeyboardInterrupt:
        print_line("interrupted: nothing was written")
        return INTERRUPTED
    if not quiet:
        print_explanation(explanation, output)
    return DONE
