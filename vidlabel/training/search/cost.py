"""What models cost: numbers in them, and CPU per second of video."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from vidlabel.features.encoders.hardware import Device
from vidlabel.features.pipeline import FeaturePipeline
from vidlabel.features.streams.pictures import PictureStream
from vidlabel.features.streams.registry import available_streams, find_stream, reading_request
from vidlabel.heads.model import Network
from vidlabel.heads.scoring import make_scorer
from vidlabel.profiling import Stopwatch
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.features import training_blocks
from vidlabel.training.search.model_cost import FREE, EncoderCost, ModelCost, StreamCosts
from vidlabel.video.samples import open_isolated_samples

MEASURED_S = 5.0
"""Seconds of one video that are decoded and encoded to measure."""
SCORED_S = 20.0
"""Seconds of features that heads score to measure."""


def measure_streams(dataset: FeatureDataset, candidates: Mapping[str, FeatureOptions]) -> StreamCosts:
    """Decode and encode the beginning of a video of the usual length.

    A stream that this video lacks is measured on the first one that has it.

    Args:
        dataset: of all clips.
        candidates: how the features are made with each encoder of the pictures that is tried.

    Raises:
        VideoError: the video cannot be read any more.
    """
    if dataset.training_set.features is not None:
        return FREE
    examples = dataset.training_set.examples
    by_length = sorted(range(len(examples)), key=lambda place: examples[place].duration_s)
    middle = by_length[len(by_length) // 2]
    found, decode = [], 0.0
    for stream in dataset.stream_names:
        lacking = [stream in clip.missing for clip in dataset.features]
        place = middle if not lacking[middle] else lacking.index(False)
        of_pictures = find_stream(stream).encoder_kind == PictureStream.encoder_kind
        cost = 0.0
        for number, (encoder, options) in enumerate(candidates.items()):
            if of_pictures or number == 0:  # the encoder of the pictures does not change what others cost
                own_decode, cost = _measured(examples[place].path, stream, options, options.device)
                decode = max(decode, own_decode)
            found.append(EncoderCost(stream, encoder, cost))
    return StreamCosts(decode, tuple(found))


def network_cost(network: Network, costs: StreamCosts, encoder: str) -> ModelCost:
    """Parameters of a model, and what its heads take of a processor.

    Args:
        network: the model; its numbers do not matter.
        costs: of streams.
        encoder: of the pictures.
    """
    spec = network.spec
    parameters = sum(array.size for head in network.heads for array in head.parameters.values())
    parameters += sum(own.mean.size + own.components.size for own in network.projections)
    seconds = _scoring_s(network)
    return ModelCost(parameters, costs.cpu(spec.stream_names, encoder, spec.rate), seconds)


def _scoring_s(network: Network) -> float:
    """CPU seconds of the heads per second of video; the lower one of two measurements."""
    spec = network.spec
    width = sum(stream.size for stream in spec.streams)
    samples = max(2, round(SCORED_S * spec.rate))
    values = np.random.default_rng(0).normal(size=(samples, width)).astype(np.float32)
    found = []
    for _ in range(2):
        scorer = make_scorer(network, available=spec.stream_names)
        before = time.process_time()
        scorer.push(values)
        scorer.finish()
        found.append((time.process_time() - before) * spec.rate / samples)
    return min(found)


def _measured(path: Path, stream: str, options: FeatureOptions, device: Device) -> tuple[float, float]:
    """CPU of decoding per second of video, and of one stream per sample; encoders are loaded before."""
    stopwatch = Stopwatch()
    pipeline = FeaturePipeline(options.config, [stream], device, stopwatch=stopwatch)
    pipeline.load([stream])
    request = replace(reading_request(pipeline.config, [stream]), end_s=MEASURED_S)
    samples = 0
    with open_isolated_samples(path, request) as reading:
        if not available_streams([stream], reading.opened, request):
            return 0.0, 0.0  # text that is read from speech, which is recognised before
        for piece in pipeline.encode(reading, training_blocks([stream])[:1]):
            samples += len(piece.times)
        seconds = min(MEASURED_S, reading.probe.duration_s)
        decoding = reading.decode_cpu_s
    profile = stopwatch.take()
    encoding = profile.preprocess.cpu_s + profile.encode.cpu_s
    return decoding / max(seconds, 1e-3), encoding / max(samples, 1)
