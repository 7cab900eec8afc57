"""Rows of the GPU check: what each of its checks found. Standard library only, so that nothing missing can stop it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["passed", "failed", "not possible here"]
Figure = float | int | str

NO_GPU = "no GPU here"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report."""

    name: str
    outcome: Outcome
    reason: str = ""
    """Why it failed or is not possible; empty where it passed."""
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What every check is given."""

    folder: Path
    """Scratch space of the whole run."""
    device: Literal["cuda", "cpu", "none"]
    """Where networks are to run: `cpu` in a rehearsal, `none` where there is no GPU."""
    quick: bool = False
    """Whether clips and counts are to be as small as they can be."""

    @property
    def encode_device(self) -> Literal["cuda", "cpu"]:
        """Where networks are run, where any are."""
        return "cuda" if self.device == "cuda" else "cpu"

    @property
    def decode_device(self) -> Literal["gpu", "cpu"]:
        """Where videos are to be decoded."""
        return "gpu" if self.device == "cuda" else "cpu"


def judged(name: str, conditions: Mapping[str, bool], figures: Mapping[str, Figure]) -> Row:
    """A row that passes when all conditions hold; each one's text says what is wrong where it does not."""
    broken = [text for text, holds in conditions.items() if not holds]
    return Row(name, "failed" if broken else "passed", "; ".join(broken), figures)


def to_line(row: Row) -> str:
    """One line of JSON."""
    return json.dumps(asdict(row))


def read_rows(text: str) -> Iterator[Row]:
    """The rows among lines of output; libraries may have printed other lines."""
    for line in text.splitlines():
        if line.startswith('{"name": '):
            fields: dict[str, Any] = json.loads(line)
            yield Row(**fields)


def table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = ["| check | outcome | figures |", "|---|---|---|"]
    for row in rows:
        figures = ", ".join(f"{name} {_shown(value)}" for name, value in row.figures.items())
        outcome = f"{row.outcome}: {row.reason}" if row.reason else row.outcome
        lines.append(f"| {row.name} | {outcome} | {figures} |")
    return "\n".join(lines)


def _shown(value: Figure) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
