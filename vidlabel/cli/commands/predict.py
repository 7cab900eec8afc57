"""`vidlabel predict`: label videos."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.cli.options import (
    AudioStream,
    Debug,
    DecoderName,
    DeviceName,
    EncoderFileName,
    ModelNames,
    Quiet,
    Recursive,
    RetryFailed,
    RuntimeName,
    Speech,
    Subtitles,
    Summary,
    options_from,
)
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.request import DecodeDevice

DEFAULTS = PredictOptions()

Inputs = Annotated[
    list[str],
    typer.Argument(
        help="Videos, folders, @LIST (a file with one path per line), or - (such a list on standard input). "
        "Models that were trained on feature files take those."
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Output file (.json .jsonl .csv .srt .vtt), a folder for one file per video, or - (standard output).",
    ),
]
FormatName = Annotated[
    Literal["json", "jsonl", "csv", "srt", "vtt"] | None,
    typer.Option("--format", help="Format of standard output, or of the files in an output folder."),
]
Labels = Annotated[
    list[str],
    typer.Option(
        "--labels",
        metavar="A,B,...|@FILE",
        help="Labels in words that no model was trained on, in place of the shipped models or beside --model: "
        "'a dog barks, car', or a file with one a line.",
        show_default=False,
    ),
]
Rate = Annotated[float | None, typer.Option(help="Samples per second. [default: each model's]")]
Threshold = Annotated[
    float | None,
    typer.Option(help="Minimum score, 0 to 1, at which a label holds. [default: the model's, per label]"),
]
MinDuration = Annotated[
    float | None, typer.Option(help="Minimum duration of a segment in seconds. [default: the model's, per label]")
]
Top = Annotated[
    int | None, typer.Option(metavar="K", help="Show only the K labels of each model with the longest total time.")
]
Scores = Annotated[bool, typer.Option("--scores", help="Include the scores of every sample in JSON results.")]
Start = Annotated[float, typer.Option(help="Time in seconds at which labelling begins.")]
End = Annotated[float | None, typer.Option(help="Time in seconds at which labelling ends. [default: end of video]")]
DecodeDeviceName = Annotated[DecodeDevice, typer.Option(help="Device that decodes videos. auto: the CPU.")]
RequireGpuDecode = Annotated[
    bool, typer.Option("--require-gpu-decode", help="Decode on the GPU; videos that it cannot decode fail.")
]
Keyframes = Annotated[
    bool, typer.Option("--keyframes", help="Decode key frames only: faster, with coarser segment times.")
]
Workers = Annotated[
    int | None, typer.Option(help="Number of videos labelled in parallel. [default: by cores and memory]")
]
Timeout = Annotated[float, typer.Option(help="Seconds without a new frame after which a video fails.")]
Render = Annotated[
    str | None,
    typer.Option(
        metavar="MP4|DIR",
        help="Also write a copy of the video with labels, a timeline and people burnt in; sound is kept.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Label finished videos again, and replace output files edited by hand.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done with each input, and why.")]
Strict = Annotated[bool, typer.Option("--strict", help="Treat a partly decoded video as failed.")]
ShowProfile = Annotated[bool, typer.Option("--profile", help="Show how long each phase took.")]


def predict(
    context: typer.Context,
    inputs: Inputs,
    output: Output = None,
    format_name: FormatName = None,
    model: ModelNames = list(DEFAULTS.models),  # noqa: B006 - typer copies it
    labels: Labels = list(DEFAULTS.labels),  # noqa: B006 - typer copies it
    rate: Rate = DEFAULTS.rate,
    threshold: Threshold = DEFAULTS.threshold,
    min_duration: MinDuration = DEFAULTS.min_duration,
    top: Top = DEFAULTS.top,
    scores: Scores = DEFAULTS.scores,
    start: Start = DEFAULTS.start,
    end: End = DEFAULTS.end,
    device: DeviceName = DEFAULTS.device,
    runtime: RuntimeName = DEFAULTS.runtime,
    encoder: EncoderFileName = DEFAULTS.encoder,
    decoder: DecoderName = DEFAULTS.decoder,
    audio_stream: AudioStream = DEFAULTS.audio_stream,
    subtitles: Subtitles = None,
    speech: Speech = None,
    decode_device: DecodeDeviceName = DEFAULTS.decode_device,
    require_gpu_decode: RequireGpuDecode = DEFAULTS.require_gpu_decode,
    keyframes: Keyframes = DEFAULTS.keyframes,
    workers: Workers = None,
    timeout: Timeout = DEFAULTS.timeout,
    recursive: Recursive = True,
    overwrite: Overwrite = False,
    retry_failed: RetryFailed = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    summary: Summary = None,
    render: Render = None,
    profile: ShowProfile = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Label videos: which labels hold, from when to when.

    One video gives a table on a terminal and JSON in a pipe; -o names a file or a folder. Finished videos are skipped.
    """
    from vidlabel.cli.run.predict import run_predict
    from vidlabel.vocabulary.labels import parse_labels

    asked = parse_labels(labels)
    source = context.get_parameter_source("model")
    replaced = bool(asked) and source is not None and source.name == "DEFAULT"
    models = () if replaced else tuple(model)
    status = run_predict(
        inputs,
        options_from(PredictOptions, {**context.params, "models": models, "labels": asked}),
        output=output,
        format_name=format_name,
        workers=workers,
        recursive=recursive,
        overwrite=overwrite,
        retry_failed=retry_failed,
        dry_run=dry_run,
        strict=strict,
        summary=summary,
        render=render,
        profile=profile,
        quiet=quiet,
        debug=debug,
    )
    raise typer.Exit(status)
