"""What is drawn on a copy of a video."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BandSegment:
    """A segment that is drawn."""

    start_ms: int
    end_ms: int
    label: str
    model: str = ""
    """Empty where there is one model only."""
    score: float | None = None

    @property
    def text(self) -> str:
        """Label and score."""
        return self.label if self.score is None else f"{self.label} {self.score:.2f}"


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """How the model that uses people samples a video."""

    rate: float
    """Samples per second."""
    short_side: int
    """Pixels of the shorter side of a sample."""
