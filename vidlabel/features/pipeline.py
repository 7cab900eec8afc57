"""From a stream of samples to a stream of features, in constant memory; every command goes this way.

T samples in time, E numbers that an encoder gives, D numbers in the feature of a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.hardware import Device, resolve_hardware
from vidlabel.features.streams.base import Inputs, StreamEncoder
from vidlabel.features.streams.registry import find_stream
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.request import Sample

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
        self.device, self.runtime = resolve_hardware(device, config.runtime)
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

    def encode(
        self, samples: Iterable[Sample], blocks: Sequence[FeatureBlock], least: int = _LEAST_SAMPLES
    ) -> Iterator[Features]:
        """Encode samples as `encode_samples`, in pieces of `least` samples, or of as many as a batch holds."""
        encoders = self.load(block.stream for block in blocks)
        size = max(least, *(encoder.batch_size for encoder in encoders.values()))
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
    iterator = iter(samples)
    stages = [find_stream(block.stream).start() for block in blocks]
    while True:
        with stopwatch.phase("waiting"):
            batch = list(islice(iterator, batch_size))
        if not batch:
            return
        times = np.array([sample.time_s for sample in batch], np.float64)
        with stopwatch.phase("preprocess"):
            inputs = prepare_blocks(batch, blocks)
        with stopwatch.phase("encode"):
            encoded = _encode_together([encoders[block.stream] for block in blocks], inputs)
            values = [stage.push(own, times) for stage, own in zip(stages, encoded, strict=True)]
        yield Features(times, tuple(values))


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
