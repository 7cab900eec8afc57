r"""CSV: one row a segment, for spreadsheets, data frames and `vidlabel train`.

RFC 4180: commas, CRLF, quotes where needed; one header; times in seconds with 3 decimals, scores with 4, decimal
points. Text stands as it is. A label or path that begins with `=`, `+`, `-` or `@` is not altered either: spreadsheets
may take it for a formula, but a changed one would name another file. Bytes of file names that are not UTF-8 are written
as the six characters `\udcff`, which the reader of labels turns back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from vidlabel.labels.formats.base import Format
from vidlabel.labels.result import Result

COLUMNS = ("video", "start", "end", "label", "score")


class CsvFormat(Format):
    """A table with the columns `video,start,end,label,score`."""

    name = "csv"
    suffix = ".csv"
    holds_many = True

    def header(self) -> str:
        """The line of column names, once a file."""
        return csv_line(COLUMNS)

    def body(self, result: Result) -> Iterator[str]:
        """Give one line a segment; a video without segments has none."""
        for segment in result.segments:
            times = f"{segment.start:.3f}", f"{segment.end:.3f}"
            yield csv_line((result.video.path, *times, segment.label, f"{segment.score:.4f}"))


def csv_line(fields: Iterable[str]) -> str:
    """One row after RFC 4180 with its CRLF; fields with commas, quotes or line breaks are quoted.

    So is a first field that begins with `#`: readers take such lines for comments.
    """
    listed = list(fields)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(listed)
    line = buffer.getvalue()
    return f'"{listed[0]}"{line[len(listed[0]) :]}' if line.startswith("#") else line
