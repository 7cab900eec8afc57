"""How the features of videos are made for training, as options ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.features.streams.registry import DEFAULT_STREAMS
from vidlabel.heads.model import Model
from vidlabel.prediction.encoder_choice import with_encoder
from vidlabel.prediction.video_inputs import encoder_files
from vidlabel.training.options import TrainOptions

DEFAULT_RATE = 8.0
"""Samples per second: what people do is over within a second or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureOptions:
    """How the features of videos are made for training."""

    config: FeatureConfig = field(default_factory=lambda: FeatureConfig(rate=DEFAULT_RATE))
    streams: tuple[str, ...] | None = None
    """That are computed of videos; training may choose among them. None: those of `TRAINING_STREAMS` that at least half
    of the videos have."""
    cache: Path | None = None
    """Folder that keeps them; None: the usual one."""
    device: Device = "auto"
    encoder: str | None = None
    """That was asked for: `config` has it, or it is the file that a given model was trained with. None: none was."""

    @property
    def encoder_path(self) -> Path | None:
        """Where the file of a given model's encoder lies; None: beside the model."""
        return None if self.encoder is None else Path(self.encoder)


def feature_options(
    options: TrainOptions,
    rate: float | None,
    cache_dir: str | PathLike[str] | None,
    *,
    encoder: str | PathLike[str] | None = None,
    model: Model | None = None,
    device: Device = "auto",
    runtime: Runtime = "auto",
    audio_stream: int | None = None,
    speech: str | PathLike[str] | None = None,
) -> FeatureOptions:
    """How the features of videos are made for a training.

    Args:
        options: of the training.
        rate: samples per second; None: the usual rate.
        cache_dir: folder of the feature cache; None: the user's.
        encoder: name of an encoder, path of a network, or of a model file whose encoder is used; None: the usual one.
            With a model, the file that it was trained with.
        model: a given one, which decides how features are made; None: there is none.
        device: where the encoder runs.
        runtime: library that runs it.
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        speech: model that turns speech into text where there are no subtitles; None: speech is not read.

    Raises:
        UsageError: there is no such encoder, runtime or model of speech, the number of the stream is below 0, or an
            encoder is named beside a model.
        InstallationError: the weights of the encoder are not installed, or speech cannot be recognised here.
        EncoderFileError, ModelFileError: the encoder is named by a file that cannot be used.
    """
    if model is not None and encoder is not None and not encoder_files([model.spec]):
        raise UsageError("--encoder", f"{model.spec.name} has one already", "leave it out, or the model")
    asked = None if encoder is None else fspath(encoder)
    config = FeatureConfig(
        rate=rate or DEFAULT_RATE,
        audio_stream=audio_stream,
        runtime=runtime,
        speech=None if speech is None else fspath(speech),
    )
    return FeatureOptions(
        config=config if model is not None else with_encoder(config, asked, streams=options.streams or ()),
        streams=options.streams or (None if options.tune_encoder is None else DEFAULT_STREAMS),
        cache=None if cache_dir is None else Path(cache_dir),
        device=device,
        encoder=asked,
    )
