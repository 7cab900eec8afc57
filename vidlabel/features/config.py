"""What features of a video depend on, beside the video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Runtime
from vidlabel.features.encoders.weights import PUBLISHED_SCALING, PixelScaling, published_weights
from vidlabel.video.request import Decoder, SampleRequest

if TYPE_CHECKING:  # it loads torch
    from vidlabel.features.encoders.finetuned_weights import FinetunedWeights

View = Literal[
    "whole", "whole-flipped", "centre", "centre-flipped", "left", "left-flipped", "right", "right-flipped"
]  # fmt: skip
"""What part of a picture the encoder sees: all of it, or a square in the middle, at the left or at the right (of an
upright picture: at the top or at the bottom); `-flipped`: mirrored left to right."""

VIEWS: tuple[View, ...] = get_args(View)


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
    def encoder_sha256(self) -> str:
        """Of the encoder's published weights."""
        return published_weights(self.encoder).sha256
