"""The configuration of feature extraction: everything but the video that features depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Device, Runtime, UsedDevice, UsedRuntime, resolve_hardware
from vidlabel.features.encoders.speech_models import find_speech_model
from vidlabel.features.encoders.text_encoders import TextEncoder, resolve_text_encoder
from vidlabel.features.encoders.weights import PUBLISHED_SCALING, PixelScaling, PublishedWeights, published_weights
from vidlabel.stream_spec import TIMM_PREFIX, View
from vidlabel.video.request import Decoder, SampleRequest

if TYPE_CHECKING:  # it loads numpy
    from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
    from vidlabel.features.encoders.network_files.encoder_file import NetworkFile

PlainView = Literal["centre", "whole"]
"""The views that files of features may hold."""


@dataclass(frozen=True, slots=True)
class FeatureBlock:
    """One column block of features: one stream seen in one view."""

    stream: str
    view: View

    def __str__(self) -> str:
        return f"{self.stream}/{self.view}"


def feature_blocks(streams: Iterable[str], views: Iterable[View] = ("centre",)) -> tuple[FeatureBlock, ...]:
    """Each of some streams in each of some views: all streams in the first one, then in the next."""
    names = tuple(streams)
    return tuple(FeatureBlock(stream, view) for view in views for stream in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureConfig:
    """How features are made; everything that changes their numbers but the block, the machine and library versions.

    Raises:
        UsageError: there is no such encoder, or a value is out of range.
    """

    encoder: str = "efficientnet-lite0"
    """Name of a published encoder."""
    file: NetworkFile | None = None
    """Network in a file, in place of a published encoder."""
    rate: float = 2.0
    """Samples per second."""
    short_side: int = 224
    """Pixels of the shorter side of a sample."""
    lag_s: float = 0.1
    """How much earlier the frame is that `motion` subtracts; nothing for `frames` alone."""
    decoder: Decoder = "auto"
    audio_stream: int | None = None
    """Number of the audio stream among those of a video, from 0; None: the default one, else the first."""
    runtime: Runtime = "auto"
    """Which library computes the encoder."""
    tuned: FinetunedWeights | None = None
    """In place of the last published weights of the encoder."""
    scaling: PixelScaling = PUBLISHED_SCALING
    """What pixels become before the encoder takes them."""
    text_encoder: TextEncoder = "auto"
    """Of the stream `text`."""
    subtitles: str | None = None
    """File of subtitles; None: what is beside each video, or in it."""
    speech: str | None = None
    """Model that turns the speech of videos without subtitles into text; None: it is not read."""
    image_text: str | None = None
    """Folder of the network of the stream `image-text`."""

    def __post_init__(self) -> None:
        published_weights(self.encoder)
        resolve_text_encoder(self.text_encoder)
        if self.speech is not None:
            find_speech_model(self.speech)
        SampleRequest(
            rate=self.rate,
            short_side=self.short_side,
            decoder=self.decoder,
            lag_s=self.lag_s,
            audio_stream=self.audio_stream,
        )
        if self.runtime not in get_args(Runtime):
            raise UsageError("--runtime", f"{self.runtime!r} is not understood", f"give {', '.join(get_args(Runtime))}")

    @property
    def network(self) -> PublishedWeights | NetworkFile:
        """What makes features of pictures."""
        return published_weights(self.encoder) if self.file is None else self.file


_USUAL = FeatureConfig()


def hardware_of(config: FeatureConfig, device: Device) -> tuple[UsedDevice, UsedRuntime]:
    """Where the encoders run, and with which library: OpenVINO on the CPU for ONNX, torch for other networks in files.

    Raises:
        UsageError: there is no such runtime here, or it does not run the file of the encoder.
        DeviceError: there is no GPU.
    """
    if config.file is None:
        return resolve_hardware(device, config.runtime)
    if config.file.interface.format == "onnx":
        if config.runtime not in ("auto", "openvino"):
            problem = f"does not run ONNX files such as {config.file.name}"
            raise UsageError(f"--runtime {config.runtime}", problem, "leave it out, or give a .pt2 file")
        if device == "cuda":
            problem = f"ONNX files such as {config.file.name} run on the CPU alone"
            raise UsageError("--device cuda", problem, "leave it out, or give a .pt2 file")
        return "cpu", "openvino"
    if config.runtime not in ("auto", "torch"):
        problem = f"does not run {config.file.name}, which torch runs"
        raise UsageError(f"--runtime {config.runtime}", problem, "leave it out, or give --runtime torch")
    return resolve_hardware(device, "torch")


def is_model_file(encoder: str) -> bool:
    """Whether an option `--encoder` names a model file, whose encoder is meant."""
    return Path(encoder).suffix == ".safetensors" and not is_timm_encoder(encoder)


def is_timm_encoder(encoder: str) -> bool:
    """Whether an option `--encoder` names one of timm's networks."""
    return encoder.startswith(TIMM_PREFIX)


def is_encoder_file(encoder: str) -> bool:
    """Whether an option `--encoder` names a file with a network."""
    return Path(encoder).suffix.lower() in (".onnx", ".pt2") and not is_timm_encoder(encoder)


def check_encoder(encoder: str) -> None:
    """Refuse an option `--encoder` that names neither an encoder nor a file of one; no file is opened.

    Raises:
        UsageError: there is no such encoder.
    """
    if not is_model_file(encoder) and not is_encoder_file(encoder) and not is_timm_encoder(encoder):
        published_weights(encoder)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractOptions:
    """Options of `features`, of the same names in the command line.

    Raises:
        UsageError: a value is out of range, or there is no such encoder.
    """

    encoder: str | None = None
    """Name of an encoder (`timm:NAME` too), path of a network (`.onnx`, `.pt2`), or of a model file (`.safetensors`)
    whose encoder is used; None: the usual one."""
    streams: tuple[str, ...] = ("frames",)
    """In the order in which their features are joined."""
    rate: float = _USUAL.rate
    """Samples per second."""
    short_side: int | None = None
    """Pixels of the shorter side of a sample; None: as the encoder was trained."""
    view: PlainView = "centre"
    lag: float = _USUAL.lag_s
    """How much earlier the frame is that `motion` subtracts, seconds."""
    device: Device = "auto"
    runtime: Runtime = _USUAL.runtime
    decoder: Decoder = _USUAL.decoder
    audio_stream: int | None = _USUAL.audio_stream
    """Number of the audio stream that is heard, from 0; None: the one that players choose."""
    subtitles: str | None = None
    """File of subtitles; None: what is beside each video, or in it."""
    speech: str | None = None
    """Model that turns the speech of videos without subtitles into text; None: it is not read."""

    def __post_init__(self) -> None:
        for option, value in (("--subtitles", self.subtitles), ("--speech", self.speech)):
            if value is not None and "text" not in self.streams:
                raise UsageError(option, "is for the stream text", "add it to --streams")
        _ = self.config
        if self.encoder is not None:
            check_encoder(self.encoder)

    @property
    def config(self) -> FeatureConfig:
        """How the features are made, but for the encoder."""
        return FeatureConfig(
            rate=float(self.rate),
            short_side=_USUAL.short_side if self.short_side is None else self.short_side,
            lag_s=float(self.lag),
            decoder=self.decoder,
            audio_stream=self.audio_stream,
            runtime=self.runtime,
            subtitles=self.subtitles,
            speech=self.speech,
        )
