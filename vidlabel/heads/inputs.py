"""The motion features of a first sample, which has no frame before it to be compared with.

A picture without any change stands there, which the encoder never sees elsewhere; what follows says more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def filled_motion(values: npt.NDArray[np.float32], streams: Sequence[str]) -> npt.NDArray[np.float32]:
    """Features of which the first sample has the motion of the second.

    Args:
        values: (T, D) from the first sample on, the streams one after the other, all of one width.
        streams: their names.

    Returns:
        (T, D): a copy, or `values` themselves where there is nothing to fill in.
    """
    if "motion" not in streams or len(values) < 2:
        return values
    width = values.shape[1] // len(streams)
    place = streams.index("motion") * width
    filled = values.copy()
    filled[0, place : place + width] = values[1, place : place + width]
    return filled
