"""The interface of streams: a stream is one kind of evidence, of which every sample has a feature.

T samples in time, E numbers that an encoder gives, D numbers in a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import Device
from vidlabel.stream_spec import StreamSpec, View
from vidlabel.video.request import ClipFrames, Sample

Inputs = npt.NDArray[Any]
"""(T, ...) what an encoder takes."""


class StreamEncoder(Protocol):
    """Turns what a stream prepares into numbers, each sample by itself."""

    @property
    def feature_size(self) -> int:
        """E."""
        ...

    @property
    def batch_size(self) -> int:
        """Inputs that are encoded at once; fewer take as long."""
        ...

    def encode(self, inputs: Inputs, /) -> npt.NDArray[np.float32]:
        """(T, ...) to (T, E); the same input gives the same bytes, whatever is encoded beside it."""
        ...


class StreamStage(Protocol):
    """Turns what the encoder gives into features, for one video from its first sample to its last."""

    def push(self, encoded: npt.NDArray[np.float32], times: npt.NDArray[np.float64], /) -> npt.NDArray[np.float32]:
        """The next samples in order of time, (T, E) and (T,) seconds, to (T, D).

        A feature depends on this sample and on earlier ones, never on how samples are cut into pieces.
        """
        ...


class FeatureStream(Protocol):
    """One kind of evidence. A new one is a module beside this one, and a line in `registry`."""

    @property
    def name(self) -> str:
        """In options, files of features and models: `frames`."""
        ...

    @property
    def needs_earlier_frame(self) -> bool:
        """Whether the reading pass has to give `Sample.earlier_rgb`."""
        ...

    @property
    def needs_sound(self) -> bool:
        """Whether the reading pass has to give `Sample.sound`."""
        ...

    @property
    def needs_text(self) -> bool:
        """Whether the reading pass has to give `Sample.text`."""
        ...

    @property
    def clip(self) -> ClipFrames | None:
        """The frames that the reading pass has to give as `Sample.clip_rgb`; None: none."""
        ...

    @property
    def encoder_kind(self) -> str:
        """Streams of one kind share an encoder: it is loaded once, and takes the inputs of all of them together."""
        ...

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:
        """How its features are made, as files of them and models say it."""
        ...

    def problem(self, wanted: StreamSpec) -> str | None:
        """Why this version cannot compute the stream as a model takes it, for a sentence with `take`; None: it can."""
        ...

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:
        """All that its numbers depend on beside the video, and nothing else: its features are kept under it."""
        ...

    def beside_video(self, path: Path, config: FeatureConfig) -> str:
        """Digest of what it reads beside the video; empty: nothing.

        Raises:
            InputError: a file that was named cannot be read.
        """
        ...

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:
        """Load the encoder.

        Args:
            config: which encoder, and how it is to run.
            device: where.
            threads: inputs that are encoded at the same time on the CPU; None: as many as there are cores.

        Raises:
            UsageError: no such encoder, or its weights do not fit it.
            InstallationError: the weights or the runtime are missing or damaged.
        """
        ...

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        """What the encoder takes of some samples: (T, ...) for each view."""
        ...

    def start(self) -> StreamStage:
        """Begin a video; samples of it follow one after the other, and those of one view only."""
        ...
