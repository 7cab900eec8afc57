"""The data of a report's page, as compact JSON: an index of all videos, and their segments in chunks.

Names of labels and tracks stand in the index once and are numbers elsewhere; times are milliseconds, scores ten
thousandths, -1 where there is none.
"""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import quote

from vidlabel.errors import printable
from vidlabel.paths import real_path
from vidlabel.report.results.agreement import agreements
from vidlabel.report.results.content import TRUTH, LabelledSpan, LabelTrack, ReportVideo
from vidlabel.report.results.time_budget import time_budget

VIDEOS_A_CHUNK = 50
SPANS_A_CHUNK = 5000
"""A chunk is parsed when one of its videos comes into view: this much takes a few milliseconds."""

NO_SCORE = -1
SCORE_UNITS = 10_000


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of a timeline: a label of a track, with the truth about it."""

    track: str
    label: str
    spans: tuple[LabelledSpan, ...]
    truth: tuple[LabelledSpan, ...]


@dataclass(frozen=True, slots=True)
class PageData:
    """The data as JSON texts that can stand in a script element."""

    index: str
    chunks: tuple[str, ...]


def page_data(videos: Sequence[ReportVideo], truth_labels: frozenset[str], page: Path) -> PageData:
    """Make the data of a page.

    Args:
        videos: in the order of the page.
        truth_labels: those of the annotation file.
        page: where the page will be: addresses of videos are relative to it.
    """
    known = _labels_by_track(videos)
    all_lanes = [lanes_of(video, known) for video in videos]
    labels = label_names(videos)
    numbers = _Numbers(
        {label: n for n, label in enumerate(labels)}, {name: n for n, name in enumerate([*known, TRUTH])}
    )
    chunks, entries = [], []
    for chunk, places in enumerate(_chunks(all_lanes)):
        chunks.append(_script_json([_details(videos[place], all_lanes[place], numbers) for place in places]))
        for position, place in enumerate(places):
            entry = _entry(videos[place], all_lanes[place], numbers, truth_labels, page)
            entries.append({**entry, "at": [chunk, position]})
    index = {
        "labels": [printable(label) for label in labels],
        "tracks": [printable(name) for name in numbers.tracks],
        "videos": entries,
    }
    return PageData(_script_json(index), tuple(chunks))


def label_names(videos: Sequence[ReportVideo]) -> list[str]:
    """All labels, those with the most segments first: they get the colours that differ most."""
    counts: Counter[str] = Counter()
    for video in videos:
        counts.update(span.label for track in video.all_tracks for span in track.spans)
    return sorted(counts, key=lambda label: (-counts[label], label))


def lanes_of(video: ReportVideo, known: Mapping[str, frozenset[str]]) -> list[Lane]:
    """The rows of a video's timeline, by track.

    The truth stands with each track that knows its label, and alone where none does.
    """
    truth = {} if video.truth is None else _by_label(video.truth)
    lanes = []
    for track in video.tracks:
        own = _by_label(track)
        labels = [*own, *(label for label in truth if label not in own and label in known[track.name])]
        lanes += [Lane(track.name, label, own.get(label, ()), truth.get(label, ())) for label in labels]
    shown = {lane.label for lane in lanes}
    return lanes + [Lane(TRUTH, label, (), spans) for label, spans in truth.items() if label not in shown]


def _labels_by_track(videos: Sequence[ReportVideo]) -> dict[str, frozenset[str]]:
    """What each track can give: as its model says, else all that it gives anywhere."""
    found: dict[str, set[str]] = {}
    for track in chain.from_iterable(video.tracks for video in videos):
        own = found.setdefault(track.name, set())
        own |= {span.label for span in track.spans} if track.labels is None else track.labels
    return {name: frozenset(labels) for name, labels in found.items()}


def _by_label(track: LabelTrack) -> dict[str, tuple[LabelledSpan, ...]]:
    found: dict[str, list[LabelledSpan]] = {}
    for span in track.spans:
        found.setdefault(span.label, []).append(span)
    return {label: tuple(spans) for label, spans in found.items()}


def _chunks(all_lanes: Sequence[Sequence[Lane]]) -> Iterator[list[int]]:
    """The places of the videos of each chunk."""
    places: list[int] = []
    spans = 0
    for place, lanes in enumerate(all_lanes):
        own = sum(len(lane.spans) + len(lane.truth) for lane in lanes)
        if places and (len(places) == VIDEOS_A_CHUNK or spans + own > SPANS_A_CHUNK):
            yield places
            places, spans = [], 0
        places.append(place)
        spans += own
    if places:
        yield places


@dataclass(frozen=True, slots=True)
class _Numbers:
    labels: Mapping[str, int]
    tracks: Mapping[str, int]


def _entry(
    video: ReportVideo, lanes: Sequence[Lane], numbers: _Numbers, truth_labels: frozenset[str], page: Path
) -> dict[str, object]:
    """What sorting, filtering and the heading of a video need."""
    address = None if video.file is None or video.is_of_features else address_from(page, video.file)
    found: dict[str, object] = {
        "path": printable(video.path),
        "status": video.status,
        "reason": printable(video.reason),
        "duration": _ms(video.duration),
        "facts": _facts(video),
        "address": address,
        "pictures": not video.is_of_features,
        "tracks": [numbers.tracks[track.name] for track in video.tracks],
        "lanes": [_lane_entry(lane, numbers) for lane in lanes],
    }
    agreed = [
        [numbers.tracks[own.track], round(own.f1[50], 1), None if own.kappa is None else round(own.kappa, 3)]
        for own in agreements(video, truth_labels)
        if own.labels
    ]
    return {**found, "agreement": agreed}


def _lane_entry(lane: Lane, numbers: _Numbers) -> list[int]:
    """Track, label, segments, smallest and largest score, and whether there is truth."""
    scores = [_score(span) for span in lane.spans] or [NO_SCORE]
    return [
        numbers.tracks[lane.track],
        numbers.labels[lane.label],
        len(lane.spans),
        min(scores),
        max(scores),
        int(bool(lane.truth)),
    ]


def _details(video: ReportVideo, lanes: Sequence[Lane], numbers: _Numbers) -> dict[str, object]:
    """What is drawn of a video."""
    return {
        "lanes": [[_flat(lane.spans, with_scores=True), _flat(lane.truth, with_scores=False)] for lane in lanes],
        "budget": [
            [
                numbers.tracks[one.track],
                numbers.labels[one.label],
                one.count,
                *(round(seconds * 1000) for seconds in (one.total_s, one.mean_s, one.longest_s)),
                None if one.share is None else round(one.share, 4),
                None if one.per_minute is None else round(one.per_minute, 2),
            ]
            for one in time_budget(video)
        ],
        "thumbnails": [
            [_ms(one.time_s), "data:image/jpeg;base64," + base64.b64encode(one.jpeg).decode("ascii")]
            for one in video.thumbnails
        ],
    }


def _flat(spans: Sequence[LabelledSpan], *, with_scores: bool) -> list[int]:
    """Start, length and, of predictions, score of one span after the other."""
    numbers = []
    for span in spans:
        start = round(span.start * 1000)
        numbers += [start, round(span.end * 1000) - start]
        if with_scores:
            numbers.append(_score(span))
    return numbers


def _score(span: LabelledSpan) -> int:
    """Scores of other tools may lie anywhere; a bar is as high as one from 0 to 1."""
    return NO_SCORE if span.score is None else round(min(max(span.score, 0.0), 1.0) * SCORE_UNITS)


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _facts(video: ReportVideo) -> str:
    if video.facts is None or video.is_of_features:
        return "" if video.facts is None else "file of features"
    return f"{video.facts.width}x{video.facts.height} · {video.facts.fps:.5g} fps · {printable(video.facts.codec)}"


def _script_json(value: object) -> str:
    """JSON in which no character can end a script element or begin a comment."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def address_from(page: Path, file: Path) -> str:
    """The relative address of a file for a page that is written to `page`: it holds when both are moved together."""
    relative = os.path.relpath(real_path(file), os.path.dirname(real_path(page)))  # noqa: PTH120 - may hold any bytes
    return quote(os.fsencode(relative), safe="/")
