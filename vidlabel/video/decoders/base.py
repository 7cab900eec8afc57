"""The interface of decoders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.video.request import Heartbeat, no_heartbeat


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A sample before its ticks became seconds."""

    time: int
    """Ticks from the first presented frame."""
    rgb: npt.NDArray[np.uint8]
    """(H, W, 3), upright."""
    earlier_rgb: npt.NDArray[np.uint8] | None = None
    rate_mask: int = 1
    """Bit k: a sample of rate k of the request."""


@dataclass(slots=True)
class DecodeStats:
    """How reading went so far; a reader writes it while its pictures are taken."""

    decode_errors: int = 0
    """Packets or frames that the codec rejected."""
    lost: int = 0
    """Ticks of the asked time that could not be decoded."""
    frames: int = 0
    """Frames that came out of the decoder."""
    holes: list[tuple[int, int]] = field(default_factory=list)
    """First tick and end tick of lost stretches longer than two frames, of the asked time, as they were found."""
    warnings: list[str] = field(default_factory=list)


class FrameReader(Protocol):
    """Gives the asked frames of one video in presentation order, once."""

    name: str
    """Name of the decoder: `decord`, `pyav`."""
    stats: DecodeStats

    def pictures(self, heartbeat: Heartbeat = no_heartbeat) -> Iterator[Picture]:
        """Decode.

        Args:
            heartbeat: called often, also between pictures.

        Raises:
            DecodeError: the decoder gave up; frames after the last picture may be had from another one.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...
