"""The share of each stream in a label's score, by leaving one stream out at a time.

T samples in time, C labels, D numbers in a feature of the streams that the video has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from vidlabel.heads.model import Network
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.scoring import Scorer, make_scorer
from vidlabel.heads.spec import ModelSpec

LEAST_SCORE = 1e-6
"""Log-odds are those of scores between this and 1 less this: float32 has no more digits."""


class StreamShares:
    """Scores a video once more for each of its streams, with that stream at its mean in all heads.

    A stream adds to a label what the label's log-odds lose without it, as a mean over samples, at least 0. Its share is
    that over the sum of all streams. For a head of one stream the loss is its evidence in the mixture; for a head of
    several it is what the stream contributes beside the others.

    Args:
        model: with streams that are projected to a mean of 0.
        available: the streams that the video has.
        rate: samples per second of the features; None: the model's.
    """

    def __init__(self, model: Network, available: Collection[str], rate: float | None = None) -> None:
        names = [name for name in model.spec.stream_names if name in available]
        self._scorers: dict[str, Scorer] = {name: make_scorer(model, rate, available, hidden=name) for name in names}
        none = np.zeros((0, len(model.spec.labels)), np.float32)
        self._scores: dict[str, list[FloatArray]] = {name: [none] for name in names}

    def push(self, values: npt.ArrayLike) -> None:
        """Take the next features (T, D), those that the scorer of the video takes."""
        for name, scorer in self._scorers.items():
            self._scores[name].append(scorer.push(values))

    def finish(self) -> None:
        """Compute the scores that are left."""
        for name, scorer in self._scorers.items():
            self._scores[name].append(scorer.finish())

    def of(self, scores: FloatArray, label: int, samples: npt.NDArray[np.bool_]) -> dict[str, float]:
        """The share of each stream in a label.

        Args:
            scores: (T, C) of the video with all its streams.
            label: index of the label.
            samples: (T,) True for the samples that count, at least one.

        Returns:
            The share by stream, 0 to 1, together 1; all 0 where no stream adds anything.
        """
        hidden = {name: np.concatenate(pieces)[samples, label] for name, pieces in self._scores.items()}
        return stream_shares(scores[samples, label], hidden)


def have_shares(spec: ModelSpec, available: Collection[str]) -> bool:
    """Whether there are several streams to tell apart, with a known mean."""
    return len(set(available).intersection(spec.stream_names)) > 1 and spec.projected_sizes is not None


def stream_shares(scores: npt.ArrayLike, hidden: Mapping[str, npt.ArrayLike]) -> dict[str, float]:
    """The share of each stream in the scores of a label.

    Args:
        scores: (T,) at least one.
        hidden: (T,) by stream: the scores with that stream at its mean.

    Returns:
        The share by stream, 0 to 1, together 1; all 0 where no stream adds anything.
    """
    whole = _log_odds(scores)
    added = {name: max(0.0, float((whole - _log_odds(own)).mean())) for name, own in hidden.items()}
    total = sum(added.values())
    return {name: own / total if total > 0 else 0.0 for name, own in added.items()}


def _log_odds(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    clipped = np.clip(np.asarray(scores, np.float64), LEAST_SCORE, 1 - LEAST_SCORE)
    return np.asarray(np.log(clipped / (1 - clipped)))
