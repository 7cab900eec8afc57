"""Runs `vidlabel cut`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from vidlabel.cli.console import print_error, print_line, print_warning
from vidlabel.errors import DONE, INTERRUPTED, NOTHING_DONE, SOME_FAILED, UsageError
from vidlabel.video_writing.cut import CutClip, CutOptions, cut_clips, plan_cut


def run_cut(
    results: Sequence[str],
    output: str,
    *,
    labels: Sequence[str],
    videos: str | None,
    margin: float,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Cut clips, and show each.

    Returns:
        The exit status.
    """
    if not output:
        raise UsageError("--output", "is empty", "give a folder")
    options = CutOptions(tuple(labels), None if videos is None else Path(videos), margin, overwrite)
    plan = plan_cut([Path(one) for one in results], Path(output), options)
    for error in plan.errors:
        print_error(error)
    counts: Counter[str] = Counter()
    try:
        for clip in cut_clips(plan, Path(output), options):
            counts[clip.status] += 1
            _show(clip, sum(counts.values()), len(plan.clips), quiet=quiet)
    except KeyboardInterrupt:
        print_line(f"interrupted: {_words(counts)} are kept; the same command continues from there")
        return INTERRUPTED
    if not quiet:
        print_line(f"{_words(counts)} in {output}")
    if not plan.errors and not counts["failed"]:
        return DONE
    return SOME_FAILED if counts["copied"] + counts["encoded"] + counts["skipped"] else NOTHING_DONE


def _show(clip: CutClip, number: int, total: int, *, quiet: bool) -> None:
    if clip.status == "failed":
        print_line(f"error: {clip.reason}")
        return
    if clip.status != "skipped" and clip.reason:
        print_warning(f"{os.fspath(clip.path)}: {clip.reason}")
    if not quiet:
        words = f"skipped {clip.reason}" if clip.status == "skipped" else f"{clip.status} {os.fspath(clip.path)}"
        print_line(f"[{number}/{total}] {words}")


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[status]} {status}" for status in ("copied", "encoded", "skipped", "failed"))
