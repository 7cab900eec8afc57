"""From samples to the pictures that the encoder takes. The decoder has scaled them already; nothing is resampled here.

H and W: pixels of a sample.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(H, W, 3), RGB."""

Crop = Literal["centre", "none"]

MOTION_GREY = 128
"""Stands for "no change" in a motion picture."""
MOTION_GAIN = 2
"""A change of 64 grey levels fills the range of a motion picture."""


def crop_picture(picture: Picture, crop: Crop) -> Picture:
    """Cut a picture to what the model looks at, as a view.

    Args:
        picture: (H, W, 3).
        crop: `centre`: the square in the middle; `none`: all of it.

    Returns:
        (S, S, 3) with S = min(H, W), or (H, W, 3).
    """
    if crop == "none":
        return picture
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def motion_picture(picture: Picture, earlier: Picture | None) -> Picture:
    """What changed since an earlier frame, as a picture: clip(128 + 2 * (picture - earlier), 0, 255), colour kept.

    Args:
        picture: (H, W, 3).
        earlier: (H, W, 3), or None where there is none yet: nothing changed then.

    Returns:
        (H, W, 3).
    """
    if earlier is None:
        return np.full_like(picture, MOTION_GREY)
    change = picture.astype(np.int16) - earlier
    scaled: npt.NDArray[np.int16] = MOTION_GREY + MOTION_GAIN * change
    return scaled.clip(0, 255).astype(np.uint8)
