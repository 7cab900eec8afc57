"""What the evidence in a video is measured by: the score of one label, as a function of the video's features.

T samples in time, D numbers in a feature of one stream, B variants of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.heads.model import Model
from vidlabel.heads.operations import FloatArray


class LabelScore(Protocol):
    """The log-odds of the explained label, as the mean over the samples of the explained segment."""

    @property
    def model(self) -> Model:
        """Whose label it is."""
        ...

    @property
    def label(self) -> str:
        """One of the model's."""
        ...

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) seconds of the samples whose features can influence the score."""
        ...

    @property
    def features(self) -> Mapping[str, FloatArray]:
        """(T, D) of each stream that the video has."""
        ...

    @property
    def baselines(self) -> Mapping[str, FloatArray]:
        """(D,) of each stream: the feature that says nothing."""
        ...

    def replaced(self, stream: str, step: int, rows: FloatArray) -> npt.NDArray[np.float64]:
        """The log-odds, (B,), with the feature of a stream at one sample replaced by each of (B, D) in turn."""
        ...

    def path_gradients(self) -> Mapping[str, FloatArray]:
        """(T, D) of each stream: the mean gradient of the log-odds on the straight path from the baselines.

        Times (features - baselines) they are the integrated gradients.
        """
        ...
