"""`vidlabel explain`: show why a label holds."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import AudioStream, Debug, EncoderFileName, ModelNames, Quiet, Speech, Subtitles
from vidlabel.heads.bundled_models import DEFAULT_MODELS

Video = Annotated[
    str, typer.Argument(metavar="VIDEO", help="Video, or a feature file for a model that was trained on such files.")
]
Output = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="DIR", help="New or empty folder for explanation.json and pictures (PNG).",
        show_default=False,
    ),
]  # fmt: skip
Label = Annotated[
    str | None,
    typer.Option(help="Label to explain. [default: that of the segment, or the one with the highest score]"),
]
Time = Annotated[
    float | None,
    typer.Option(help="Time in seconds: explain the segment that holds then, or the sample where none does."),
]
SegmentNumber = Annotated[
    int | None,
    typer.Option(
        "--segment",
        metavar="N",
        help="Explain segment N, counted from 1 in the CSV or JSON of predict. [default: the one of the highest score]",
    ),
]


def explain(
    video: Video,
    output: Output,
    model: ModelNames = list(DEFAULT_MODELS),  # noqa: B006 - typer copies it
    label: Label = None,
    time: Time = None,
    segment: SegmentNumber = None,
    encoder: EncoderFileName = None,
    audio_stream: AudioStream = None,
    subtitles: Subtitles = None,
    speech: Speech = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Explain a label: which samples, which streams and which part of the picture it comes from."""
    from vidlabel.cli.run.explain import run_explain

    status = run_explain(
        video,
        tuple(model),
        label=label,
        time=time,
        segment=segment,
        encoder=encoder,
        audio_stream=audio_stream,
        subtitles=subtitles,
        speech=speech,
        output=output,
        quiet=quiet,
    )
    raise typer.Exit(status)
