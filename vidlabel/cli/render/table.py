"""Prints the result of one video: for each model a table of segments, and a timeline for each label."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from vidlabel.cli.console import output_console
from vidlabel.errors import printable
from vidlabel.labels.result import Result, Segment
from vidlabel.labels.timeline import SHADES, timeline

WIDEST_BAR = 80
_PLAIN_SHADES = str.maketrans(SHADES, " .:+#")


def print_result(result: Result) -> None:
    """Print the labels of one video on standard output."""
    console = output_console()
    video = result.video
    if video.width == 0:
        facts = f"{format_time(video.duration)}  {video.fps:.5g} samples a second  {video.codec}"
    else:
        facts = f"{format_time(video.duration)}  {video.width}x{video.height}  {video.fps:.5g} fps  {video.codec}"
    console.print(Text(printable(video.path), style="bold"), Text(facts, style="dim"), sep="  ", soft_wrap=True)
    if not result.segments:
        console.print(Text("no label holds (a lower --threshold shows less certain ones)", style="dim"))
        return
    if len(result.models) == 1:
        _print_segments(result.segments, video.duration)
        return
    for model in result.models:
        console.print(Text(printable(model.name), style="bold"))
        own = [segment for segment in result.segments if segment.model == model.name]
        if own:
            _print_segments(own, video.duration)
        else:
            console.print(Text("no label holds", style="dim"))


def _print_segments(segments: Sequence[Segment], duration_s: float) -> None:
    """Those of one model."""
    console = output_console()
    table = Table(box=None, pad_edge=False)
    for name in ("start", "end"):
        table.add_column(name, justify="right")
    table.add_column("label")
    table.add_column("score", justify="right")
    for segment in segments:
        label = Text(printable(segment.label))
        table.add_row(format_time(segment.start), format_time(segment.end), label, f"{segment.score:.2f}")
    console.print(table)
    _print_timeline(segments, duration_s, console.width)


def _print_timeline(segments: Sequence[Segment], duration_s: float, width: int) -> None:
    names = {segment.label: printable(segment.label) for segment in segments}
    longest = max(len(name) for name in names.values())
    bar_width = min(WIDEST_BAR, width - longest - 4)
    if bar_width < 10:
        return
    console = output_console()
    edge = Text("|", style="dim")
    for row in timeline(segments, duration_s, bar_width):
        bar = row.bar if _can_show(SHADES, console.encoding) else row.bar.translate(_PLAIN_SHADES)
        console.print(Text(f"{names[row.label]:>{longest}} ") + edge + Text(bar) + edge)


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def format_time(seconds: float) -> str:
    """Time for a person: `0:07.50`, `12:03.25`, `1:02:03.25`."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    clock = f"{rest // 100:02d}.{rest % 100:02d}"
    return f"{hours}:{minutes:02d}:{clock}" if hours else f"{minutes}:{clock}"
