"""Which models are served by one reading of a video, and how it gives each the features that it would get alone.

Models of any rates share a pass: the decoding process knows which frames each rate takes. They share an encoder that
has the same weights and takes pixels in the same way, and what it makes of a stream. Pictures of another size, or
compared over another time, need another pass, and so do clips of other frames: scaling pictures again would give other
numbers than the model learnt from.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.features.config import FeatureConfig, hardware_of
from vidlabel.features.encoders.hardware import Device, UsedDevice, UsedRuntime
from vidlabel.features.pipeline import BlockSet, EncodedBlock, Features, encode_sets
from vidlabel.features.streams.registry import clip_of, find_stream, lag_of, reading_request, runtime_of
from vidlabel.prediction.video_inputs import feature_config, spec_blocks

if TYPE_CHECKING:
    from vidlabel.features.streams.base import StreamEncoder
    from vidlabel.heads.model import Model
    from vidlabel.profiling import Stopwatch
    from vidlabel.stream_spec import StreamSpec
    from vidlabel.video.request import SampleRequest
    from vidlabel.video.samples import IsolatedSamples

LEAST_PIECE = 8
"""Samples at least that are encoded and scored together: it changes memory and overlap, never a result."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadingPass:
    """Models whose features come from one reading of a video."""

    models: tuple[int, ...]
    """Their places among all models."""
    request: SampleRequest
    """For the whole video."""
    sets: tuple[BlockSet, ...]
    """The features of each model."""
    batch_size: int
    """Samples in a piece."""
    device: UsedDevice
    """Where the encoders run."""
    runtime: UsedRuntime
    """Which library runs them."""

    def having(self, available: Collection[str], usable: Collection[int]) -> ReadingPass:
        """The same for a video that has these streams alone, and for those models that can do with them."""
        kept = [(place, one) for place, one in zip(self.models, self.sets, strict=True) if place in usable]
        sets = (replace(one, blocks=tuple(b for b in one.blocks if b.block.stream in available)) for _, one in kept)
        return replace(self, models=tuple(place for place, _ in kept), sets=tuple(sets))

    def encode(self, samples: IsolatedSamples, stopwatch: Stopwatch) -> Iterator[tuple[Features | None, ...]]:
        """For each model the features of its samples in the next piece; None where it has none there."""
        # Networks are compiled for the first batch, which takes 0.1 s each, while the rest of a short video is decoded.
        first = max(block.encoder.batch_size for own in self.sets for block in own.blocks)
        return encode_sets(samples, self.sets, self.batch_size, stopwatch, min(first, self.batch_size))


@dataclass(frozen=True, slots=True, eq=False)
class PassPlan:
    """Models that one reading of a video is to serve."""

    places: tuple[int, ...]
    """Of the models among all."""
    models: tuple[Model, ...]
    configs: tuple[FeatureConfig, ...]
    """How the features of each model are made."""
    request: SampleRequest
    device: UsedDevice
    runtime: UsedRuntime
    """As asked for; of the streams some have one of their own."""


