"""Which group each video belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import AnnotationError
from vidlabel.labels.annotations import Annotation, LabelTableError, composed
from vidlabel.labels.formats.delimited import LineProblem, TableError, read_table, shown
from vidlabel.training.dataset.sources import resolve


@dataclass(frozen=True, slots=True)
class GroupTable:
    """A table with the columns `video,group`."""

    name: str
    groups: Mapping[Path, str]
    """Group by file; a path of the table means a file beside the table of labels, or beside this one."""

    def group_of(self, path: Path) -> str | None:
        """The group of a file; None if the table does not name it."""
        return self.groups.get(path)


def read_group_table(path: Path, labels_folder: Path) -> GroupTable:
    """Read which group each video belongs to.

    Args:
        path: a CSV file with the columns `video,group`.
        labels_folder: of the table of labels; its paths are looked for there first.

    Raises:
        LabelTableError: lines in it are wrong; all of them are named at once.
        AnnotationError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnnotationError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    try:
        table = read_table(content, ("video", "group"), ())
    except TableError as error:
        raise LabelTableError(str(path), error.problems) from error
    problems = list(table.problems)
    groups: dict[Path, tuple[str, int]] = {}
    for record in table.records:
        video, group = record.cells["video"], composed(record.cells["group"])
        if not video.strip() or not group:
            problems.append(LineProblem(record.line, f"{'group' if video.strip() else 'video'} is empty"))
            continue
        for folder in dict.fromkeys((labels_folder, path.parent)):
            known, line = groups.setdefault(resolve(folder, video), (group, record.line))
            if known != group:
                problem = f"puts {shown(video)} into group {shown(group)}, line {line} into {shown(known)}"
                problems.append(LineProblem(record.line, problem))
                break
    if problems:
        raise LabelTableError(str(path), problems)
    return GroupTable(str(path), {file: group for file, (group, _) in groups.items()})


def group_of_rows(rows: Sequence[Annotation], path: Path, table: GroupTable | None) -> tuple[str, list[LineProblem]]:
    """The group of one video, and what is wrong with it.

    Args:
        rows: of the video.
        path: the file.
        table: where given, it alone counts, not the column `group`.

    Returns:
        The group: of the table, else of the rows, else the path as the first row has it.
    """
    if table is not None:
        group = table.group_of(path)
        if group is None:
            return rows[0].video, [LineProblem(rows[0].line, f"{table.name} names no group for {shown(rows[0].video)}")]
        return group, []
    problems = []
    first = next((row for row in rows if row.group is not None), None)
    if first is None or first.group is None:
        return rows[0].video, []
    for row in rows:
        if row.group != first.group:
            there = f"in group {shown(row.group)}" if row.group is not None else "in no group"
            problem = f"{shown(row.video)} is {there}, and in group {shown(first.group)} in line {first.line}"
            problems.append(LineProblem(row.line, problem))
    return first.group, problems
