"""Streams of pictures, by the picture encoder. The decoder has scaled them already; nothing is resampled here.

T samples of H x W pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from vidlabel.features.config import FeatureConfig, View
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.streams.base import Inputs, StreamEncoder
    from vidlabel.video.request import Sample

Picture = npt.NDArray[np.uint8]
"""(H, W, 3), RGB."""

_FLIPPED = "-flipped"


class PictureStream(ABC):
    """A stream that makes one picture of every sample."""

    name: str
    needs_earlier_frame: bool
    encoder_kind = "picture"

    @abstractmethod
    def picture(self, sample: Sample) -> Picture:
        """The picture of a sample, (H, W, 3)."""

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        """The pictures, cut and mirrored: (T, H, W, 3) for each view."""
        pictures = [self.picture(sample) for sample in samples]
        return [np.stack([view_picture(picture, view) for picture in pictures]) for view in views]

    def encoder_sha256(self, config: FeatureConfig) -> str:
        """That of the encoder that was asked for."""
        return config.encoder_sha256

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:
        """Load the picture encoder, as `vidlabel.features.encoders.frame_encoder.load_encoder`."""
        from vidlabel.features.encoders.frame_encoder import load_encoder  # torch: the names of streams do without

        return load_encoder(config.encoder, device, threads, config.runtime, config.tuned, config.scaling)


def view_picture(picture: Picture, view: View) -> Picture:
    """Cut and mirror a picture, without copying it.

    Args:
        picture: (H, W, 3).
        view: what to look at.

    Returns:
        (H, W, 3) for `whole`, else (S, S, 3) with S = min(H, W).
    """
    place = view.removesuffix(_FLIPPED)
    if place != "whole":
        side = min(picture.shape[:2])
        first = [{"left": 0, "centre": (size - side) // 2, "right": size - side}[place] for size in picture.shape[:2]]
        picture = picture[first[0] : first[0] + side, first[1] : first[1] + side]
    return picture[:, ::-1] if view.endswith(_FLIPPED) else picture
