"""What of a video need not be decoded: known from its packets before anything is.

H.264 and HEVC mark each picture that others refer to, and pictures across which no other refers. Both are
promises of the standards, so leaving pictures out by them gives the very same pixels for all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.video.decoders.base import Picture
from vidlabel.video.sampling import choose_samples, grid_of

if TYPE_CHECKING:
    from vidlabel.video.probe import Probe
    from vidlabel.video.request import SampleRequest


@dataclass(frozen=True, slots=True, eq=False)
class SkipPlan:
    """Which packets of a video have to be decoded. Ticks count from the first presented frame."""

    chosen: npt.NDArray[np.int64]
    """(S,) ticks of the samples."""
    rate_masks: npt.NDArray[np.int64]
    """(S,) bit k: a sample of rate k."""
    earlier: npt.NDArray[np.int64] | None
    """(S,) ticks of their earlier pictures, -1 where there is none; None where no lag was asked for."""
    needed: npt.NDArray[np.int64]
    """(K,) ticks of all pictures that are wanted, ascending."""
    wanted: npt.NDArray[np.bool_]
    """(N,) whether the packet's picture is wanted."""
    left_out: npt.NDArray[np.bool_]
    """(N,) whether no wanted picture comes after it, up to where decoding starts anew."""

    @property
    def end(self) -> int:
        """Number of the packet after the last one that has to be decoded."""
        decoded = np.flatnonzero(~self.left_out)
        return int(decoded[-1]) + 1 if len(decoded) else 0


def plan_omission(probe: Probe, request: SampleRequest) -> SkipPlan:
    """Decide on each packet of a video that shows all of its packets, each at a time of its own."""
    grid, table = grid_of(request, probe.time_base, preceding=probe.preceding), probe.packets
    ticks = table.pts - probe.first_pts
    times = np.sort(ticks)
    samples = choose_samples(times.data, grid)
    chosen = times[samples.indices]
    earlier, needed = None, chosen
    if grid.lag is not None:
        places = np.searchsorted(times, chosen - grid.lag, side="right") - 1
        earlier = np.where(places >= 0, times[places], -1)
        needed = np.union1d(chosen, earlier[places >= 0])
    wanted = np.zeros(len(ticks), np.bool_)
    wanted[np.argsort(ticks, kind="stable")[np.searchsorted(times, needed)]] = True
    groups = np.cumsum(table.restarts)
    last = np.full(int(groups[-1]) + 1, -1)
    at = np.flatnonzero(wanted)
    np.maximum.at(last, groups[at], at)
    return SkipPlan(chosen, samples.rate_masks, earlier, needed, wanted, np.arange(len(ticks)) > last[groups])


def planned_pictures(plan: SkipPlan, rgb: Callable[[int], npt.NDArray[np.uint8]]) -> Iterator[Picture]:
    """The samples, with their earlier pictures; each wanted picture is made once and held as long as it is needed.

    Args:
        plan: of the video.
        rgb: gives the picture (H, W, 3) at a tick; asked for those of `plan.needed`, in order.
    """
    needed = iter(plan.needed.tolist())
    earlier_times = repeat(None) if plan.earlier is None else plan.earlier.tolist()
    held: dict[int, npt.NDArray[np.uint8]] = {}
    for time, mask, earlier in zip(plan.chosen.tolist(), plan.rate_masks.tolist(), earlier_times, strict=False):
        while time not in held:
            tick = next(needed)
            held[tick] = rgb(tick)
        yield Picture(time, held[time], None if earlier is None else held.get(earlier), mask)
        for done in [tick for tick in held if earlier is None or tick < earlier]:
            del held[done]
