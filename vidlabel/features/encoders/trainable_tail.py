"""The encoder in two parts: a frozen one, whose results are kept, and the last blocks, which are tuned.

B pictures of H x W pixels, D numbers in a feature.

A piece is what is kept of a few pictures of one video. Pieces are computed by several Python threads with one torch
thread each, and their gradients are added up in the order of the pieces: the sums do not depend on the number of cores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vidlabel.features.encoders.efficientnet import load_network, tuned_weights_of
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.torch_networks import normalised, single_torch_threads
from vidlabel.features.encoders.weights import published_weights
from vidlabel.process import available_cores

Activations = npt.NDArray[np.float16] | npt.NDArray[np.uint8]
"""(B, C, h, w) what goes into the first tuned block, rounded to half precision; or (B, H, W, 3), the pictures
themselves, where that is less."""


class EncoderTail:
    """The last blocks of an encoder, to be tuned, and the head convolution after them.

    Args:
        name: of the encoder.
        blocks: how many.

    Raises:
        UsageError: there is no encoder of that name.
        InstallationError: its weights are missing or damaged.
    """

    def __init__(self, name: str, blocks: int) -> None:
        self._network = load_network(name).eval().requires_grad_(False)
        self._published_sha256 = published_weights(name).sha256
        self._blocks = blocks
        self._first = len(self._network.blocks) - blocks
        self._workers = single_torch_threads(available_cores())
        self.parameters: dict[str, nn.Parameter] = self._network.last_parameters(blocks)
        """Weights and biases that are tuned, by name."""
        for parameter in self.parameters.values():
            parameter.requires_grad_(True)

    def keep(self, frames: npt.NDArray[np.uint8]) -> Activations:
        """What is kept of pictures.

        Args:
            frames: (B, H, W, 3) RGB, values 0 to 255.
        """
        hidden = list(self._workers.map(self._before, frames[:, None]))
        kept: npt.NDArray[np.float16] = torch.cat(hidden).half().contiguous().numpy()
        return kept if kept.nbytes <= frames.nbytes else frames

    def features(self, pieces: Sequence[Activations]) -> list[Tensor]:
        """The features (B, D) of each piece, as the tail stands."""
        return list(self._workers.map(self._features, pieces))

    def gradients(self, pieces: Sequence[Activations], outputs: Sequence[Tensor]) -> list[Tensor]:
        """The gradients of all parameters.

        The features are computed once more, so that only a few pieces need memory for what lies between.

        Args:
            pieces: as for `features`.
            outputs: (B, D) for each, the gradients of its features.

        Returns:
            One for each of `parameters`, in their order.
        """
        sums: list[Tensor] = []
        for own in self._workers.map(self._gradients, pieces, outputs):
            sums = [total.add_(one) for total, one in zip(sums, own, strict=True)] if sums else list(own)
        return sums

    def tuned(self, parameters: dict[str, Tensor]) -> FinetunedWeights:
        """The weights that these parameters make; the tail then has them itself."""
        self._network.put_last_parameters(parameters)
        return tuned_weights_of(self._network, self._blocks, self._published_sha256)

    def close(self) -> None:
        """End the threads."""
        self._workers.shutdown()

    def _before(self, frames: Activations) -> Tensor:
        with torch.no_grad():
            return self._network.before(normalised(torch.from_numpy(np.ascontiguousarray(frames))), self._first)

    def _start(self, piece: Activations) -> Tensor:
        return self._before(piece) if piece.dtype == np.uint8 else torch.from_numpy(piece).float()

    def _features(self, piece: Activations) -> Tensor:
        with torch.no_grad():
            return self._network.after(self._start(piece), self._first)

    def _gradients(self, piece: Activations, outputs: Tensor) -> tuple[Tensor, ...]:
        features = self._network.after(self._start(piece), self._first)
        return torch.autograd.grad(features, list(self.parameters.values()), outputs)
