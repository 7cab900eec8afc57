"""Loads what labels videos, in a process that does little else."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from vidlabel.prediction.options import PredictOptions
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.isolation.pool import DecodePool

if TYPE_CHECKING:
    from vidlabel.prediction.labeller import Labeller


def load_labeller(
    options: PredictOptions, pool: DecodePool, threads: int | None = None, stopwatch: Stopwatch = OFF
) -> Labeller:
    """Load torch and the model, as `Labeller`, and start a decoding process, which loads its libraries meanwhile.

    The garbage collector is off until then, and never looks at what was loaded again: importing torch makes hundreds of
    thousands of objects that all stay, and looking at them over and over takes a tenth of the second that it lasts. It
    is the collector of the whole process, so only a program's start may call this.

    Raises:
        UsageError, ModelFileError, InstallationError: as `Labeller`.
    """
    pool.start()
    gc.disable()
    try:
        # Imported here: a video that is done already needs no torch, which takes a second to load.
        from vidlabel.prediction.labeller import Labeller

        return Labeller(options, pool, threads, stopwatch)
    finally:
        gc.freeze()
        gc.enable()
