"""The stream `motion`: what changed since a moment before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vidlabel.features.streams.pictures import Picture, PictureStream
from vidlabel.video.request import Sample

MOTION_GREY = 128
"""Stands for "no change" in a motion picture."""
MOTION_GAIN = 2
"""A change of 64 grey levels fills the range of a motion picture."""


class MotionStream(PictureStream):
    """The differences to earlier frames."""

    name = "motion"
    needs_earlier_frame = True

    def picture(self, sample: Sample) -> Picture:
        """The change since the earlier frame of the sample."""
        return motion_picture(sample.rgb, sample.earlier_rgb)


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
