"""The encoders of a model as ONNX files, and which streams have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vidlabel.export.check import OnnxSession, largest_difference
from vidlabel.export.encoder_graph import FEATURES, PICTURES, WINDOWS, EncoderGraph
from vidlabel.export.metadata import encoder_metadata
from vidlabel.export.onnx_graph import OnnxGraph
from vidlabel.features.encoders import frame_encoder
from vidlabel.features.encoders.efficientnet_layers import efficientnet_graph, load_layers
from vidlabel.features.encoders.sound_encoder import load_sound_encoder, load_yamnet_layers, yamnet_graph
from vidlabel.features.encoders.weights import PUBLISHED, PixelScaling
from vidlabel.features.streams.audio import AudioStream
from vidlabel.features.streams.registry import VIDEO_STREAMS, find_stream
from vidlabel.heads.model import Network
from vidlabel.heads.operations import FloatArray
from vidlabel.prediction.video_inputs import tuned_weights
from vidlabel.stream_spec import PicturePreprocessing, StreamSpec
from vidlabel.video.request import SOUND_WINDOW

_PICTURE_LICENCE = "Apache-2.0. Weights: EfficientNet-Lite by the TensorFlow authors, trained on ImageNet."
_SOUND_LICENCE = (
    "Apache-2.0. Weights: YAMNet by Google and the TensorFlow authors, trained on AudioSet, as exported to ONNX by "
    "Qualcomm Technologies, Inc. (MIT)."
)
_PICTURE_SIZE = (96, 131)
"""Height and width of the pictures that a file is checked with: an odd one shows wrong padding."""
_IN_PYTHON = {
    "pose": "people are followed and measured by Python code",
    "text": "text is turned into numbers by Python code",
}


@dataclass(frozen=True, slots=True)
class EncoderFile:
    """An encoder, ready to be written."""

    streams: tuple[str, ...]
    """That it makes features of."""
    content: bytes
    takes: str
    """For people: its input."""
    size: int
    """D."""
    difference: float
    """The largest one of a feature in ONNX Runtime."""


def why_not_exported(stream: StreamSpec) -> str | None:
    """Why no ONNX file makes the features of a stream, for people; None: one does."""
    if stream.encoder is None:
        return "its features were made elsewhere"
    if stream.clip is not None:
        return "networks of clips are not written as ONNX"
    if stream.name not in VIDEO_STREAMS:
        return "this version cannot compute it"
    if stream.name in _IN_PYTHON:
        return _IN_PYTHON[stream.name]
    problem = find_stream(stream.name).problem(stream)
    if problem is not None:
        return f"the model takes {problem}"
    if stream.name != AudioStream.name and stream.encoder.name not in PUBLISHED:
        return f"the encoder {stream.encoder.name} is no network of vidlabel's own"
    return None


def export_encoders(model: Network, streams: Sequence[StreamSpec], name: str) -> list[EncoderFile]:
    """The files of the encoders of some streams, each encoder once, in the order of the streams.

    Args:
        model: which brings the weights of encoders that were tuned.
        streams: that can be exported.
        name: of the file of the heads, for messages.

    Raises:
        InstallationError: weights are missing or damaged.
        OutputError: a file gives other features than the encoder.
    """
    shared: dict[object, list[StreamSpec]] = {}
    for stream in streams:
        pictures = None if stream.pictures is None else replace(stream.pictures, lag_s=None)
        shared.setdefault((stream.encoder, pictures), []).append(stream)
    return [_encoder_file(model, own, name) for own in shared.values()]


@dataclass(frozen=True, slots=True, eq=False)
class _Recipe:
    """How an encoder becomes a file, and what it is checked with."""

    graph: OnnxGraph
    takes: str
    licence: str
    inputs: dict[str, npt.NDArray[Any]]
    expected: FloatArray
    """(B, D) of the inputs."""


def _encoder_file(model: Network, streams: Sequence[StreamSpec], name: str) -> EncoderFile:
    stream, names = streams[0], tuple(stream.name for stream in streams)
    recipe = _sound_recipe() if stream.pictures is None else _picture_recipe(model, stream, stream.pictures)
    title = " and ".join(names)
    text = f"{recipe.takes}, to {FEATURES} (B, {stream.size}) of {title}."
    content = recipe.graph.to_bytes("encoder", text, encoder_metadata(stream, names, recipe.licence))
    given = OnnxSession(content, name).run(recipe.inputs)[FEATURES]
    difference = largest_difference([(given, recipe.expected)], name, f"features of {title}")
    return EncoderFile(names, content, recipe.takes, stream.size, difference)


def _picture_recipe(model: Network, stream: StreamSpec, pictures: PicturePreprocessing) -> _Recipe:
    assert stream.encoder is not None
    encoder, tuned = stream.encoder.name, tuned_weights(model, stream.encoder)
    scaling = PixelScaling(pictures.mean, pictures.scale)
    graph = efficientnet_graph(load_layers(encoder, tuned), scaling)(EncoderGraph(stream.size))
    drawn = np.random.default_rng(0).integers(0, 256, (2, *_PICTURE_SIZE, 3), dtype=np.uint8)
    reference = frame_encoder.load_encoder(encoder, threads=1, tuned=tuned, scaling=scaling)
    return _Recipe(graph, "(B, H, W, 3) uint8, RGB", _PICTURE_LICENCE, {PICTURES: drawn}, reference.encode(drawn))


def _sound_recipe() -> _Recipe:
    """Checked with noise, and with silence."""
    layers = load_yamnet_layers()
    graph = yamnet_graph(layers)(EncoderGraph(len(layers[-1].bias)))
    windows = np.zeros((2, SOUND_WINDOW), np.float32)
    windows[0] = 0.1 * np.random.default_rng(0).standard_normal(SOUND_WINDOW)
    expected = load_sound_encoder(threads=1).encode(windows)
    return _Recipe(graph, f"(B, {SOUND_WINDOW}) float32, sound of 16 kHz", _SOUND_LICENCE, {WINDOWS: windows}, expected)
