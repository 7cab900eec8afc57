"""`vidlabel predict`: label videos."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vidlabel.cli.options import Debug, DeviceName, ModelName, Quiet, RuntimeName


def predict(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Videos, folders, @LIST (a file with one path a line), or - (such a list on standard input); "
            "also files of features, for models that take them."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="A file (.json .jsonl .csv .srt .vtt), or a folder for one file a video."),
    ] = None,
    format_name: Annotated[
        Literal["json", "jsonl", "csv", "srt", "vtt"] | None,
        typer.Option("--format", help="Format of standard output, or of the files in a folder."),
    ] = None,
    model: ModelName = "objects",
    rate: Annotated[float | None, typer.Option(help="Samples per second. Default: the model's.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Least score of what is shown, 0 to 1. Default: the model's.")
    ] = None,
    min_duration: Annotated[
        float | None, typer.Option(help="Seconds that a segment lasts at least. Default: the model's.")
    ] = None,
    top: Annotated[int | None, typer.Option(metavar="K", help="Only the K labels that hold the most time.")] = None,
    scores: Annotated[bool, typer.Option("--scores", help="Add the scores of each sample to the JSON.")] = False,
    start: Annotated[float, typer.Option(help="Seconds at which labelling begins.")] = 0.0,
    end: Annotated[float | None, typer.Option(help="Seconds at which it ends. Default: with the video.")] = None,
    device: DeviceName = "auto",
    runtime: RuntimeName = "auto",
    decoder: Annotated[
        Literal["auto", "decord", "pyav"], typer.Option(help="What decodes. auto: the cheapest that is exact.")
    ] = "auto",
    decode_device: Annotated[Literal["auto", "cpu", "gpu"], typer.Option(help="Where videos are decoded.")] = "auto",
    require_gpu_decode: Annotated[
        bool, typer.Option("--require-gpu-decode", help="Decode on the GPU; a video that it cannot decode fails.")
    ] = False,
    keyframes: Annotated[bool, typer.Option("--keyframes", help="Look at key frames only: quick and coarse.")] = False,
    workers: Annotated[
        int | None, typer.Option(help="Videos labelled side by side. Default: by cores and memory.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds without a new frame before a video is given up.")] = 60.0,
    recursive: Annotated[
        bool, typer.Option("--recursive/--no-recursive", help="Search folders inside folders.")
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Do again what is done, and replace files that were changed by hand.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done, and why.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count a partly decoded video as failed.")] = False,
    summary: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a table of all inputs (.csv or .json).")
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Show where the time went.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Tell what happens when in videos.

    One video gives a table on a terminal and JSON in a pipe; -o names a file or a folder. What is done is skipped.
    """
    from vidlabel.cli.run.predict import Asked, run_predict
    from vidlabel.prediction.options import PredictOptions

    options = PredictOptions(
        model=model,
        rate=rate,
        threshold=threshold,
        min_duration=min_duration,
        top=top,
        scores=scores,
        device=device,
        runtime=runtime,
        decode_device=decode_device,
        require_gpu_decode=require_gpu_decode,
        decoder=decoder,
        keyframes=keyframes,
        start=start,
        end=end,
        timeout=timeout,
    )
    asked = Asked(
        options=options,
        output=output,
        format_name=format_name,
        workers=workers,
        overwrite=overwrite,
        retry_failed=retry_failed,
        strict=strict,
        summary=summary,
        profile=profile,
        quiet=quiet,
        debug=debug,
    )
    raise typer.Exit(run_predict(inputs, asked, recursive=recursive, dry_run=dry_run))
