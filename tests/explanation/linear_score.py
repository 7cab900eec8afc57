"""A score that is known by hand: log-odds that are a weighted sum of the features of one sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heads.example_specs import video_spec
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.model import Model
from vidlabel.stream_spec import StreamSpec, View

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LinearScore:
    """log-odds = weights @ feature of sample `step`; the baselines are 0."""

    stream: str
    weights: FloatArray
    """(D,)."""
    times: npt.NDArray[np.float64]
    step: int = 0
    values: FloatArray | None = None
    """(T, D); None: 0."""
    view: View = "whole"
    config: FeatureConfig = field(default_factory=FeatureConfig)

    label = "walk"

    @property
    def model(self) -> Model:
        """Describes the stream, and has no heads."""
        return Model(video_spec(*self._streams()), (), (), Path("linear.safetensors"), "ab" * 32)

    @property
    def features(self) -> Mapping[str, FloatArray]:
        """(T, D)."""
        empty = np.zeros((len(self.times), len(self.weights)), np.float32)
        return {self.stream: empty if self.values is None else self.values}

    @property
    def baselines(self) -> Mapping[str, FloatArray]:
        """(D,)."""
        return {self.stream: np.zeros(len(self.weights), np.float32)}

    def replaced(self, stream: str, step: int, rows: FloatArray) -> npt.NDArray[np.float64]:
        """(B,)."""
        assert (stream, step) == (self.stream, self.step)
        return rows.astype(np.float64) @ self.weights

    def path_gradients(self) -> Mapping[str, FloatArray]:
        """(T, D)."""
        gradients = np.zeros((len(self.times), len(self.weights)), np.float32)
        gradients[self.step] = self.weights
        return {self.stream: gradients}

    def _streams(self) -> tuple[StreamSpec, ...]:
        return describe_streams(self.config, (self.stream,), self.view)
