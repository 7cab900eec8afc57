"""The encoder that an option names: a published one, a network in a file, or the encoder of a model file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig, is_encoder_file, is_model_file, is_timm_encoder
from vidlabel.features.encoders.weights import published_weights, weights_path
from vidlabel.features.streams.registry import short_side_of
from vidlabel.prediction.video_inputs import feature_config, video_problem

if TYPE_CHECKING:
    from vidlabel.features.encoders.network_files.encoder_file import NetworkFile


def with_encoder(
    config: FeatureConfig, encoder: str | None, short_side: int | None = None, streams: Iterable[str] = ()
) -> FeatureConfig:
    """The same features by another encoder.

    Args:
        config: how features are made.
        encoder: what `--encoder` names; None: the encoder of the config.
        short_side: pixels of the shorter side of a sample; None: as the encoder was trained.
        streams: that are asked for; video networks alone have pictures of the size that they were trained with.

    Raises:
        UsageError: there is no such encoder, or it cannot be computed here.
        InstallationError: its weights are not installed or pulled, or what runs it is missing.
        EncoderFileError, ModelFileError: a file cannot be used as an encoder, or as a model.
    """
    if encoder is not None and is_encoder_file(encoder):
        from vidlabel.features.encoders.network_files.file_encoder import open_encoder_file  # numpy

        return _of_file(config, open_encoder_file(Path(encoder), short_side))
    if encoder is not None and is_timm_encoder(encoder):
        from vidlabel.features.encoders.network_files.file_encoder import open_timm_encoder  # numpy

        return _of_file(config, open_timm_encoder(encoder, short_side))
    chosen = config if encoder is None else _chosen(config, encoder)
    side = short_side or short_side_of(streams)
    return chosen if side is None else replace(chosen, short_side=side)


def _of_file(config: FeatureConfig, file: NetworkFile) -> FeatureConfig:
    return replace(config, file=file, short_side=file.short_side, scaling=file.scaling)


def _chosen(config: FeatureConfig, encoder: str) -> FeatureConfig:
    if is_model_file(encoder):
        return _of_model(config, encoder)
    published = published_weights(encoder)
    weights_path(published)  # A missing package is found out here, not after minutes of decoding.
    return replace(config, encoder=published.name, short_side=published.short_side)


def _of_model(config: FeatureConfig, path: str) -> FeatureConfig:
    from vidlabel.heads.model import load_model  # numpy

    model = load_model(Path(path))
    problem = video_problem(model.spec)
    if problem is not None:
        raise UsageError("--encoder", problem, "name an encoder, or give another model")
    found = feature_config(model, config)
    return replace(
        config,
        encoder=found.encoder,
        file=found.file,
        short_side=found.short_side,
        tuned=found.tuned,
        scaling=found.scaling,
        text_encoder=found.text_encoder,
    )
