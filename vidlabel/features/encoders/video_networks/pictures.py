"""Pictures as video networks take them: what torchvision's preset of the weights does before it scales values.

H x W pixels become S x S.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.video_networks.table import VideoNetwork
from vidlabel.stream_spec import View

Picture = npt.NDArray[np.uint8]

_FLIPPED = "-flipped"


def network_picture(picture: Picture, network: VideoNetwork, view: View) -> Picture:
    """Resize, cut and mirror a picture.

    Args:
        picture: (H, W, 3).
        network: that takes it.
        view: the square in the middle or at an end of the longer side; or the whole picture, squeezed into the square.

    Returns:
        (S, S, 3).
    """
    side, place = network.side, view.removesuffix(_FLIPPED)
    if place == "whole":
        square = resized(picture, side, side)
    else:
        square = _cut(resized(picture, *_resized_size(picture, network)), side, place)
    return square[:, ::-1] if view.endswith(_FLIPPED) else square


def resized(picture: Picture, height: int, width: int) -> Picture:
    """Resize bilinearly, without smoothing first: the networks were trained so.

    Args:
        picture: (H, W, 3).
        height: of the result.
        width: of the result.
    """
    if picture.shape[:2] == (height, width):
        return picture
    values = _between(_between(picture.astype(np.float32), height, 0), width, 1)
    return np.rint(values).astype(np.uint8)


def _between(values: npt.NDArray[np.float32], size: int, axis: int) -> npt.NDArray[np.float32]:
    """Values at `size` places that divide an axis evenly, each between the two pixels beside it."""
    old = values.shape[axis]
    # In float32 as torch: where half a value has to be rounded, 5 % of them went to the other side with more digits.
    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    places = np.clip(centres * (np.float32(old) / np.float32(size)) - np.float32(0.5), 0, old - 1)
    first = places.astype(np.intp)
    share = (places - first.astype(np.float32)).reshape(-1, *[1] * (values.ndim - 1 - axis))
    after = values.take(np.minimum(first + 1, old - 1), axis)
    mixed: npt.NDArray[np.float32] = values.take(first, axis) * (1 - share) + after * share
    return mixed


def _resized_size(picture: Picture, network: VideoNetwork) -> tuple[int, int]:
    if not isinstance(network.resized, int):
        return network.resized
    height, width = picture.shape[:2]
    short, long = network.resized, network.resized * max(height, width) // min(height, width)
    return (short, long) if height <= width else (long, short)


def _cut(picture: Picture, side: int, place: str) -> Picture:
    """The square in the middle, or at the left (top) or right (bottom) end of the longer side."""
    ends = [_first(size, side, place if size == max(picture.shape[:2]) else "centre") for size in picture.shape[:2]]
    return picture[ends[0] : ends[0] + side, ends[1] : ends[1] + side]


def _first(size: int, side: int, place: str) -> int:
    """The first pixel of `side` ones among `size`; halves are rounded as torchvision does."""
    return {"left": 0, "centre": round((size - side) / 2), "right": size - side}[place]
