"""What features of a video depend on, beside the video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Runtime
from vidlabel.features.encoders.weights import PUBLISHED_SCALING, PixelScaling, PublishedWeights, published_weights
from vidlabel.stream_spec import View
from vidlabel.video.request import Decoder, SampleRequest

if TYPE_CHECKING:  # it loads torch
    from vidlabel.features.encoders.finetuned_weights import FinetunedWeights


@dataclass(frozen=True, slots=True)
class FeatureBlock:
    """One column block of features: one stream seen in one view."""

    stream: str
    view: View

    def __str__(self) -> str:
        return f"{self.stream}/{self.view}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureConfig:
    """How features are made; everything that changes their numbers but the part, the machine and library versions.

    Raises:
        UsageError: there is no such encoder, or a value is out of range.
    """

    encoder: str = "efficientnet-lite0"
    rate: float = 2.0
    """Samples per second."""
    short_side: int = 224
    """Pixels of the shorter side of a sample."""
    lag_s: float = 0.1
    """How much earlier the frame is that `motion` subtracts; nothing for `frames` alone."""
    decoder: Decoder = "auto"
    runtime: Runtime = "auto"
    """Which library computes the encoder."""
    tuned: FinetunedWeights | None = None
    """In place of the last published weights of the encoder."""
    scaling: PixelScaling = PUBLISHED_SCALING
    """What pixels become before the encoder takes them."""

    def __post_init__(self) -> None:
        published_weights(self.encoder)
        SampleRequest(rate=self.rate, short_side=self.short_side, decoder=self.decoder, lag_s=self.lag_s)
        if self.runtime not in get_args(Runtime):
            raise UsageError("--runtime", f"{self.runtime!r} is not understood", f"give {', '.join(get_args(Runtime))}")

    @property
    def published(self) -> PublishedWeights:
        """Of its encoder."""
        return published_weights(self.encoder)
