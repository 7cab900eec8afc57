"""What the features of a stream are made by: its encoder, and what that encoder takes.

Model files and feature files describe their streams in the same words, so that one can be compared with the other. What
a kind of encoder takes is described by a dataclass of its own: a stream has the one that applies to it, or none.

Streams are joined side by side: a feature of all of them has the numbers of the first, then those of the second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Literal, get_args

from vidlabel.checks import MAX_SIZE, RARE, check_name, require

View = Literal[
    "whole", "whole-flipped", "centre", "centre-flipped", "left", "left-flipped", "right", "right-flipped"
]  # fmt: skip
"""What part of a picture the encoder sees: all of it, or a square in the middle, at the left or at the right (of an
upright picture: at the top or at the bottom); `-flipped`: mirrored left to right."""

VIEWS: tuple[View, ...] = get_args(View)

ChannelValues = float | tuple[float, float, float]
"""One number for all channels of a picture, or one for each of red, green and blue."""

ResizeFilter = Literal["area", "bilinear", "bicubic", "lanczos"]

MAX_TUNED_TENSORS = 512
MAX_BLOCKS = 64
MAX_LAG_S = 60.0
MAX_CLIP_FRAMES = 1024


def channel_values(values: ChannelValues) -> tuple[float, ...]:
    """The numbers of all channels."""
    return values if isinstance(values, tuple) else (values,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """Name and shape of a tensor."""

    name: str
    """Of the encoder: `blocks.15.project.weight`."""
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        fits = re.fullmatch(r"[a-z0-9_.]{1,100}", self.name) is not None
        require(fits, "encoder.tuned names a tensor as no encoder does")
        fits = 1 <= len(self.shape) <= 4 and all(1 <= size <= MAX_SIZE for size in self.shape)
        require(fits, f"encoder.tuned gives {self.name} an impossible shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedEncoder:
    """What of the encoder was tuned for the model; its file holds these tensors, float32."""

    blocks: int
    """How many of the last blocks; the convolution after them was tuned with them."""
    sha256: str
    """`vidlabel.tensor_files` of the tensors."""
    tensors: tuple[TensorInfo, ...]

    def __post_init__(self) -> None:
        require(1 <= self.blocks <= MAX_BLOCKS, f"encoder.tuned.blocks must lie between 1 and {MAX_BLOCKS}")
        require(re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "encoder.tuned.sha256 is no SHA-256")
        require(1 <= len(self.tensors) <= MAX_TUNED_TENSORS, "encoder.tuned names no tensors, or too many")
        require(len({tensor.name for tensor in self.tensors}) == len(self.tensors), "encoder.tuned names one twice")


NetworkFormat = Literal["onnx", "pt2", "timm"]
TIMM_PREFIX = "timm:"
"""How the names of timm's networks begin where an encoder is named."""
PictureLayout = Literal["NCHW", "NHWC"]
ChannelOrder = Literal["rgb", "bgr"]
Pooling = Literal["mean", "cls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInterface:
    """How a network in a file takes pictures, and which of its numbers are the feature."""

    format: NetworkFormat
    """`onnx`; `pt2`: an ExportedProgram of torch; `timm`: weights of one of timm's networks."""
    layout: PictureLayout = "NCHW"
    """Axes of its pictures, and of the maps that it gives: channels first or last."""
    channels: ChannelOrder = "rgb"
    pooling: Pooling | None = None
    """What becomes one feature of many: `mean` over a map or all tokens, `cls` the first token; None: it gives one."""
    output: str | None = None
    """Name of the output that holds the feature; None: it has one."""
    architecture: str | None = field(default=None, metadata=RARE)
    """As timm calls the network; None: the file holds it, not weights alone."""

    def __post_init__(self) -> None:
        require((self.format == "timm") == (self.architecture is not None), "encoder.architecture is for timm alone")
        fits = self.architecture is None or re.fullmatch(r"[A-Za-z0-9_.]{1,150}", self.architecture) is not None
        require(fits, "encoder.architecture is no name of a network")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """Which encoder makes the features of a stream."""

    name: str
    """As the encoders are called in vidlabel, `efficientnet-lite0`, or the name of a file: `my.onnx`."""
    sha256: str
    """Of the encoder's weights as published, or of the file; 64 hexadecimal digits."""
    tuned: TunedEncoder | None = None
    """None: the published weights are all that there is."""
    interface: NetworkInterface | None = field(default=None, metadata=RARE)
    """Of a network in a file; None: vidlabel knows the network."""

    def __post_init__(self) -> None:
        check_name(self.name, "the encoder's name")
        require(re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "encoder.sha256 is no SHA-256")
        require(self.interface is None or self.tuned is None, "encoder.tuned is of a network in a file")
        path = re.search(r"[/\\]", self.name)
        require(self.interface is None or path is None, "encoder.name is a path, not the name of a file")

    @property
    def title(self) -> str:
        """Its name, and what was tuned: `efficientnet-lite0, last 2 blocks tuned`."""
        if self.tuned is None:
            return self.name
        blocks = "block" if self.tuned.blocks == 1 else f"{self.tuned.blocks} blocks"
        return f"{self.name}, last {blocks} tuned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePreprocessing:
    """How frames become an encoder's input: resized, cut, then (value - mean) / scale of the values 0 to 255."""

    short_side: int
    """Pixels of the shorter side, before it is cut."""
    view: View
    mean: ChannelValues
    scale: ChannelValues
    resize_filter: ResizeFilter
    lag_s: float | None = None
    """The picture is the difference to the frame this much earlier; None: it is the frame itself."""

    def __post_init__(self) -> None:
        require(16 <= self.short_side <= 4096, "short_side must lie between 16 and 4096 pixels")
        require(all(map(math.isfinite, channel_values(self.mean))), "pictures.mean must be finite")
        fits = all(0 < scale < math.inf for scale in channel_values(self.scale))
        require(fits, "pictures.scale must lie above 0")
        fits = self.lag_s is None or 0 < self.lag_s <= MAX_LAG_S
        require(fits, f"lag_s must lie above 0 and at most at {MAX_LAG_S:g} seconds")

    @property
    def scaling_words(self) -> str:
        """`(value - 127) / 128`, or `(value - (124, 116, 104)) / (58, 57, 57)`."""
        return f"(value - {_numbers_in_words(self.mean)}) / {_numbers_in_words(self.scale)}"


def _numbers_in_words(values: ChannelValues) -> str:
    numbers = ", ".join(f"{value:g}" for value in channel_values(values))
    return f"({numbers})" if isinstance(values, tuple) else numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSampling:
    """The frames around each sample that an encoder of clips takes."""

    frames: int
    """The sample's own is that in the middle: number `frames // 2`, from 0."""
    rate: float
    """Of them in a second."""

    def __post_init__(self) -> None:
        require(1 <= self.frames <= MAX_CLIP_FRAMES, f"clip.frames must lie between 1 and {MAX_CLIP_FRAMES}")
        require(0 < self.rate < math.inf, "clip.rate must lie above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """One kind of evidence, and all that its features depend on but the sampling of the video.

    Raises:
        ValueError: a value lies outside its range.
    """

    name: str
    """Lower-case: `frames`. Whether this version can compute it is seen when a video is labelled."""
    size: int
    """Numbers in a feature."""
    encoder: EncoderInfo | None
    """None: nobody knows; the features were made elsewhere and come in files."""
    pictures: PicturePreprocessing | None = None
    """What an encoder of pictures takes; None for other encoders."""
    clip: ClipSampling | None = field(default=None, metadata=RARE)
    """What an encoder of clips takes of such pictures; None: it takes single ones."""

    def __post_init__(self) -> None:
        fits = re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", self.name) is not None
        require(fits, "the name of a stream must be 1 to 40 lower-case letters, digits, - and _")
        require(1 <= self.size <= MAX_SIZE, f"the size of a stream must lie between 1 and {MAX_SIZE}")
        require(self.encoder is not None or self.pictures is None, "a stream without an encoder has no pictures")
        require(self.clip is None or self.pictures is not None, "a stream of clips has pictures")

    @property
    def modality(self) -> str:
        """The kind of evidence: streams of one are there together, or not at all. All pictures are one."""
        return "pictures" if self.pictures is not None else self.name

    @property
    def view(self) -> View:
        """What of the pictures its encoder sees; of a stream that sees none, any."""
        return "centre" if self.pictures is None else self.pictures.view

    @property
    def compares_frames(self) -> bool:
        """Whether its first feature tells nothing, since there is no earlier frame."""
        return self.pictures is not None and self.pictures.lag_s is not None

    def without_weights(self) -> StreamSpec:
        """The same for a file without weights: a tuned encoder is called so, with the digest of what was tuned."""
        encoder = self.encoder
        if encoder is None or encoder.tuned is None:
            return self
        return replace(self, encoder=EncoderInfo(name=f"{encoder.name}-tuned", sha256=encoder.tuned.sha256))


def stream_columns(streams: Sequence[StreamSpec]) -> dict[str, slice]:
    """The columns of each stream by its name, in the order in which they are joined."""
    ends = accumulate(stream.size for stream in streams)
    return {stream.name: slice(end - stream.size, end) for stream, end in zip(streams, ends, strict=True)}


def motion_columns(streams: Sequence[StreamSpec]) -> list[slice]:
    """The columns of the streams that compare frames."""
    columns = stream_columns(streams)
    return [columns[stream.name] for stream in streams if stream.compares_frames]


def check_streams(streams: Sequence[StreamSpec]) -> None:
    """Check streams that are to be joined.

    Raises:
        ValueError: there are none, a name stands there twice, or together they are too large.
    """
    require(len({stream.name for stream in streams}) == len(streams) > 0, "streams must be named, each once")
    together = sum(stream.size for stream in streams)
    require(together <= MAX_SIZE, f"streams must have at most {MAX_SIZE} numbers together")
