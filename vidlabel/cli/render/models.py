"""The models that are shipped, that were pulled and that can be, as lines or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vidlabel.cli.console import print_output, print_warning
from vidlabel.cli.render.pull import shown_bytes
from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.encoders.pulled.folder import RECORD, damaged_files, models_folder, read_record
from vidlabel.features.encoders.pulled.table import PULLABLE, PullableModel
from vidlabel.heads.bundled_models import shipped_models
from vidlabel.heads.model_file import read_spec


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model in the list."""

    name: str
    state: Literal["shipped", "pulled", "damaged", "pullable"]
    description: str
    path: Path | None = None
    licence: str | None = None
    source: str | None = None
    size: int | None = None
    """Bytes."""
    unverified: tuple[str, ...] = ()
    """Files whose digest the table does not know."""
    damaged: tuple[str, ...] = ()
    """Files that are missing, or differ from what was pulled."""


def print_models(*, as_json: bool) -> None:
    """Print the list of all models."""
    rows = [
        ModelRow(name, "shipped", read_spec(path).description, path=path) for name, path in shipped_models().items()
    ]
    folder = _folder_if_any()
    rows += [_row_of(model, folder) for model in PULLABLE.values()]
    if as_json:
        print(json.dumps([_json_row(row) for row in rows], indent=2))
        return
    width = max(len(row.name) for row in rows)
    for row in (row for row in rows if row.state == "shipped"):
        print_output(f"{row.name:<{width}}  {row.description}")
    _print_table(f"pulled to {folder}:", [row for row in rows if row.state in {"pulled", "damaged"}], width)
    _print_table(
        "to download with `vidlabel models pull NAME`:", [row for row in rows if row.state == "pullable"], width
    )


def _folder_if_any() -> Path | None:
    """The folder of pulled models; what is wrong with it is no reason to list none of the others."""
    try:
        return models_folder()
    except UsageError as error:
        print_warning(str(error))
        return None


def _row_of(model: PullableModel, folder: Path | None) -> ModelRow:
    row = ModelRow(
        model.name,
        "pullable",
        model.kind,
        licence=model.licence,
        source=str(model.source),
        size=model.size,
        unverified=tuple(file.path for file in model.files if not file.is_verified),
    )
    if folder is None:
        return row
    path = folder / model.name
    try:
        record = read_record(model)
    except InstallationError:
        return replace(row, state="damaged", path=path, damaged=(RECORD,))
    if record is None:
        return row
    damaged = tuple(damaged_files(record))
    return replace(row, state="damaged" if damaged else "pulled", path=path, size=record.size, damaged=damaged)


def _json_row(row: ModelRow) -> dict[str, object]:
    """A row without what does not apply to it."""
    values = {name: getattr(row, name) for name in ModelRow.__slots__}
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in values.items()
        if value is not None and value != ()
    }


def _print_table(title: str, rows: list[ModelRow], width: int) -> None:
    if not rows:
        return
    print_output("")
    print_output(title)
    kind_width = max(len(row.description) for row in rows)
    for row in rows:
        size = "size not known" if row.size is None else shown_bytes(row.size)
        print_output(f"{row.name:<{width}}  {row.description:<{kind_width}}  {size:>14}  {row.licence}{_state(row)}")


def _state(row: ModelRow) -> str:
    notes = [f"unverified: {', '.join(row.unverified)}"] if row.unverified else []
    if row.state == "pulled":
        notes.insert(0, "digest ok")
    if row.state == "damaged":
        notes.insert(0, f"damaged: {', '.join(row.damaged)}; run: vidlabel models pull {row.name}")
    return "".join(f"  {note}" for note in notes)
