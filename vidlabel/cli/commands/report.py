"""`vidlabel report`: one HTML file that shows labels beside their videos."""

from __future__ import annotations

from typing import Annotated

import typer

from vidlabel.cli.options import Debug, Quiet

DEFAULT_THUMBNAILS = 4
"""That of the library, which is loaded only when the command runs."""

Results = Annotated[
    list[str],
    typer.Argument(
        metavar="RESULTS...",
        help="Results (.json .jsonl .csv .srt .vtt), or folders of `predict -o`.",
        show_default=False,
    ),
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE.html", help="The report. An older report is replaced.")
]
Truth = Annotated[
    str | None,
    typer.Option(
        metavar="LABELS", help="Annotation file to show beside the results, with F1 and Cohen's kappa between both."
    ),
]
Videos = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Folder to look in for videos that are not where the results say."),
]
Thumbnails = Annotated[int, typer.Option(metavar="N", help="Thumbnails per video, at most; 0: none.")]
TimeBudget = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.csv", help="Also write count, durations, share of time and rate of each label to a CSV file."
    ),
]


def report(
    results: Results,
    output: Output,
    truth: Truth = None,
    videos: Videos = None,
    thumbnails: Thumbnails = DEFAULT_THUMBNAILS,
    time_budget: TimeBudget = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write one HTML file with timelines of labels, thumbnails, time budgets and failures.

    The file opens in any browser without a network. A click on a segment plays the video there.
    """
    from vidlabel.cli.run.report import run_report_command

    status = run_report_command(
        results,
        output,
        truth=truth,
        videos=videos,
        thumbnails=thumbnails,
        time_budget=time_budget,
        quiet=quiet,
    )
    raise typer.Exit(status)
