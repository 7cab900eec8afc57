"""A review as a whole: its labels, its videos, its journal and its table."""

from __future__ import annotations

import hashlib
import os
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import InputError, OutputError, UsageError, VideoError
from vidlabel.files import atomic_write, sha256_of
from vidlabel.paths import exists, is_file, is_folder, real_path
from vidlabel.review.journal import Journal, JournalContent, SavedTable, begin_journal, has_journal, journal_path
from vidlabel.review.session import Change, ReviewSession
from vidlabel.review.source import LabelSource, SourceVideo, read_source, source_sha256
from vidlabel.review.table import ReviewedVideo, is_review_table, table_bytes
from vidlabel.video.video_finder import VideoFinder


@dataclass(frozen=True, slots=True)
class ReviewVideo:
    """A video under review."""

    name: str
    """Its path, as it stands in the labels."""
    path: Path | None
    """The file; None where it was not found."""
    problem: str
    """Why it was not found."""
    saved_path: str
    """Relative to the folder of the table."""


class ReviewWorkspace(AbstractContextManager["ReviewWorkspace"]):
    """A review that is kept on the disk, change by change; a context manager that saves at its end.

    Args:
        source: labels to review: a file, or a folder that `predict -o` wrote.
        videos: folder of the videos; None: they lie where the labels say.
        output: the table; None: beside the labels.

    Raises:
        InputError: the labels cannot be read, or none of their videos is there.
        UsageError: the output cannot be a table.
        OutputError: it cannot be written, or was not made by this review.
    """

    def __init__(self, source: Path, videos: Path | None, output: Path | None) -> None:
        self.output = default_output(source) if output is None else output
        _check_output(self.output)
        labels_folder = source if is_folder(source) else source.parent
        finder = VideoFinder(videos)
        self.warnings: tuple[str, ...] = ()
        """One line each, for the user."""
        known = _read_known(source, self.output)
        if known is not None:
            self.warnings = known.warnings
            begin_journal(journal_path(self.output), known.sha256, known.videos)
        self._journal = Journal(journal_path(self.output))
        with ExitStack() as undo:
            if known is not None:
                undo.callback(journal_path(self.output).unlink, missing_ok=True)
            undo.callback(self._journal.close)
            content = self._journal.read() if known is None else JournalContent(known.sha256, known.videos)
            if known is None:
                _check_source(source, self.output, content.source_sha256, content.saved)
            self.session = ReviewSession([video.segments for video in content.videos], self._journal.write)
            self._replay(content.changes)
            self.videos = _find_videos(content.videos, finder, labels_folder, self.output)
            undo.pop_all()
        self.resumed = len(content.changes)
        """Changes of earlier runs."""
        self._saved_revision = 0 if not exists(self.output) else -1

    def __exit__(self, *error: object) -> None:
        self.save()
        self._journal.close()
        if self.session.revision == 0:  # Nothing to keep.
            journal_path(self.output).unlink(missing_ok=True)

    @property
    def is_saved(self) -> bool:
        """Whether the table holds all changes."""
        return self._saved_revision == self.session.revision

    def save(self) -> None:
        """Write the table, unless it holds all changes already.

        Raises:
            OutputError: it cannot be written.
        """
        revision = self.session.revision
        if self.is_saved or revision == 0:
            return
        data = table_bytes(
            ReviewedVideo(video.saved_path, self.session.segments(number)) for number, video in enumerate(self.videos)
        )
        # First the journal: a table that is not in it would count as somebody else's after a kill.
        self._journal.write(SavedTable(hashlib.sha256(data).hexdigest()))
        with atomic_write(self.output) as file:
            file.write(data)
        self._saved_revision = revision

    def progress(self) -> tuple[int, int]:
        """How many segments were reviewed, and how many there are."""
        counts = [self.session.counts(number) for number in range(len(self.videos))]
        return sum(reviewed for reviewed, _ in counts), sum(total for _, total in counts)

    def _replay(self, changes: tuple[Change, ...]) -> None:
        for number, change in enumerate(changes, 1):
            try:
                self.session.replay(change)
            except ValueError as error:
                problem = f"change {number} does not fit those before it ({error})"
                raise InputError(self._journal.path, problem, "name another table with -o") from error


def default_output(source: Path) -> Path:
    """The table beside labels; a table of an earlier review is continued itself."""
    if is_file(source) and is_review_table(source):
        return source
    whole = Path(os.path.abspath(source))  # noqa: PTH100 - links stay; `.` and `..` have no name
    return (
        source.parent / f"{whole.stem}-reviewed.csv" if is_file(source) else whole.parent / f"{whole.name}-reviewed.csv"
    )


def _check_output(output: Path) -> None:
    if output.suffix.lower() != ".csv":
        raise UsageError(output, "is no name of a table", "let it end with .csv")
    if is_folder(output):
        raise UsageError(output, "is a folder where a file is needed", "name a table such as labels.csv")


def _read_known(source: Path, output: Path) -> LabelSource | None:
    """The labels of a review that begins; None where it goes on from its journal."""
    if has_journal(output):
        return None
    is_itself = real_path(source) == real_path(output) and is_review_table(source)
    if exists(output) and not is_itself:
        raise OutputError(output, "is there and was not made by this review", "name another table with -o")
    return read_source(source)


def _check_source(source: Path, output: Path, sha256: str, saved: frozenset[str]) -> None:
    """See that neither the labels nor the table were changed by others since the journal began.

    Raises:
        OutputError: they were.
    """
    journal = journal_path(output)
    is_itself = real_path(source) == real_path(output)
    if not is_itself and source_sha256(source) != sha256:
        remedy = f"name another table with -o, or delete {journal} to forget that review"
        raise OutputError(source, f"is not what {output} is a review of", remedy)
    if not exists(output):
        return
    made = saved | ({sha256} if is_itself else set())
    if sha256_of(output) not in made:
        remedy = f"name another table with -o, or delete {journal} to go on from the table itself"
        raise OutputError(output, "was changed since its review", remedy)


def _find_videos(
    videos: tuple[SourceVideo, ...], finder: VideoFinder, labels_folder: Path, output: Path
) -> tuple[ReviewVideo, ...]:
    """The files of videos.

    Raises:
        InputError: none is there.
    """
    folder = real_path(output.parent)
    found = []
    for video in videos:
        path, problem = None, ""
        try:
            path = finder.find(video.name, (labels_folder / video.folder, Path()))
        except VideoError as error:
            problem = str(error)
        place = labels_folder / video.folder / video.name if path is None else path
        # The link of a video stays; links of its folder would make a path that leads elsewhere from the table's.
        whole = Path(real_path(place.parent), place.name)
        found.append(ReviewVideo(video.name, path, problem, Path(os.path.relpath(whole, folder)).as_posix()))
    if all(video.path is None for video in found):
        raise InputError(labels_folder, f"none of the {len(found)} videos of the labels was found: {found[0].problem}")
    return tuple(found)
