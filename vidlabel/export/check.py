"""Runs exported files in ONNX Runtime, and compares what they give with what vidlabel gives.

Letters: T samples in time, D numbers in a feature, C labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from vidlabel.errors import OutputError
from vidlabel.export.head_graph import FEATURES, FIRST_SAMPLE, NEXT, SCORES, STATE
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import Network
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.scoring import make_scorer, window_samples

TOLERANCE = 1e-4
"""How much a score, or a number of a feature, may differ."""

_CHUNKS = (2, 1, 5, 13)
"""Samples of the chunks that a carried state is checked with."""
_LONGEST_WINDOW = 100
"""Samples: what a longer window adds is time."""
_NOTHING_WRITTEN = "nothing was written; please report this"

Arrays = Mapping[str, npt.NDArray[Any]]


class OnnxSession:
    """A file in ONNX Runtime, on one thread.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        OutputError: ONNX Runtime cannot load it.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors share no narrower class
            raise self._failed(error) from error

    @property
    def inputs(self) -> dict[str, npt.NDArray[Any]]:
        """Zeros for the inputs whose shape is fixed, by name."""
        return {
            one.name: np.zeros(one.shape, np.int64 if one.type == "tensor(int64)" else np.float32)
            for one in self._session.get_inputs()
            if all(isinstance(size, int) for size in one.shape)
        }

    def run(self, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
        """The outputs by name.

        Raises:
            OutputError: ONNX Runtime cannot run it.
        """
        names = [one.name for one in self._session.get_outputs()]
        try:
            return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> OutputError:
        return OutputError(self._name, f"ONNX Runtime cannot run it ({error})", _NOTHING_WRITTEN)


def check_heads(content: bytes, inputs: StreamInputs, name: str) -> float:
    """Compare the scores of an exported file with those of the model, on random features.

    Args:
        content: of the file.
        inputs: of the model, for the streams that the file takes.
        name: of the file, for messages.

    Returns:
        The largest difference of a score.

    Raises:
        OutputError: it is above `TOLERANCE`, or ONNX Runtime cannot run the file.
    """
    session = OnnxSession(content, name)
    spec = inputs.model.spec
    if spec.window_s is None:
        features = likely_features(inputs, sum(_CHUNKS))
        found = [(_in_chunks(session, features), _expected(inputs, features))]
    else:
        longest = min(window_samples(spec), _LONGEST_WINDOW)
        windows = [likely_features(inputs, samples) for samples in sorted({1, min(3, longest), longest})]
        found = [(_window(session, window), _expected(inputs, window)) for window in windows]
    return largest_difference(found, name, "scores")


def largest_difference(pairs: list[tuple[FloatArray, FloatArray]], name: str, what: str) -> float:
    """The largest difference between what an exported file gives and what vidlabel gives.

    Args:
        pairs: both; what the file gives may have one row for all.
        name: of the file, for messages.
        what: they are, for messages.

    Raises:
        OutputError: it is above `TOLERANCE`.
    """
    difference = max(float(np.abs(given - expected).max()) for given, expected in pairs)
    if not difference <= TOLERANCE:  # so that a NaN counts
        problem = f"its {what} differ from those of vidlabel by {difference:.2g} in ONNX Runtime"
        raise OutputError(name, problem, _NOTHING_WRITTEN)
    return difference


def likely_features(inputs: StreamInputs, samples: int) -> FloatArray:
    """Random features (T, D) that give heads inputs of the size that they were trained on."""
    model, draw = inputs.model, np.random.default_rng(0)
    columns = [_likely_stream(model, stream.name, stream.size, samples, draw) for stream in inputs.streams]
    return np.concatenate(columns, axis=1)


def _likely_stream(model: Network, name: str, size: int, samples: int, draw: np.random.Generator) -> FloatArray:
    if not model.projections:
        return draw.standard_normal((samples, size), np.float32)
    projection = model.projections[model.spec.stream_names.index(name)]
    wanted = draw.standard_normal((samples, len(projection.components)), np.float32)
    likely: FloatArray = (wanted @ np.linalg.pinv(projection.components).T + projection.mean).astype(np.float32)
    return likely


def _expected(inputs: StreamInputs, features: FloatArray) -> FloatArray:
    """(T, C) of the model. Of a window no longer than the model's, the scores are those of that window."""
    scorer = make_scorer(inputs.model, available=[stream.name for stream in inputs.streams])
    return np.concatenate([scorer.push(features), scorer.finish()])


def _in_chunks(session: OnnxSession, features: FloatArray) -> FloatArray:
    state = session.inputs
    scores = []
    for start, end in pairwise([0, *accumulate(_CHUNKS)]):
        outputs = session.run({FEATURES: features[start:end], **state})
        scores.append(outputs[SCORES])
        state = {name: outputs[f"{NEXT}{name}"] for name in state if name.startswith(STATE)}
    return np.concatenate(scores)


def _window(session: OnnxSession, features: FloatArray) -> FloatArray:
    first = {name: zeros for name, zeros in session.inputs.items() if name == FIRST_SAMPLE}
    scores: FloatArray = session.run({FEATURES: features, **first})[SCORES]
    return scores
