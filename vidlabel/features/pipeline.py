"""From a stream of samples to a stream of features, in constant memory; every command goes this way.

T samples in time, E numbers that an encoder gives, D numbers in the feature of a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureBlock, FeatureConfig, hardware_of
from vidlabel.features.encoders.hardware import Device
from vidlabel.features.streams.base import Inputs, StreamEncoder
from vidlabel.features.streams.registry import find_stream
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.request import Sample

EVERY_RATE = -1
"""The mask of all rates."""
_LEAST_SAMPLES = 8
"""In a piece: decoding goes on while they are encoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A stretch of samples as features."""

    times: npt.NDArray[np.float64]
    """(T,) seconds from the first presented frame."""
    blocks: tuple[npt.NDArray[np.float32], ...]
    """(T, D) for each block that was asked for, in that order."""

    def joined(self) -> npt.NDArray[np.float32]:
        """All blocks side by side: (T, D of all together)."""
        return np.concatenate(self.blocks, axis=1)


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A block, and the encoder that it is made by."""

    block: FeatureBlock
    encoder: StreamEncoder


@dataclass(frozen=True, slots=True)
class BlockSet:
    """Blocks that are joined, and the samples that they are wanted of."""

    blocks: tuple[EncodedBlock, ...]
    rate_mask: int
    """Those of which `Sample.rate_mask` has one of these bits."""


class FeaturePipeline:
    """Makes features of samples; its encoders are loaded when they are first needed, and once.

    Args:
        config: how the features are made.
        streams: that may be asked for.
        device: where the encoders run.
        threads: inputs that are encoded at the same time on the CPU; None: as many as there are cores.
        stopwatch: takes the time of waiting, preprocessing and encoding.

    Raises:
        UsageError: a runtime that is not there, or a stream that cannot be computed from videos.
        DeviceError: a device that is not there.
    """

    def __init__(
        self,
        config: FeatureConfig,
        streams: Sequence[str],
        device: Device = "auto",
        threads: int | None = None,
        stopwatch: Stopwatch = OFF,
    ) -> None:
        self.device, self.runtime = hardware_of(config, device)
        self.config = replace(config, runtime=self.runtime)
        self._streams = {name: find_stream(name) for name in streams}
        self._threads = threads
        self._stopwatch = stopwatch
        self._loaded: dict[str, StreamEncoder] = {}

    def load(self, names: Iterable[str]) -> dict[str, StreamEncoder]:
        """The encoders of some of the streams by the names of these; each is loaded once.

        Raises:
            UsageError, InstallationError: one cannot be loaded.
        """
        found = {}
        for name in names:
            stream = self._streams[name]
            if stream.encoder_kind not in self._loaded:
                self._loaded[stream.encoder_kind] = stream.load_encoder(self.config, self.device, self._threads)
            found[name] = self._loaded[stream.encoder_kind]
        return found

    def encode(self, samples: Iterable[Sample], blocks: Sequence[FeatureBlock]) -> Iterator[Features]:
        """Encode samples as `encode_samples`, in pieces of as many as a batch holds."""
        encoders = self.load(block.stream for block in blocks)
        size = max(_LEAST_SAMPLES, *(encoder.batch_size for encoder in encoders.values()))
        return encode_samples(samples, encoders, blocks, size, self._stopwatch)


def encode_samples(
    samples: Iterable[Sample],
    encoders: Mapping[str, StreamEncoder],
    blocks: Sequence[FeatureBlock],
    batch_size: int = _LEAST_SAMPLES,
    stopwatch: Stopwatch = OFF,
) -> Iterator[Features]:
    """Encode samples as they come; each is taken once, however many blocks are wanted.

    Args:
        samples: in order of time, all of one size; as `reading_request` asks for them.
        encoders: of the streams by name.
        blocks: any number.
        batch_size: samples in each piece; it changes memory and overlap, never a feature.
        stopwatch: takes the time of waiting, preprocessing and encoding.

    Yields:
        Pieces of at most `batch_size` samples; joined, they are the features of all samples.

    Raises:
        UsageError: a stream that cannot be computed from videos.
    """
    whole = BlockSet(tuple(EncodedBlock(block, encoders[block.stream]) for block in blocks), EVERY_RATE)
    for (features,) in encode_sets(samples, [whole], batch_size, stopwatch):
        if features is not None:
            yield features


def encode_sets(
    samples: Iterable[Sample],
    sets: Sequence[BlockSet],
    batch_size: int = _LEAST_SAMPLES,
    stopwatch: Stopwatch = OFF,
    first_size: int | None = None,
) -> Iterator[tuple[Features | None, ...]]:
    """Encode samples for several sets of blocks; what sets have in common is encoded once.

    Args:
        samples: in order of time, all of one size; one request asks for all that the streams of all sets take.
        sets: any number.
        batch_size: samples in each piece; it changes memory and overlap, never a feature.
        stopwatch: takes the time of waiting, preprocessing and encoding.
        first_size: samples in the first piece; None: `batch_size`.

    Yields:
        For each set the features of its samples among the next `batch_size`; None where it has none there.

    Raises:
        UsageError: a stream that cannot be computed from videos.
    """
    encoding = _SetEncoding(sets)
    iterator = iter(samples)
    size = first_size or batch_size
    while True:
        with stopwatch.phase("waiting"):
            batch = list(islice(iterator, size))
        if not batch:
            return
        size = batch_size
        rows = encoding.rows(batch)
        with stopwatch.phase("preprocess"):
            inputs = encoding.prepare(batch, rows)
        with stopwatch.phase("encode"):
            found = encoding.encode(batch, rows, inputs)
        yield found


