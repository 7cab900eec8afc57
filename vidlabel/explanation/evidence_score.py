"""The explained score by the features of single samples, for those methods that look at what they were made of.

T samples in time, D numbers in a feature of one stream, B variants of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from vidlabel.explanation.segment_score import SegmentScore
from vidlabel.heads.model import Model
from vidlabel.heads.operations import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceScore:
    """The log-odds of the explained label, as the mean over the explained samples; see `LabelScore`."""

    model: Model
    score: SegmentScore
    gradients: Mapping[str, Tensor]
    """(T, P_s) of each stream: the mean gradient on the path from the baseline, with respect to the heads' inputs."""

    @property
    def label(self) -> str:
        """One of the model's."""
        return self.model.spec.labels[self.score.wanted.label]

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) seconds of the samples whose features can influence the score."""
        return self.score.times

    @property
    def features(self) -> Mapping[str, FloatArray]:
        """(T, D) of each stream that the video has."""
        return self.score.raw()

    @property
    def baselines(self) -> Mapping[str, FloatArray]:
        """(D,) of each stream: the mean that the model normalises by; 0 where it has none."""
        spec, projections = self.model.spec, self.model.projections
        if not projections:
            return {stream.name: np.zeros(stream.size, np.float32) for stream in spec.streams}
        return {name: own.mean for name, own in zip(spec.stream_names, projections, strict=True)}

    def replaced(self, stream: str, step: int, rows: FloatArray) -> npt.NDArray[np.float64]:
        """The log-odds, (B,), with the feature of a stream at one sample replaced by each of (B, D) in turn."""
        inputs = self.score.inputs()

        def variant(row: Tensor) -> dict[str, Tensor]:
            changed = inputs[stream].clone()
            changed[step] = row
            return {**inputs, stream: changed}

        return self.score.measure(variant(row) for row in self.score.projected(stream, rows))[:, 1]

    def path_gradients(self) -> Mapping[str, FloatArray]:
        """(T, D) of each stream: the mean gradient of the log-odds on the straight path from the baselines.

        Times (features - baselines) they are the integrated gradients.
        """
        unproject = self.score.network.unproject
        return {name: unproject(name, own).numpy().astype(np.float32) for name, own in self.gradients.items()}
