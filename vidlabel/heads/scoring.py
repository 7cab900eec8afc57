"""Scores of a video's samples, from its features, streaming.

Letters in shapes: T samples given, N samples that are final, W samples in a window, D numbers in a feature of the
streams that the video has, C labels.

There are two ways. A head that does not look ahead carries its state from the first sample to the last. A head that
looks ahead, or was learnt from whole clips, runs in overlapping windows of the length that it was trained on; a
sample's score is the weighted mean over the windows that hold it.

The network sees the same chunks or windows whatever was pushed at a time, so that the scores are the same to the last
bit; and memory does not grow with the video.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from vidlabel.heads.fusion import clip_probabilities, pool_parts, probabilities, resample_steps
from vidlabel.heads.inputs import StreamInputs, filled_motion
from vidlabel.heads.model import Network
from vidlabel.heads.numpy_heads import CarriedState
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.spec import ModelSpec
from vidlabel.stream_spec import motion_columns

CHUNK_SAMPLES = 32
"""Samples a carried head takes at a time: below that the calls cost more than the arithmetic."""

HOPS_PER_WINDOW = 4
"""Windows start a quarter of their length apart; a twelfth found no more on long videos made of ut-interaction."""

GROUP_SAMPLES = 1024
"""Most samples of short windows that run together, for the same reason."""


class Scorer(ABC):
    """Scores of the samples of one video, in their order.

    Args:
        inputs: of the model whose heads run, for the streams that the video has.
    """

    def __init__(self, inputs: StreamInputs) -> None:
        self._model = inputs.model
        self._inputs = inputs
        self._waiting = np.zeros((0, inputs.size), dtype=np.float32)
        self._motion = motion_columns(inputs.streams)
        self._opened = not self._motion

    def push(self, values: npt.ArrayLike) -> FloatArray:
        """Take the next features.

        Args:
            values: (T, D), any T; the streams that the video has side by side, in the model's order.

        Returns:
            (N, C) calibrated probabilities of the next samples whose scores are final now; N may be 0.

        Raises:
            ValueError: the features are of another size than the model's, or not finite.
        """
        features = np.asarray(values, dtype=np.float32)
        if features.ndim != 2 or features.shape[1] != self._inputs.size:
            expected = self._inputs.size
            raise ValueError(f"the model takes features of shape (T, {expected}), not {features.shape}")
        if not np.isfinite(features).all():
            raise ValueError("features must be finite: one that is not would spoil all scores after it")
        self._waiting = np.concatenate([self._waiting, features])
        if not self._opened:
            if len(self._waiting) < 2:  # the first sample has the motion of the second
                return self._gather([])
            self._waiting = filled_motion(self._waiting, self._motion)
            self._opened = True
        return self._gather(self._next_scores())

    def finish(self) -> FloatArray:
        """Give the scores that are left, (N, C). The scorer is used up then."""
        return self._gather([*self._next_scores(), *self._last_scores()])

    @abstractmethod
    def _next_scores(self) -> list[FloatArray]:
        """Scores that more features would not change."""

    @abstractmethod
    def _last_scores(self) -> list[FloatArray]:
        """The others, when there are no more features."""

    def _gather(self, scores: list[FloatArray]) -> FloatArray:
        none = np.zeros((0, len(self._model.spec.labels)), dtype=np.float32)
        return np.concatenate([none, *scores])


class CarriedScorer(Scorer):
    """For heads without look-ahead: the state is carried through the whole video."""

    def __init__(self, inputs: StreamInputs) -> None:
        super().__init__(inputs)
        self._states: list[CarriedState] = [()] * len(inputs.model.heads)

    def _next_scores(self) -> list[FloatArray]:
        scores = []
        whole = len(self._waiting) // CHUNK_SAMPLES * CHUNK_SAMPLES
        for start in range(0, whole, CHUNK_SAMPLES):
            scores.append(self._run(self._waiting[start : start + CHUNK_SAMPLES]))
        self._waiting = self._waiting[whole:]
        return scores

    def _last_scores(self) -> list[FloatArray]:
        return [self._run(self._waiting)] if len(self._waiting) else []

    def _run(self, features: FloatArray) -> FloatArray:
        logits: list[FloatArray | None] = []
        inputs = self._inputs.of_members(features)
        for number, (head, own) in enumerate(zip(self._model.heads, inputs, strict=True)):
            if own is None:
                logits.append(None)
                continue
            outputs, self._states[number] = head.run(own, self._states[number])
            logits.append(outputs)
        return self._label_scores(logits)

    def _label_scores(self, logits: list[FloatArray | None]) -> FloatArray:
        """(N, K) outputs of each head that runs to (N, C)."""
        return probabilities(logits, self._model.spec)


class WindowScorer(Scorer):
    """For heads that look ahead and for pooled ones: overlapping windows with triangular weights.

    Windows start every `window // HOPS_PER_WINDOW` samples, at least 1, and the last one ends with the video. A video
    that is not longer than a window is one window.

    Args:
        inputs: of the model whose heads run, for the streams that the video has.
        window: W.
    """

    def __init__(self, inputs: StreamInputs, window: int) -> None:
        super().__init__(inputs)
        self._window = window
        self._hop = max(1, window // HOPS_PER_WINDOW)
        self._group = max(1, GROUP_SAMPLES // window)
        self._first = 0  # sample that `_waiting` begins with
        self._start = 0  # sample that the next window begins with
        self._given = 0  # samples whose scores were given
        self._sums = np.zeros((0, len(inputs.model.spec.labels)))  # of the samples from `_given` on
        self._weights = np.zeros((0, 1))

    def _next_scores(self) -> list[FloatArray]:
        scores = []
        while self._pushed() >= self._start + self._window + (self._group - 1) * self._hop:
            self._run_windows(self._group)
            latest = self._start - self._hop
            self._waiting = self._waiting[latest - self._first :]
            self._first = latest
            # All windows to come start after the latest, the one at the end of the video perhaps a single sample after.
            scores.append(self._give(latest + 1))
        return scores

    def _last_scores(self) -> list[FloatArray]:
        samples = self._pushed()
        if samples == 0:
            return []
        if samples < self._window:
            self._add(0, self._run(self._waiting[None])[0])
        else:
            self._run_windows((samples - self._window - self._start) // self._hop + 1)
            if self._start - self._hop + self._window < samples:
                self._add(samples - self._window, self._run(self._waiting[None, -self._window :])[0])
        return [self._give(samples)]

    def _pushed(self) -> int:
        return self._first + len(self._waiting)

    def _run_windows(self, count: int) -> None:
        """Run the next `count` windows, all of which are there."""
        if count == 0:
            return
        starts = [self._start + number * self._hop for number in range(count)]
        windows = [self._waiting[start - self._first :][: self._window] for start in starts]
        for start, scores in zip(starts, self._run(np.stack(windows)), strict=True):
            self._add(start, scores)
        self._start += count * self._hop

    def _run(self, windows: FloatArray) -> FloatArray:
        """(B, W, D) to (B, W, C)."""
        return _window_scores(self._inputs, windows)

    def _add(self, start: int, scores: FloatArray) -> None:
        """Add the scores (W, C) of the window that begins with sample `start`."""
        samples = len(scores)
        missing = start + samples - self._given - len(self._sums)
        if missing > 0:
            self._sums = np.pad(self._sums, ((0, missing), (0, 0)))
            self._weights = np.pad(self._weights, ((0, missing), (0, 0)))
        weights = triangular_weights(samples)[:, None]
        place = slice(start - self._given, start - self._given + samples)
        self._sums[place] += weights * scores
        self._weights[place] += weights

    def _give(self, until: int) -> FloatArray:
        """The scores of the samples before `until` that were not given yet."""
        count = until - self._given
        scores = (self._sums[:count] / self._weights[:count]).astype(np.float32)
        self._sums, self._weights = self._sums[count:], self._weights[count:]
        self._given = until
        return scores


def make_scorer(
    model: Network, rate: float | None = None, available: Collection[str] | None = None, hidden: str | None = None
) -> Scorer:
    """The scorer that a model needs.

    Args:
        model: whose head runs.
        rate: samples per second of the features; None: the model's.
        available: the streams that the video has; None: all of the model's.
        hidden: a stream that is put at its mean, to see what it adds; None: no one.

    Raises:
        ValueError: no member of the model runs with these streams; see `ModelSpec.can_score`.
    """
    inputs = StreamInputs(model, available, hidden)
    if model.spec.window_s is None:
        return CarriedScorer(inputs)
    return WindowScorer(inputs, window_samples(model.spec, rate))


def window_samples(spec: ModelSpec, rate: float | None = None) -> int:
    """Samples in a window of a model whose heads run in windows.

    Args:
        spec: of the model.
        rate: samples per second of the features; None: the model's.
    """
    return max(1, round((spec.window_s or 0.0) * (rate or spec.rate)))


def window_starts(samples: int, window: int) -> list[int]:
    """The sample that each window of a video begins with; a single one if the video is not longer than it."""
    if samples <= window:
        return [0]
    starts = list(range(0, samples - window + 1, max(1, window // HOPS_PER_WINDOW)))
    return starts if starts[-1] + window == samples else [*starts, samples - window]


def triangular_weights(samples: int) -> npt.NDArray[np.int64]:
    """1, 2, 3, ... 3, 2, 1: the middle of a window knows most of what is around it."""
    return np.minimum(np.arange(1, samples + 1), np.arange(samples, 0, -1))


def score_clip(model: Network, values: npt.ArrayLike, available: Collection[str] | None = None) -> FloatArray:
    """Scores of a clip as a whole, (C,): taken for one window, or the mean over its samples where each has its own.

    Background that the model learnt without examples of it is left out: something happens in a clip.

    Args:
        model: whose heads run.
        values: (T, D), at least one sample.
        available: the streams that the clip has; None: all of the model's.

    Raises:
        ValueError: the features are of another size, there are none, or no member runs with these streams.
    """
    inputs = StreamInputs(model, available)
    features = np.asarray(values, dtype=np.float32)
    if features.ndim != 2 or features.shape[1] != inputs.size or not len(features):
        raise ValueError(f"a clip has features of shape (T, {inputs.size}), not {features.shape}")
    features = filled_motion(features, motion_columns(inputs.streams))
    rows = _window_rows(inputs, features[None])
    scores: FloatArray = clip_probabilities(rows, model.spec).mean(axis=0)
    return scores


def _window_scores(inputs: StreamInputs, windows: FloatArray) -> FloatArray:
    """(B, W, D) to (B, W, C)."""
    count, samples, _ = windows.shape
    spec = inputs.model.spec
    scores = probabilities(_window_rows(inputs, windows), spec)
    return np.repeat(scores[:, None], samples, axis=1) if spec.pooled else scores.reshape(count, samples, -1)


def _window_rows(inputs: StreamInputs, windows: FloatArray) -> list[FloatArray | None]:
    """(B, W, D) to the outputs of each member that runs: (B, K) where they are pooled, else (B * W, K)."""
    rows: list[FloatArray | None] = []
    model = inputs.model
    for member, head, own in zip(model.spec.members, model.heads, inputs.of_members(windows), strict=True):
        if own is None:
            rows.append(None)
            continue
        steps = own if member.resampled_steps is None else resample_steps(own, member.resampled_steps)
        outputs, _ = head.run(steps)
        if member.pooled_parts is None:
            rows.append(outputs.reshape(-1, outputs.shape[-1]))
        else:
            rows.append(pool_parts(outputs, member.pooled_parts))
    return rows
