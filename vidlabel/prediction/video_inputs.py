"""What a model takes of videos: whether this version can compute it, and how.

The model file says how its features were made; what cannot be done in that very way is refused. No torch here: `info`
asks, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidlabel.features.config import FeatureConfig, View
from vidlabel.features.encoders.weights import PUBLISHED, PixelScaling
from vidlabel.features.streams.registry import VIDEO_STREAMS

if TYPE_CHECKING:
    from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
    from vidlabel.heads.model import Network
    from vidlabel.heads.spec import ModelSpec

RESIZE_FILTER = "bicubic"
"""That decoding scales pictures with."""


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
    if not set(spec.streams) <= set(VIDEO_STREAMS):
        return f"{spec.name} takes {', '.join(spec.streams)}, which cannot be computed from videos"
    resize_filter = spec.preprocessing.resize_filter
    if resize_filter != RESIZE_FILTER:
        return f"{spec.name} takes pictures scaled by the filter {resize_filter}, and this version has {RESIZE_FILTER}"
    return None


def scaling_for(spec: ModelSpec) -> PixelScaling:
    """What a model wants the pixels to become."""
    return PixelScaling(spec.preprocessing.mean, spec.preprocessing.scale)


def view_of(spec: ModelSpec) -> View:
    """What of a picture a model sees."""
    return "centre" if spec.preprocessing.crop == "centre" else "whole"


def feature_config(model: Network, usual: FeatureConfig) -> FeatureConfig:
    """How the features of a model are made.

    Args:
        model: one without a `video_problem`.
        usual: for what a model says nothing about: decoder and runtime, and the lag of models without motion.
    """
    spec = model.spec
    return replace(
        usual,
        encoder=spec.encoder.name,
        tuned=tuned_weights_in(model),
        scaling=scaling_for(spec),
        rate=spec.rate,
        short_side=spec.preprocessing.short_side,
        lag_s=usual.lag_s if spec.lag_s is None else spec.lag_s,
    )


def tuned_weights_in(model: Network) -> FinetunedWeights | None:
    """The weights of its encoder that a model brings; None: it uses the published ones."""
    encoder = model.spec.encoder
    if encoder.tuned is None:
        return None
    from vidlabel.features.encoders.finetuned_weights import FinetunedWeights  # torch

    return FinetunedWeights(
        blocks=encoder.tuned.blocks,
        published_sha256=encoder.sha256,
        sha256=encoder.tuned.sha256,
        tensors=model.encoder,
    )
