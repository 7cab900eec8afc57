"""Taking the feature of an earlier picture for one that hardly differs: near-static video for less work.

B pictures of H x W pixels, D numbers in a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

TILE = 8
"""Pixels a side. In a tile, noise of the camera and the codec averages out, and what is small still counts."""
MOST_CHANGE = 4.0
"""Grey levels, of the tile that changed most. Chosen, with `TILE`, after a look at seven thresholds and two tiles on
35 real videos, 662 samples of the model `objects`, so these figures flatter it: the label on top changed in 0.2 % of
the samples, and no score by more than 0.05. With 2 grey levels a third as many samples were reused; with 8 twice as
many, and scores moved by up to 0.12. `benchmarks/skip_similar.py` measures it on others."""


class PictureEncoder(Protocol):
    """What turns pictures into features, such as `Encoder`."""

    def encode(self, frames: Pictures) -> FloatArray:
        """(B, H, W, 3) to (B, D)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    tiles: FloatArray
    feature: FloatArray


class Reuse:
    """Encodes the pictures of one video but for those that are like the last one encoded.

    Each stream is compared for itself, in the pictures that the encoder would take: a motion picture is like another
    where the same moves the same way. Compared is with the last picture that was encoded, so that slow changes add up
    until they are seen.
    """

    def __init__(self) -> None:
        self.samples = 0
        """For which nothing was encoded."""
        self._last: dict[int, _Encoded] = {}

    def encode(self, encoder: PictureEncoder, streams: Sequence[Pictures]) -> list[FloatArray]:
        """Features of the next samples.

        Args:
            encoder: the same at each call.
            streams: (B, H, W, 3) of each stream.

        Returns:
            (B, D) of each stream.
        """
        alike, values = zip(*(self._encode(encoder, *numbered) for numbered in enumerate(streams)), strict=True)
        self.samples += int(np.logical_and.reduce(alike).sum())
        return list(values)

    def _encode(
        self, encoder: PictureEncoder, stream: int, pictures: Pictures
    ) -> tuple[npt.NDArray[np.bool_], FloatArray]:
        """Which pictures of a stream were like another, and the features of all."""
        last = self._last.get(stream)
        tiles = [_tile_means(picture) for picture in pictures]
        sources: list[int] = []  # Number of the picture whose feature is taken; -1: of one before these.
        reference = None if last is None else last.tiles
        for number, here in enumerate(tiles):
            if reference is not None and _change(here, reference) < MOST_CHANGE:
                sources.append(sources[-1] if sources else -1)
            else:
                sources.append(number)
                reference = here
        source = np.array(sources)
        fresh = np.flatnonzero(source == np.arange(len(source)))
        values = encoder.encode(pictures[fresh])
        if last is not None:  # It is the first row then, where `source` is -1.
            values = np.concatenate([last.feature[None], values])
            fresh = np.concatenate([[-1], fresh])
        found = values[np.searchsorted(fresh, source)]
        if source[-1] >= 0:
            self._last[stream] = _Encoded(tiles[source[-1]], found[-1].copy())
        return source != np.arange(len(source)), found


def _tile_means(picture: Pictures) -> FloatArray:
    """Mean of each tile and colour, (rows, columns, 3); tiles at the far edges hold what is left."""
    height, width = picture.shape[:2]
    tops, lefts = np.arange(0, height, TILE), np.arange(0, width, TILE)
    sums = np.add.reduceat(np.add.reduceat(picture, tops, axis=0, dtype=np.uint32), lefts, axis=1)
    areas = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    means: FloatArray = (sums / areas[:, :, None]).astype(np.float32)
    return means


def _change(one: FloatArray, other: FloatArray) -> float:
    """Grey levels by which the tile that differs most does, mean of its colours."""
    return float(np.abs(one - other).mean(axis=2).max())
