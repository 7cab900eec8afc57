"""What encoders have in common: how inputs are shared among threads, and how many go together on a GPU."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

CUDA_BATCH = 32
"""Inputs that go through a network at once on a GPU."""


class EncoderNetwork(Protocol):
    """What computes the feature of one input, such as a picture."""

    def run(self, inputs: npt.NDArray[Any], /) -> npt.NDArray[np.float32]:
        """The feature (1, D), or maps (1, C, h, w), of an input (1, ...)."""
        ...


class SpreadNetwork:
    """Lets several threads share inputs, each of which goes through the network alone.

    Args:
        network: for one input at a time, in each of the threads.
        workers: the threads.
    """

    def __init__(self, network: EncoderNetwork, workers: Executor) -> None:
        self._network = network
        self._workers = workers

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The features (B, D) of inputs (B, ...)."""
        single = (inputs[number : number + 1] for number in range(len(inputs)))
        return np.concatenate(list(self._workers.map(self._network.run, single)))


def encoder_threads(count: int) -> Executor:
    """Threads for a network that computes each input in the calling thread."""
    return ThreadPoolExecutor(count, "encoder")
