"""The video networks that are known: what clips they take, and where their numbers come from.

All of it is what torchvision publishes with the weights `KINETICS400_V1`, and what their accuracies were measured with.
"""

from __future__ import annotations

from dataclasses import dataclass

from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.video.request import ClipFrames


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoNetwork:
    """One network."""

    name: str
    """As torchvision and `vidlabel models pull` call it."""
    feature_size: int
    """D, after pooling over time and place."""
    clip: ClipFrames
    resized: tuple[int, int] | int
    """Height and width that pictures are resized to, whatever their shape; or pixels of their shorter side."""
    side: int
    """Pixels of the square in the middle that it takes then."""
    scaling: PixelScaling
    classifier: str
    """Layer that turns features into outputs of the classes."""

    @property
    def short_side(self) -> int:
        """Pixels of the shorter side of pictures that lose nothing."""
        return self.resized if isinstance(self.resized, int) else min(self.resized)


def _scaling(mean: tuple[float, float, float], deviation: tuple[float, float, float]) -> PixelScaling:
    """Of values from 0 to 1, as torchvision writes it, to that of values from 0 to 255."""
    red, green, blue = (round(255 * value, 6) for value in mean)
    scales = (round(255 * value, 6) for value in deviation)
    return PixelScaling((red, green, blue), tuple(scales))  # type: ignore[arg-type]  # three of them


_MVIT_SCALING = _scaling((0.45, 0.45, 0.45), (0.225, 0.225, 0.225))

_NETWORKS = (
    VideoNetwork(
        name="r2plus1d_18",
        feature_size=512,
        clip=ClipFrames(16, 15.0),
        resized=(128, 171),
        side=112,
        scaling=_scaling((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)),
        classifier="fc",
    ),
    VideoNetwork(
        name="mvit_v1_b",
        feature_size=768,
        clip=ClipFrames(16, 7.5),
        resized=256,
        side=224,
        scaling=_MVIT_SCALING,
        classifier="head.1",
    ),
    VideoNetwork(
        name="mvit_v2_s",
        feature_size=768,
        clip=ClipFrames(16, 7.5),
        resized=256,
        side=224,
        scaling=_MVIT_SCALING,
        classifier="head.1",
    ),
    VideoNetwork(
        name="swin3d_t",
        feature_size=768,
        clip=ClipFrames(32, 15.0),
        resized=256,
        side=224,
        scaling=_scaling((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        classifier="head",
    ),
)
VIDEO_NETWORKS = {network.name: network for network in _NETWORKS}
"""By name."""


def is_video_network(name: str) -> bool:
    """Whether a network has this name, pulled or not."""
    return name in VIDEO_NETWORKS
