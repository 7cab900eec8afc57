"""Videos as input of a model: whether this version can compute its features, and how.

The model file says how its features were made; what cannot be done in that very way is refused. No encoder is
loaded here: `info` asks, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.network_files.encoder_file import find_encoder_file
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.features.streams.pictures import PictureStream
from vidlabel.features.streams.registry import find_stream, is_known

if TYPE_CHECKING:
    from vidlabel.features.encoders.text_encoders import TextEncoder
    from vidlabel.heads.model import Model, Network
    from vidlabel.heads.spec import ModelSpec
    from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec


def video_problem(spec: ModelSpec) -> str | None:
    """Why features cannot be computed from videos as a model takes them; None if they can."""
    if any(stream.encoder is None for stream in spec.streams):
        return f"{spec.name} takes files of features made elsewhere, which cannot be computed from videos"
    unknown = [stream.name for stream in spec.streams if not is_known(stream.name)]
    if unknown:
        return f"{spec.name} takes {', '.join(unknown)}, which cannot be computed from videos"
    for stream in spec.streams:
        problem = find_stream(stream.name).problem(stream)
        if problem is not None:
            return f"{spec.name} takes {problem}"
    sizes = {pictures.short_side for _, pictures in _pictures_of(spec.streams)}
    if len(sizes) > 1 or len(set(_pictures_of(_of_picture_encoder(spec)))) > 1:
        names = " and ".join(spec.stream_names)
        return f"{spec.name} takes {names} of unlike pictures or encoders, and this version has one for all"
    return None


def video_streams(specs: Iterable[ModelSpec]) -> tuple[str, ...]:
    """The streams that models take of videos, each once; none of a model that takes files of features."""
    seeing = [spec for spec in specs if video_problem(spec) is None]
    return tuple(dict.fromkeys(name for spec in seeing for name in spec.stream_names))


def spec_blocks(spec: ModelSpec) -> tuple[FeatureBlock, ...]:
    """What a model without a `video_problem` takes of each stream."""
    return tuple(FeatureBlock(stream.name, stream.view) for stream in spec.streams)


def encoder_files(specs: Iterable[ModelSpec]) -> tuple[str, ...]:
    """The names of the files whose networks make the pictures' features of models, each once."""
    encoders = [stream.encoder for spec in specs for stream in spec.streams]
    return tuple(dict.fromkeys(one.name for one in encoders if one is not None and one.interface is not None))


def feature_config(model: Model, usual: FeatureConfig, encoder: Path | None = None) -> FeatureConfig:
    """How the features of a model are made.

    Args:
        model: one without a `video_problem`.
        usual: for what a model says nothing about: decoder and runtime, and the lag of models without motion.
        encoder: where the file of its encoder lies, if it has such a one; None: beside the model file.

    Raises:
        EncoderFileError: the file of its encoder is not there, or another one.
    """
    spec = model.spec
    lags = [stream.pictures.lag_s for stream in spec.streams if stream.pictures is not None]
    sides = [pictures.short_side for _, pictures in _pictures_of(spec.streams)]
    config = replace(
        usual,
        rate=spec.rate,
        text_encoder=_text_encoder(spec, usual),
        short_side=next(iter(sides), usual.short_side),
        lag_s=next((lag_s for lag_s in lags if lag_s is not None), usual.lag_s),
    )
    for stream in _of_picture_encoder(spec)[:1]:
        config = _with_encoder_of(model, stream, config, encoder)
    return config


def _with_encoder_of(model: Model, stream: StreamSpec, config: FeatureConfig, path: Path | None) -> FeatureConfig:
    """The config with the encoder that makes a stream of pictures."""
    encoder, pictures = stream.encoder, stream.pictures
    assert encoder is not None
    assert pictures is not None
    if encoder.interface is not None:
        file = find_encoder_file(stream, model.path, path)
        return replace(config, file=file, scaling=file.scaling)
    scaling, tuned = PixelScaling(pictures.mean, pictures.scale), tuned_weights(model, encoder)
    return replace(config, encoder=encoder.name, tuned=tuned, scaling=scaling)


def _of_picture_encoder(spec: ModelSpec) -> list[StreamSpec]:
    """The streams that share the encoder that can be chosen and tuned."""
    return [stream for stream in spec.streams if find_stream(stream.name).encoder_kind == PictureStream.encoder_kind]


def _text_encoder(spec: ModelSpec, usual: FeatureConfig) -> TextEncoder:
    names = [stream.encoder.name for stream in spec.streams if stream.name == "text" and stream.encoder is not None]
    return cast("TextEncoder", names[0]) if names else usual.text_encoder


def _pictures_of(streams: Sequence[StreamSpec]) -> list[tuple[EncoderInfo, PicturePreprocessing]]:
    """The encoder of each stream of pictures, and what it takes but for the lag."""
    return [
        (stream.encoder, replace(stream.pictures, lag_s=None))
        for stream in streams
        if stream.encoder is not None and stream.pictures is not None
    ]


def tuned_weights(model: Network, encoder: EncoderInfo) -> FinetunedWeights | None:
    """The weights of an encoder that a model brings; None: it uses the published ones."""
    if encoder.tuned is None:
        return None
    return FinetunedWeights(
        blocks=encoder.tuned.blocks,
        published_sha256=encoder.sha256,
        sha256=encoder.tuned.sha256,
        tensors=model.encoders[encoder.tuned.sha256],
    )
