"""What becomes of the values of pixels, 0 to 255, before an encoder takes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PixelScaling:
    """(value - mean) / scale."""

    mean: float
    scale: float


PUBLISHED_SCALING = PixelScaling(mean=127.0, scale=128.0)
"""That the published encoders were trained with."""
