"""From a stream of samples to a stream of features, in constant memory.

T samples in time, D numbers in the feature of a sample (all streams one after the other); B pictures of H x W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.errors import UsageError
from vidlabel.features.preprocessing import Crop, Picture, crop_picture, motion_picture
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.request import Sample


class PictureEncoder(Protocol):
    """What turns pictures into features, such as `Encoder`."""

    def encode(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(B, H, W, 3) to (B, D)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A stretch of samples as features."""

    times: npt.NDArray[np.float64]
    """(T,) seconds from the first presented frame."""
    values: npt.NDArray[np.float32]
    """(T, D)."""


def extract(
    samples: Iterable[Sample],
    encoder: PictureEncoder,
    streams: Sequence[str] = ("frames",),
    crop: Crop = "none",
    batch_size: int = 8,
    stopwatch: Stopwatch = OFF,
) -> Iterator[Features]:
    """Encode samples as they come.

    Args:
        samples: in order of time, all of one size, the shorter side as the model asks for it.
        encoder: of the model.
        streams: of the model: `frames`, `motion`, or both, in the order in which their features are joined. `motion` is
            the difference to `Sample.earlier_rgb`, so that must have been asked for.
        crop: of the model.
        batch_size: samples in each piece; it changes memory and overlap, never a feature.
        stopwatch: takes the time of waiting, preprocessing and encoding.

    Yields:
        Pieces of at most `batch_size` samples; joined, they are the features of all samples.

    Raises:
        UsageError: a stream that cannot be computed from pictures.
    """
    for stream in streams:
        if stream not in ("frames", "motion"):
            raise UsageError(f"stream {stream}", "this version cannot compute it", "use a model without it")
    iterator = iter(samples)
    while True:
        with stopwatch.phase("waiting"):
            batch = list(islice(iterator, batch_size))
        if not batch:
            return
        times = np.array([sample.time_s for sample in batch], np.float64)
        with stopwatch.phase("preprocess"):
            pictures = [_pictures(batch, stream, crop) for stream in streams]
        with stopwatch.phase("encode"):
            values = encode_together(encoder, pictures)
        yield Features(times, np.concatenate(values, axis=1))


def encode_together(encoder: PictureEncoder, groups: Sequence[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.float32]]:
    """Encode several groups of pictures, those of one size in one call: a GPU takes as long for a part of a batch.

    Args:
        encoder: for all of them.
        groups: (B, H, W, 3) each.

    Returns:
        (B, D) for each group.
    """
    values: dict[int, npt.NDArray[np.float32]] = {}
    for shape in dict.fromkeys(group.shape[1:] for group in groups):
        numbers = [number for number, group in enumerate(groups) if group.shape[1:] == shape]
        found = encoder.encode(np.concatenate([groups[number] for number in numbers]))
        ends = np.cumsum([len(groups[number]) for number in numbers])
        values |= dict(zip(numbers, np.split(found, ends[:-1]), strict=True))
    return [values[number] for number in range(len(groups))]


def _pictures(batch: Sequence[Sample], stream: str, crop: Crop) -> npt.NDArray[np.uint8]:
    return np.stack([crop_picture(_picture(sample, stream), crop) for sample in batch])


def _picture(sample: Sample, stream: str) -> Picture:
    return motion_picture(sample.rgb, sample.earlier_rgb) if stream == "motion" else sample.rgb
