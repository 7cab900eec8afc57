"""The page of a report: one HTML file with its style, its script and its data, which asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from vidlabel.errors import printable
from vidlabel.report.results.agreement import Agreement, overall_agreements
from vidlabel.report.results.content import ReportVideo
from vidlabel.report.results.page_data import page_data
from vidlabel.report.results.time_budget import LabelTime, overall_time_budget
from vidlabel.version import VERSION

BEGINNING = '<!doctype html>\n<html lang="en">\n<meta name="generator" content="vidlabel report">'
"""Of every report: a file that begins otherwise is not replaced."""

SCRIPTS = ("data.js", "timeline.js", "player.js", "video.js", "filters.js")
"""One after the other, they are the script of the page."""

SHOWN_LABELS = 12
"""Rows of the time budget that are shown at once; the others are folded."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page says of all videos together."""

    videos: int
    duration_s: float
    segments: int
    statuses: dict[str, int]
    budget: list[LabelTime]
    agreements: list[Agreement]
    troubled: list[ReportVideo]
    """Videos that failed, are unfinished or partial."""
    missing: int
    """Videos that were not found."""
    has_truth: bool


def render_page(
    videos: Sequence[ReportVideo], truth_labels: frozenset[str], unreadable: Sequence[str], page: Path
) -> str:
    """Write the page.

    Args:
        videos: in the order in which they are shown.
        truth_labels: those of the annotation file; empty where there is none.
        unreadable: one line for each file of labels that could not be read.
        page: where it will be: addresses of videos are relative to it.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(clock=clock, percent=percent, printable=printable)
    style, script = _source("report.css"), "".join(map(_source, SCRIPTS))
    data = page_data(videos, truth_labels, page)
    return environment.from_string(_source("report.html.j2")).render(
        beginning=Markup(BEGINNING),
        policy=_policy(style, script),
        # Only text of this package and JSON without angle brackets is taken as it is.
        style=Markup(style),
        script=Markup(script),
        index=Markup(data.index),
        chunks=[Markup(chunk) for chunk in data.chunks],
        overview=_overview(videos, truth_labels),
        unreadable=unreadable,
        shown_labels=SHOWN_LABELS,
        version=VERSION,
    )


def _overview(videos: Sequence[ReportVideo], truth_labels: frozenset[str]) -> Overview:
    return Overview(
        videos=len(videos),
        duration_s=sum(video.duration or 0.0 for video in videos),
        segments=sum(len(track.spans) for video in videos for track in video.tracks),
        statuses=dict(Counter(video.status for video in videos)),
        budget=overall_time_budget(videos),
        agreements=overall_agreements(videos, truth_labels),
        troubled=[video for video in videos if video.status != "ok"],
        missing=sum(video.file is None and not video.is_of_features for video in videos),
        has_truth=any(video.truth is not None for video in videos),
    )


def _policy(style: str, script: str) -> str:
    """The content security policy: this style, this script, pictures in the page, and videos beside it."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "img-src data:",
            "media-src 'self' file:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _source(name: str) -> str:
    return files("vidlabel.report.results").joinpath("page", name).read_text(encoding="utf-8")


def clock(seconds: float) -> str:
    """A duration for people: `0:39.85`, `2:00:01.50`."""
    hundredths = round(seconds * 100)
    minutes, hundredths = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    left = f"{hundredths // 100:02}.{hundredths % 100:02}"
    return f"{hours}:{minutes:02}:{left}" if hours else f"{minutes}:{left}"


def percent(share: float) -> str:
    """A share of 0 to 1: `12.5 %`."""
    return f"{100 * share:.1f} %"
