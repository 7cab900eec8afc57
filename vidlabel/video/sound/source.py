"""Where the sound of a video lies, and how its time stamps become times of the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av.error
import numpy as np
import numpy.typing as npt

from vidlabel.video.container.open import choose_stream, open_container, read_packets
from vidlabel.video.container.packets import NO_TIME

if TYPE_CHECKING:
    from vidlabel.video.container.recording import Recording
    from vidlabel.video.probe import Probe
    from vidlabel.video.request import Heartbeat

_NEAR_PACKETS = 64
"""Pictures by which sound may lie before or after those of its time in the file: a second or two."""
_MOST_DRIFT_S = 1
"""Sound that follows without a gap is expected at most so far from where it would be."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundSource:
    """One recording in a file, and the time for which its sound counts; on the clock of the samples."""

    probe: Probe
    start_s: Fraction = Fraction(0)
    """When its first frame is shown."""
    from_s: Fraction | None = None
    """Its sound before this time does not count; None: all does."""
    until_s: Fraction | None = None
    """Its sound from this time on does not count; None: all does."""

    @property
    def recording(self) -> Recording:
        """The stretch of the file."""
        return self.probe.recording

    @property
    def zero_s(self) -> float:
        """What the recording's clock shows at time 0."""
        return float(self.probe.first_pts * self.probe.time_base - self.start_s)

    @property
    def is_retimed(self) -> bool:
        """Whether the times of its pictures are others than its time stamps say."""
        return bool(self.probe.packets.jumps) or self.probe.packets.repaired


class ClockShifts:
    """What was added to the time stamps of a recording's pictures, to be added to those of its sound, too.

    Args:
        source: a recording that is retimed.
        heartbeat: called for each packet.

    Raises:
        VideoError: the file is gone or changed.
    """

    def __init__(self, source: SoundSource, heartbeat: Heartbeat) -> None:
        self._tick_s = float(source.probe.time_base)
        self._shifts = _shifts(source.probe, heartbeat)

    def shift_s(self, pictures: int, time_s: float, expected_s: float | None) -> float:
        """What to add to the time stamp of a packet of sound.

        Sound and pictures of one time do not lie side by side in the file: near a jump of the clock, the shift is
        taken that lets the sound go on.

        Args:
            pictures: packets of pictures that come before it in the file.
            time_s: the time stamp.
            expected_s: when the sound goes on; None: not known.
        """
        if not len(self._shifts):
            return 0.0
        own = float(self._shifts[min(max(pictures - 1, 0), len(self._shifts) - 1)]) * self._tick_s
        if expected_s is None or abs(time_s + own - expected_s) <= _MOST_DRIFT_S:
            return own
        near = np.unique(self._shifts[max(0, pictures - _NEAR_PACKETS) : pictures + _NEAR_PACKETS])
        best = min(
            (float(shift) * self._tick_s for shift in near),
            key=lambda shift: abs(time_s + shift - expected_s),
            default=own,
        )
        return best if abs(time_s + best - expected_s) <= _MOST_DRIFT_S else own


def _shifts(probe: Probe, heartbeat: Heartbeat) -> npt.NDArray[np.int64]:
    """(N,) ticks, for each packet of pictures in file order."""
    table = probe.packets
    shifts = np.zeros(len(table), np.int64)
    number = 0
    with open_container(probe.recording) as container:
        for packet in read_packets(container, choose_stream(container, probe.path, probe.recording.stream), heartbeat):
            if isinstance(packet, av.error.FFmpegError) or not packet.size:
                continue
            if number == len(table):
                break
            if packet.pts is not None and table.pts[number] != NO_TIME:
                shifts[number] = int(table.pts[number]) - packet.pts
            elif number:
                shifts[number] = shifts[number - 1]
            number += 1
    return shifts
