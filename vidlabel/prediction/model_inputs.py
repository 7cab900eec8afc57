"""What a model takes: whether it can be computed from videos, and from which files of features.

The model file says how its features were made; what cannot be done in that very way is refused. No torch here: `info`
asks, too.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import InputError
from vidlabel.features.config import PICTURE_STREAMS
from vidlabel.features.encoders.weights import PUBLISHED, PixelScaling

if TYPE_CHECKING:
    from vidlabel.features.feature_file import FeatureFile, FeatureKind
    from vidlabel.features.provenance import FeatureSettings
    from vidlabel.heads.spec import ModelSpec

RESIZE_FILTER = "bicubic"
"""That decoding scales pictures with."""

_VIEWS = {"centre": "centre", "none": "whole"}
"""Of a file of features, by the crop of a model."""


def video_problem(spec: ModelSpec) -> str | None:
    """Why features cannot be computed from videos as a model takes them; None if they can."""
    encoder = spec.encoder
    if not encoder.is_known:
        return f"{spec.name} takes files of features made elsewhere, which cannot be computed from videos"
    if encoder.name not in PUBLISHED:
        return f"{spec.name} takes features of {encoder.name}, an encoder that this version does not have"
    published = PUBLISHED[encoder.name].sha256
    if encoder.sha256 != published:
        weights = f"with the weights {encoder.sha256[:8]}, and this version has those with {published[:8]}"
        return f"{spec.name} takes features of {encoder.name} {weights}"
    if not set(spec.streams) <= set(PICTURE_STREAMS):
        return f"{spec.name} takes {', '.join(spec.streams)}, which cannot be computed from videos"
    resize_filter = spec.preprocessing.resize_filter
    if resize_filter != RESIZE_FILTER:
        return f"{spec.name} takes pictures scaled by the filter {resize_filter}, and this version has {RESIZE_FILTER}"
    return None


def scaling_for(spec: ModelSpec) -> PixelScaling:
    """What a model wants the pixels to become."""
    return PixelScaling(spec.preprocessing.mean, spec.preprocessing.scale)


def read_for_model(spec: ModelSpec, path: Path, rate: float | None = None) -> FeatureFile:
    """Read a file of features as a model takes them: its streams, at its rate.

    Args:
        spec: of the model.
        path: the file.
        rate: samples per second; None: the model's.

    Raises:
        InputError: the file cannot be read, or holds features that the model does not know.
    """
    from vidlabel.features.resampling import read_features  # numpy and safetensors, which `info` can do without

    found = read_features(path, rate or spec.rate)
    settings = found.origin.settings if found.origin else None
    problem = features_problem(spec, found.kind)
    if problem is not None:
        raise InputError(path, f"holds {problem}", "give files of the features that it was trained on")
    if settings is None or not spec.encoder.is_known or settings.streams == spec.streams:
        return found
    size = found.values.shape[1] // len(settings.streams)
    places = [settings.streams.index(stream) for stream in spec.streams]
    columns = [column for place in places for column in range(place * size, (place + 1) * size)]
    return replace(found, values=found.values[:, columns])


def features_problem(spec: ModelSpec, kind: FeatureKind) -> str | None:
    """What files of features hold other than a model takes, for a sentence with `hold`; None if they fit."""
    width, settings = kind.width, kind.settings
    if settings is not None and spec.encoder.is_known:
        difference = _difference(spec, settings)
        if difference is not None:
            return difference
        width = width // len(settings.streams) * len(spec.streams)
    if width == spec.feature_size:
        return None
    return f"{width} numbers a sample, and {spec.name} takes {spec.feature_size}"


def _difference(spec: ModelSpec, settings: FeatureSettings) -> str | None:
    """What a file holds other than the model takes; its rate does not count."""
    encoder = spec.encoder
    weights = encoder.sha256 if encoder.tuned is None else encoder.tuned.sha256
    view = _VIEWS[spec.preprocessing.crop]
    if not set(spec.streams) <= set(settings.streams):
        return f"features of {', '.join(settings.streams)}, and {spec.name} takes {', '.join(spec.streams)}"
    if settings.encoder_sha256 != weights:
        held = f"{settings.encoder} ({settings.encoder_sha256[:8]})"
        return f"features of the encoder {held}, and {spec.name} takes those of {encoder.title} ({weights[:8]})"
    if (settings.short_side, settings.view) != (spec.preprocessing.short_side, view):
        wanted = f"{view} of {spec.preprocessing.short_side} pixels"
        return f"features of the {settings.view} of {settings.short_side} pixels, and {spec.name} takes the {wanted}"
    if "motion" in spec.streams and settings.lag_s != spec.lag_s:
        return f"motion over {settings.lag_s:g} s, and {spec.name} takes {spec.lag_s:g} s"
    return None
