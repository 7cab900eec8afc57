"""Drawings on frames: mixed into the planes of a frame, so that the rest of the picture stays as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.uint8]
Values = npt.NDArray[np.floating[Any]]

_BT709, _BT2020 = (1,), (9, 10)
"""FFmpeg's numbers of colour matrices."""
_UNSPECIFIED = 2
_HIGH_DEFINITION = 720
"""Lines from which players take a matrix that is not stated for that of BT.709."""
_SHARES = {"709": (0.2126, 0.0722), "2020": (0.2627, 0.0593), "601": (0.299, 0.114)}
"""Of red and blue in the brightness (ITU-R BT.709, BT.2020, BT.601)."""


@dataclass(frozen=True, slots=True)
class Planes:
    """The three planes of a picture of `yuv420p`, views into one array; changing them changes it."""

    luma: Plane
    """(H, W)"""
    blue: Plane
    """(H / 2, W / 2)"""
    red: Plane
    """(H / 2, W / 2)"""


def planes_of(picture: Plane) -> Planes:
    """The planes of a picture as PyAV gives it, (H * 3 / 2, W), both sides even."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    return Planes(picture[:height], chroma[0], chroma[1])


def matrix_of(colorspace: int, height: int) -> str:
    """Which colour matrix a frame has, by FFmpeg's number of it: a key of the shares."""
    if colorspace in _BT2020:
        return "2020"
    if colorspace in _BT709 or (colorspace == _UNSPECIFIED and height >= _HIGH_DEFINITION):
        return "709"
    return "601"


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is mixed into a plane: `value * keep / 256 + add`."""

    keep: npt.NDArray[np.uint16]
    add: npt.NDArray[np.uint16]

    def mix_into(self, region: Plane) -> None:
        region[:] = (region * self.keep + self.add) >> 8


class Overlay:
    """A drawing with transparency, at a place of a frame.

    Args:
        image: RGBA, both sides even.
        left: pixels, even.
        top: likewise.
        matrix: of the frame's colours, from `matrix_of`.
    """

    def __init__(self, image: Image.Image, left: int, top: int, matrix: str) -> None:
        self._left, self._top = left, top
        rgba: Values = np.asarray(image, np.float32) / 255
        luma, blue, red = _yuv(rgba[..., :3], matrix)
        alpha = rgba[..., 3]
        small_alpha = _halved(alpha)
        self._layers = (
            _layer(luma * alpha, alpha),
            _layer(_halved(blue * alpha), small_alpha),
            _layer(_halved(red * alpha), small_alpha),
        )

    def draw(self, planes: Planes) -> None:
        """Mix it into a frame."""
        for layer, plane, scale in zip(self._layers, (planes.luma, planes.blue, planes.red), (1, 2, 2), strict=True):
            height, width = layer.keep.shape
            top, left = self._top // scale, self._left // scale
            layer.mix_into(plane[top : top + height, left : left + width])


def _layer(premultiplied: Values, alpha: Values) -> _Layer:
    keep = np.rint((1 - alpha) * 256).astype(np.uint16)
    add = np.rint(premultiplied * 256).astype(np.uint16)
    return _Layer(keep, np.minimum(add, np.uint16(65535) - keep * np.uint16(255)))


def _halved(plane: Values) -> Values:
    height, width = plane.shape
    halved: Values = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return halved


def _yuv(rgb: Values, matrix: str) -> tuple[Values, ...]:
    """Brightness 16 to 235, and blue and red differences 16 to 240, of RGB from 0 to 1."""
    of_red, of_blue = _SHARES[matrix]
    red, green, blue = (rgb[..., channel] for channel in range(3))
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    differences = (blue - luma) / (1 - of_blue), (red - luma) / (1 - of_red)
    return 16 + 219 * luma, *(128 + 112 * difference for difference in differences)