class PassPlanner:
    """Arranges models in as few passes as give each what it would get alone; each encoder is loaded once.

    Args:
        usual: for what models say nothing about.
        device: where encoders run.
        threads: inputs that are encoded at the same time on the CPU.
        encoder: where the file of an encoder lies that a model was trained with; None: beside the model.
    """

    def __init__(self, usual: FeatureConfig, device: Device, threads: int, encoder: Path | None = None) -> None:
        self._device = device
        self._usual = usual
        self._threads = threads
        self._encoder_path = encoder
        self._encoders: dict[Hashable, StreamEncoder] = {}

    def plan(self, models: Sequence[Model], rate: float | None) -> tuple[PassPlan, ...]:
        """The passes, for which nothing is loaded yet.

        Args:
            models: without a `video_problem`.
            rate: samples per second for all of them; None: each model's own.

        Raises:
            UsageError, InstallationError, EncoderFileError: a file cannot be read, or a runtime is not there.
            DeviceError: a device that is not there.
        """
        configs = [feature_config(model, self._usual, self._encoder_path) for model in models]
        used = [hardware_of(config, self._device) for config in configs]
        configs = [replace(config, runtime=runtime) for config, (_, runtime) in zip(configs, used, strict=True)]
        if rate is not None:
            configs = [replace(config, rate=rate) for config in configs]
        passes: list[list[int]] = []
        for place in range(len(models)):
            for own in passes:
                alike = [used[place] == used[other] and _share_pictures(models, configs, place, other) for other in own]
                if all(alike):
                    own.append(place)
                    break
            else:
                passes.append([place])
        return tuple(_plan_pass(models, configs, own, *used[own[0]]) for own in passes)

    def load(self, plan: PassPlan) -> ReadingPass:
        """Load the encoders of a pass that were not loaded for another one.

        Raises:
            UsageError, InstallationError, EncoderFileError: one cannot be loaded.
            DeviceError: the GPU has too little memory left.
        """
        rates = plan.request.rates
        sets = tuple(
            BlockSet(self._blocks(model, config), 1 << rates.index(config.rate))
            for model, config in zip(plan.models, plan.configs, strict=True)
        )
        encoders = [block.encoder for one in sets for block in one.blocks]
        # A piece fills an encoder's batch, since a GPU takes the same time for a full one, and all threads.
        batch_size = max(LEAST_PIECE, self._threads, *(encoder.batch_size for encoder in encoders))
        names = [block.block.stream for one in sets for block in one.blocks]
        runtime = runtime_of(names, plan.runtime)
        return ReadingPass(plan.places, plan.request, sets, batch_size, plan.device, runtime)

    def _blocks(self, model: Model, config: FeatureConfig) -> tuple[EncodedBlock, ...]:
        pairs = zip(spec_blocks(model.spec), model.spec.streams, strict=True)
        return tuple(EncodedBlock(block, self._encoder(stream, config)) for block, stream in pairs)

    def _encoder(self, wanted: StreamSpec, config: FeatureConfig) -> StreamEncoder:
        stream, pictures = find_stream(wanted.name), wanted.pictures
        scaling = None if pictures is None else (pictures.mean, pictures.scale)
        device, runtime = hardware_of(config, self._device)
        key = stream.encoder_kind, wanted.encoder, scaling, device, runtime
        if key not in self._encoders:
            self._encoders[key] = stream.load_encoder(config, device, self._threads)
        return self._encoders[key]


def _plan_pass(
    models: Sequence[Model],
    configs: Sequence[FeatureConfig],
    own: Sequence[int],
    device: UsedDevice,
    runtime: UsedRuntime,
) -> PassPlan:
    rates = list(dict.fromkeys(configs[place].rate for place in own))
    return PassPlan(
        places=tuple(own),
        models=tuple(models[place] for place in own),
        configs=tuple(configs[place] for place in own),
        request=_request(models, configs, own, rates),
        device=device,
        runtime=runtime,
    )


def _share_pictures(models: Sequence[Model], configs: Sequence[FeatureConfig], first: int, second: int) -> bool:
    """Whether two models can take the same pictures, or one of them takes none."""
    places = first, second
    if not all(_sees_pictures(models[place]) for place in places):
        return True
    lags = {lag_of(configs[place], models[place].spec.stream_names) for place in places} - {None}
    clips = {clip_of(models[place].spec.stream_names) for place in places} - {None}
    return configs[first].short_side == configs[second].short_side and len(lags) <= 1 and len(clips) <= 1


def _sees_pictures(model: Model) -> bool:
    return any(stream.pictures is not None for stream in model.spec.streams)


def _request(
    models: Sequence[Model], configs: Sequence[FeatureConfig], own: Sequence[int], rates: Sequence[float]
) -> SampleRequest:
    """What gives all models of a pass what they take."""
    config = next((configs[place] for place in own if _sees_pictures(models[place])), configs[own[0]])
    lags = (lag_of(configs[place], models[place].spec.stream_names) for place in own)
    config = replace(config, rate=rates[0], lag_s=next((lag for lag in lags if lag is not None), config.lag_s))
    request = reading_request(config, [name for place in own for name in models[place].spec.stream_names])
    return replace(request, more_rates=tuple(rates[1:]))
