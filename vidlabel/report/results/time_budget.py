"""The time budget: how often and how long each label held, in each video and in all of them.

Seconds count in whole milliseconds, so that sums do not depend on the order of their parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.files import atomic_write
from vidlabel.labels.formats.csv import csv_line
from vidlabel.report.results.content import TRUTH, LabelledSpan, ReportVideo

COLUMNS = (
    "video",
    "model",
    "label",
    "count",
    "total_s",
    "mean_s",
    "longest_s",
    "share_of_time",
    "per_minute",
    "video_s",
)


@dataclass(frozen=True, slots=True)
class LabelTime:
    """What one label takes of the time, by one model."""

    track: str
    label: str
    count: int
    """Segments."""
    total_s: float
    """Durations of the segments, added."""
    longest_s: float
    held_s: float
    """Seconds within the video in which the label holds: segments that overlap are merged."""
    video_s: float | None
    """Duration of the video, or of all that the model labelled; None where one of them is unknown."""

    @property
    def mean_s(self) -> float:
        """Mean duration of a segment."""
        return self.total_s / self.count

    @property
    def share(self) -> float | None:
        """Part of the time in which the label holds, 0 to 1."""
        return self.held_s / self.video_s if self.video_s else None

    @property
    def per_minute(self) -> float | None:
        """Segments a minute."""
        return 60 * self.count / self.video_s if self.video_s else None


def time_budget(video: ReportVideo) -> list[LabelTime]:
    """The time budget of one video: by track, then by label."""
    found = []
    for track in video.all_tracks:
        by_label: dict[str, list[LabelledSpan]] = {}
        for span in track.spans:
            by_label.setdefault(span.label, []).append(span)
        found += [_label_time(track.name, label, by_label[label], video.duration) for label in sorted(by_label)]
    return found


def overall_time_budget(videos: Iterable[ReportVideo]) -> list[LabelTime]:
    """The time budget of all videos, each model's by the time that it labelled: by track, most time first.

    Labels of the truth come first.
    """
    durations: dict[str, list[float | None]] = {}
    parts: dict[tuple[str, str], list[LabelTime]] = {}
    for video in videos:
        for track in video.all_tracks:
            durations.setdefault(track.name, []).append(video.duration)
        for own in time_budget(video):
            parts.setdefault((own.track, own.label), []).append(own)
    found = [_added(own, durations[track]) for (track, _), own in parts.items()]
    places = {name: place for place, name in enumerate(durations)}
    return sorted(found, key=lambda one: (one.track != TRUTH, places[one.track], -one.held_s, one.label))


def _added(parts: Sequence[LabelTime], durations: Sequence[float | None]) -> LabelTime:
    known = [duration for duration in durations if duration is not None]
    return LabelTime(
        track=parts[0].track,
        label=parts[0].label,
        count=sum(part.count for part in parts),
        total_s=_added_s(part.total_s for part in parts),
        longest_s=max(part.longest_s for part in parts),
        held_s=_added_s(part.held_s for part in parts),
        video_s=_added_s(known) if len(known) == len(durations) else None,
    )


def _added_s(seconds: Iterable[float]) -> float:
    return sum(round(one * 1000) for one in seconds) / 1000


def _label_time(track: str, label: str, spans: Sequence[LabelledSpan], duration: float | None) -> LabelTime:
    lengths_ms = [round(span.end * 1000) - round(span.start * 1000) for span in spans]
    held_ms = _held_ms(spans, None if duration is None else round(duration * 1000))
    return LabelTime(track, label, len(spans), sum(lengths_ms) / 1000, max(lengths_ms) / 1000, held_ms / 1000, duration)


def _held_ms(spans: Sequence[LabelledSpan], duration_ms: int | None) -> int:
    """Milliseconds within the video that spans in the order of their starts cover."""
    held = until = 0
    for span in spans:
        start, end = round(span.start * 1000), round(span.end * 1000)
        if duration_ms is not None:
            end = min(end, duration_ms)
        held += max(end - max(start, until), 0)
        until = max(until, end)
    return held


def check_time_budget(path: Path) -> None:
    """Refuse a file that is no CSV, or that would replace something else than a time budget, before any work is done.

    Raises:
        UsageError: its ending is another, or there is a file that is no time budget.
    """
    if path.suffix.lower() != ".csv":
        raise UsageError(path, "is not a name that a time budget can have", "end it with .csv")
    start = csv_line(COLUMNS).encode()
    try:
        if path.is_file():
            with path.open("rb") as file:
                if file.read(len(start)) not in (start, b""):
                    raise UsageError(path, "exists, and is no time budget", "give another name for --time-budget")
    except OSError:
        return  # Writing it gives the error.


def write_time_budget(videos: Sequence[ReportVideo], path: Path) -> None:
    """Write the budget of each video, then that of all together, with an empty `video`.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as file:
        file.write(csv_line(COLUMNS).encode())
        for line in _lines(videos):
            file.write(line.encode("utf-8", errors="backslashreplace"))


def _lines(videos: Sequence[ReportVideo]) -> Iterator[str]:
    rows = [(video.path, one) for video in videos for one in time_budget(video)]
    rows += [("", one) for one in overall_time_budget(videos)]
    for path, one in rows:
        seconds = (f"{value:.3f}" for value in (one.total_s, one.mean_s, one.longest_s))
        rates = (_number(one.share), _number(one.per_minute), _number(one.video_s, 3))
        yield csv_line((path, one.track, one.label, str(one.count), *seconds, *rates))


def _number(value: float | None, decimals: int = 4) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
