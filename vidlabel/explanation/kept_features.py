"""The features that labels were found by, kept while a video is labelled; on the disk once they are many.

T samples in time, D numbers in a feature of the streams that the video has.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from vidlabel.errors import OutputError
from vidlabel.heads.inputs import StreamInputs, filled_motion
from vidlabel.heads.model import Model
from vidlabel.heads.operations import FloatArray
from vidlabel.paths import reason_of
from vidlabel.stream_spec import motion_columns

MOST_IN_MEMORY = 64 << 20
"""Bytes; 1.8 hours of the model `objects`."""


class KeptFeatures:
    """The features of one model.

    Args:
        model: loaded.
        available: the streams that the video has.
        file: empty; holds the features one after the other.
    """

    def __init__(self, model: Model, available: Collection[str], file: IO[bytes]) -> None:
        self.model = model
        self.inputs = StreamInputs(model, available)
        self._file = file
        self._times: list[npt.NDArray[np.float64]] = []

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) seconds."""
        return np.concatenate([np.empty(0), *self._times])

    def add(self, times: npt.NDArray[np.float64], features: FloatArray) -> None:
        """Take the next samples: (T,) and (T, D)."""
        self._file.write(np.ascontiguousarray(features, np.float32).tobytes())
        self._file.flush()  # a full disk is found out here
        self._times.append(times)

    def raw(self, start: int, stop: int) -> FloatArray:
        """The features of some samples as they came, (stop - start, D)."""
        size = self.inputs.size
        self._file.seek(4 * size * start)
        content = self._file.read(4 * size * (stop - start))
        return np.frombuffer(content, np.float32).reshape(-1, size)

    def filled(self, start: int, stop: int) -> FloatArray:
        """The same as heads take them: the first sample of the video has the motion of the second."""
        motion = motion_columns(self.inputs.streams)
        if start > 0 or not motion:
            return self.raw(start, stop)
        return filled_motion(self.raw(0, max(stop, 2)), motion)[:stop]


class FeatureKeeper:
    """The features of all models that label a video; a context manager, after which they are gone."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptFeatures] = {}
        self._files = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Give memory and disk back."""
        self._files.close()

    def take(
        self, model: Model, available: Collection[str], times: npt.NDArray[np.float64], features: FloatArray
    ) -> None:
        """Keep the next samples of a model.

        Raises:
            OutputError: the disk is full.
        """
        name = model.spec.name
        try:
            if name not in self._kept:
                file = tempfile.SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115 - closed with the others
                self._files.enter_context(file)
                self._kept[name] = KeptFeatures(model, available, file)
            self._kept[name].add(times, features)
        except OSError as error:
            problem = f"cannot hold the features of the video ({reason_of(error)})"
            raise OutputError(tempfile.gettempdir(), problem, "free some space, or set TMPDIR") from error

    def of(self, name: str) -> KeptFeatures:
        """The features of the model of a name, which labelled the video."""
        return self._kept[name]

    def models(self) -> list[Model]:
        """Those that labelled the video."""
        return [kept.model for kept in self._kept.values()]
