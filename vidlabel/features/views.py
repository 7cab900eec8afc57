"""Several views of one video, encoded in one pass over its samples.

T samples in time, D numbers in a feature of one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureBlock, View
from vidlabel.features.pipeline import PictureEncoder, encode_together
from vidlabel.features.preprocessing import Picture, motion_picture
from vidlabel.video.request import Sample

_FLIPPED = "-flipped"


@dataclass(frozen=True, slots=True, eq=False)
class PartFeatures:
    """A stretch of samples as features of several parts."""

    times: npt.NDArray[np.float64]
    """(T,) seconds from the first presented frame."""
    values: tuple[npt.NDArray[np.float32], ...]
    """(T, D) for each part."""


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


def extract_parts(
    samples: Iterable[Sample], encoder: PictureEncoder, parts: Sequence[FeatureBlock], batch_size: int
) -> Iterator[PartFeatures]:
    """Encode samples as they come; each is taken once, however many parts are wanted.

    Args:
        samples: in order of time, all of one size; with `earlier_rgb` where a part is of the stream `motion`.
        encoder: for all parts.
        parts: any number.
        batch_size: samples in each piece; it changes memory, never a feature.

    Yields:
        Pieces of at most `batch_size` samples.
    """
    iterator = iter(samples)
    while batch := list(islice(iterator, batch_size)):
        times = np.array([sample.time_s for sample in batch], np.float64)
        pictures = {"frames": [sample.rgb for sample in batch]}
        if any(part.stream == "motion" for part in parts):
            pictures["motion"] = [motion_picture(sample.rgb, sample.earlier_rgb) for sample in batch]
        views = [np.stack([view_picture(picture, part.view) for picture in pictures[part.stream]]) for part in parts]
        yield PartFeatures(times, tuple(encode_together(encoder, views)))