Rows = Mapping[int, npt.NDArray[np.intp]]
"""For a mask of rates, the numbers of its samples within a piece."""


class _SetEncoding:
    """How samples become the features of several sets, from the first sample of a video to its last."""

    def __init__(self, sets: Sequence[BlockSet]) -> None:
        self._sets = sets
        self._masks: dict[EncodedBlock, int] = {}
        """Which samples each block is encoded of: those of all sets that have it."""
        for own in sets:
            for block in own.blocks:
                self._masks[block] = self._masks.get(block, 0) | own.rate_mask
        # Features may depend on the samples before, which differ from rate to rate.
        stages = ((block, own.rate_mask) for own in sets for block in own.blocks)
        self._stages = {stage: find_stream(stage[0].block.stream).start() for stage in stages}

    def rows(self, batch: Sequence[Sample]) -> Rows:
        """Which samples are of which rates."""
        masks = np.array([sample.rate_mask for sample in batch], np.int64)
        wanted = {*self._masks.values(), *(own.rate_mask for own in self._sets)}
        return {mask: np.flatnonzero(masks & mask) for mask in wanted}

    def prepare(self, batch: Sequence[Sample], rows: Rows) -> dict[EncodedBlock, Inputs]:
        """What the encoder of each block takes of its samples, where it has any."""
        inputs: dict[EncodedBlock, Inputs] = {}
        for mask in dict.fromkeys(self._masks.values()):
            own = [block for block, of_block in self._masks.items() if of_block == mask]
            if len(rows[mask]):
                samples = [batch[row] for row in rows[mask].tolist()]
                blocks = list(dict.fromkeys(block.block for block in own))
                prepared = dict(zip(blocks, prepare_blocks(samples, blocks), strict=True))
                inputs |= {block: prepared[block.block] for block in own}
        return inputs

    def encode(
        self, batch: Sequence[Sample], rows: Rows, inputs: Mapping[EncodedBlock, Inputs]
    ) -> tuple[Features | None, ...]:
        """The features of each set."""
        times = np.array([sample.time_s for sample in batch], np.float64)
        encoded = dict(
            zip(inputs, _encode_together([block.encoder for block in inputs], list(inputs.values())), strict=True)
        )
        values = {}
        for (block, mask), stage in self._stages.items():
            if len(rows[mask]):
                own = np.searchsorted(rows[self._masks[block]], rows[mask])
                values[block, mask] = stage.push(encoded[block][own], times[rows[mask]])
        return tuple(
            Features(times[rows[own.rate_mask]], tuple(values[block, own.rate_mask] for block in own.blocks))
            if len(rows[own.rate_mask])
            else None
            for own in self._sets
        )


def prepare_blocks(samples: Sequence[Sample], blocks: Sequence[FeatureBlock]) -> list[Inputs]:
    """What encoders take of some samples: (T, ...) for each block. Views of one stream share its work.

    Raises:
        UsageError: a stream that cannot be computed from videos.
    """
    prepared: dict[FeatureBlock, Inputs] = {}
    for name in dict.fromkeys(block.stream for block in blocks):
        own = [block for block in blocks if block.stream == name]
        found = find_stream(name).prepare(samples, [block.view for block in own])
        prepared |= zip(own, found, strict=True)
    return [prepared[block] for block in blocks]


def _encode_together(encoders: Sequence[StreamEncoder], inputs: Sequence[Inputs]) -> list[npt.NDArray[np.float32]]:
    """Encode what is of one encoder and size in one call: a GPU takes as long for a part of a batch.

    Args:
        encoders: for each block.
        inputs: (T, ...) of each block.

    Returns:
        (T, E) of each block.
    """
    groups: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    works = [(id(encoder), id(own)) for encoder, own in zip(encoders, inputs, strict=True)]
    first = {work: works.index(work) for work in works}  # Views may share their inputs.
    for number in first.values():
        groups.setdefault((id(encoders[number]), inputs[number].shape[1:]), []).append(number)
    values: dict[int, npt.NDArray[np.float32]] = {}
    for numbers in groups.values():
        found = encoders[numbers[0]].encode(np.concatenate([inputs[number] for number in numbers]))
        ends = np.cumsum([len(inputs[number]) for number in numbers])
        values |= zip(numbers, np.split(found, ends[:-1]), strict=True)
    return [values[first[work]] for work in works]
