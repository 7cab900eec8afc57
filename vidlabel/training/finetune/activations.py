"""Training data for the encoder: activations before the tuned blocks, of some pictures of each video.

K samples that are kept of a video, V views, S streams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.errors import VideoError
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.trainable_tail import Activations, EncoderTail
from vidlabel.features.pipeline import prepare_blocks
from vidlabel.features.streams.registry import lag_of, reading_request
from vidlabel.stream_spec import View
from vidlabel.training.dataset.examples import Example
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.video.request import Sample
from vidlabel.video.samples import open_isolated_samples

if TYPE_CHECKING:
    from vidlabel.training.features import FeatureListener

MOST_BYTES = 512 << 20
"""Most bytes kept of all videos together, beyond the least of each."""
LEAST_SAMPLES = 8
"""Least samples kept of a video that has as many."""
_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class KeptPictures:
    """Activations of some pictures of one video."""

    samples: npt.NDArray[np.int64]
    """(K,) which samples of the video, ascending."""
    values: tuple[tuple[Activations, ...], ...]
    """For each of V views, for each of S streams, K pictures."""


class PictureKeeper:
    """Decodes videos again and keeps evenly spaced pictures of them.

    Args:
        config: of the features that the videos have by the published encoder.
        streams: S, of these features.
        views: V, of these features.
        tail: what is tuned.
    """

    def __init__(
        self, config: FeatureConfig, streams: tuple[str, ...], views: tuple[View, ...], tail: EncoderTail
    ) -> None:
        self._config = config
        self._streams = streams
        self._views = views
        self._tail = tail

    def keep(self, dataset: FeatureDataset, listener: FeatureListener) -> list[KeptPictures]:
        """Keep pictures of all videos.

        Args:
            dataset: the videos, with their features.
            listener: receives progress.

        Returns:
            One for each video. All together need `MOST_BYTES` at most, or `LEAST_SAMPLES` of each video where that is
            more.

        Raises:
            VideoError: a video that could be decoded before cannot be now.
        """
        side = self._config.short_side
        blank = self._tail.keep(np.zeros((1, side, side, 3), np.uint8))
        room = MOST_BYTES // (blank.nbytes * len(self._streams) * len(self._views))
        # The first sample has no frame before it: its motion picture is blank.
        first = 0 if lag_of(self._config, self._streams) is None else 1
        chosen = chosen_samples([len(clip.times) for clip in dataset.features], room, first)
        kept = []
        for example, clip, numbers in zip(dataset.training_set.examples, dataset.features, chosen, strict=True):
            wanted = dict(zip(clip.times[numbers].tolist(), numbers.tolist(), strict=True))
            kept.append(self._keep_video(example, wanted, listener))
            listener.ended(example.video, None)
        return kept

    def _keep_video(self, example: Example, wanted: Mapping[float, int], listener: FeatureListener) -> KeptPictures:
        pieces: list[tuple[tuple[Activations, ...], ...]] = []
        found: list[int] = []
        with open_isolated_samples(example.path, reading_request(self._config, self._streams)) as samples:
            chosen = (sample for sample in samples if sample.time_s in wanted)
            while batch := list(islice(chosen, _BATCH)):
                pieces.append(self._encode(batch))
                found += [wanted[sample.time_s] for sample in batch]
                listener.progress(batch[-1].time_s, samples.probe.duration_s, example.video)
        if not found:
            problem = "was decoded before, and now gives other pictures"
            raise VideoError(example.path, problem, "leave it out, or try again")
        by_view = zip(*pieces, strict=True)
        values = tuple(tuple(np.concatenate(own) for own in zip(*view, strict=True)) for view in by_view)
        return KeptPictures(np.array(found), values)

    def _encode(self, batch: Sequence[Sample]) -> tuple[tuple[Activations, ...], ...]:
        """For each view, for each stream."""
        blocks = [FeatureBlock(stream, view) for view in self._views for stream in self._streams]
        kept = [self._tail.keep(pictures) for pictures in prepare_blocks(batch, blocks)]
        size = len(self._streams)
        return tuple(tuple(kept[first : first + size]) for first in range(0, len(kept), size))


def chosen_samples(lengths: Sequence[int], room: int, first: int) -> list[npt.NDArray[np.int64]]:
    """Which samples of each video are kept: evenly spaced, the last one among them.

    Args:
        lengths: samples of each video.
        room: the number of samples of all videos together that fit into memory.
        first: the first that may be kept, of videos that have more.
    """
    share = min(1.0, room / sum(lengths))
    chosen = []
    for length in lengths:
        start = min(first, length - 1)
        count = min(length - start, max(LEAST_SAMPLES, int(length * share)))
        chosen.append(np.unique(np.linspace(start, length - 1, count).round().astype(np.int64)))
    return chosen
