"""What labelling one video gives: the data behind every output format.

Limits of fields are checked where a result is read from a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from vidlabel.json_fields import FilledText, OneOf, Range, Sha256

if TYPE_CHECKING:  # the command line imports this file to name the formats: numpy costs it 0.1 s
    import numpy as np
    import numpy.typing as npt

SCHEMA = "vidlabel.result/1"

Status = Literal["ok", "partial"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time that carries a label.

    Raises:
        ValueError: the times are not finite, negative or in the wrong order, or the score is no probability.
    """

    start: float
    """Seconds from the first presented frame; the segment includes it."""
    end: float
    """Seconds from the first presented frame; the segment ends just before it."""
    label: str
    score: float
    """Mean calibrated probability of the label over the samples of the segment, 0 to 1; 1 for a true segment."""
    model: str | None = None
    """Name of the model that found it; None where there is one model only."""
    stream_shares: tuple[tuple[str, float], ...] = ()
    """Share of each stream in the score, together 1 or all 0; where scores were asked for and there are several."""

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end < float("inf"):
            raise ValueError(f"a segment cannot last from {self.start} to {self.end}")
        if not 0 <= self.score <= 1:
            raise ValueError(f"a segment's score lies between 0 and 1, not {self.score}")


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The facts of a video that its result repeats."""

    path: FilledText
    """The path as the user gave it."""
    duration: Annotated[float, Range(0)]
    """Seconds from the first presented frame to the end of the last."""
    fps: Annotated[float, Range(0)]
    """Frames over duration; the rate may vary within the file."""
    width: Annotated[int, Range(0)]
    """Pixels as shown: after rotation and pixel aspect ratio; 0, as the height, for a file of features."""
    height: Annotated[int, Range(0)]
    codec: str
    start_time: Annotated[float, Range()]
    """Seconds on the container's clock at the first presented frame."""
    rotation: Annotated[int, OneOf(0, 90, 180, 270)]
    """Degrees that the picture was turned counterclockwise for showing: 0, 90, 180 or 270."""
    size_bytes: Annotated[int, Range(0)]


@dataclass(frozen=True, slots=True)
class LabelClass:
    """A class of a shipped model that stands for a label in words."""

    name: FilledText
    model: FilledText
    """`objects` or `sounds`."""
    similarity: Annotated[float, Range(-1, 1)]
    """Cosine of the label and the name."""
    weight: Annotated[float, Range(0, 1)]
    """Share of its score that counts."""


@dataclass(frozen=True, slots=True)
class LabelClasses:
    """What a label in words is found by."""

    label: FilledText
    count: Annotated[int, Range(0)]
    """Of the classes that stand for it; 0: it is not found."""
    classes: tuple[LabelClass, ...]
    """The first of them, the most similar first."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that gave labels."""

    name: FilledText
    """Unlike those of the other models of the result."""
    labels: tuple[FilledText, ...]
    head: str
    streams: tuple[FilledText, ...]
    """The evidence that it looks at: `frames`, `motion`."""
    encoders: tuple[FilledText, ...]
    """The encoder of each stream; `unknown` for features made elsewhere."""
    sha256: Sha256
    """SHA-256 of the model file, hexadecimal; of labels in words, of all that they are made of."""
    classes: tuple[LabelClasses, ...] = ()
    """What stands for each label, where labels in words are found by the names of classes."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """How the labels were made. Holds no clock time: the same input gives the same bytes."""

    rate: Annotated[float, Range(0)]
    """Samples asked for per second; of several models, by the one that asks for most."""
    samples: Annotated[int, Range(0)]
    """Samples that the labels rest on, those of all models together."""
    decoder: str
    """Which library decoded, and why: `decord`, `pyav: open GOP`."""
    decode_errors: Annotated[int, Range(0)]
    decoded_ratio: Annotated[float, Range(0, 1)]
    """Share of the video's time that could be decoded, 0 to 1."""
    device: str
    runtime: str
    """Which library computed the encoder: `torch`, `torch-half` (on a GPU), `openvino`; `none` where nobody knows."""
    version: str
    fingerprint: FilledText
    """Hash of the input's path, size and time, the models, and the options that change the result."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores per sample of one model."""

    model: str
    """Its name."""
    times: npt.NDArray[np.float64]
    """(T,) seconds from the first presented frame."""
    labels: tuple[str, ...]
    """K labels, the columns of `values`."""
    values: npt.NDArray[np.float32]
    """(T, K) calibrated probabilities."""


@dataclass(frozen=True, slots=True)
class Result:
    """The labels of one video."""

    status: Status
    """`partial` when some of the video could not be decoded."""
    video: VideoInfo
    models: tuple[ModelInfo, ...]
    """At least one, in the order in which they were named."""
    run: RunInfo
    segments: tuple[Segment, ...]
    """In the order of their starts."""
    scores: tuple[Scores, ...] = ()
    """Of each model, only when they were asked for."""
