"""Class activation maps: where in a picture the encoder sees what the label's score rests on.

For features that are the means of a network's last map, the score's gradient with respect to the features, times the
map, is what each cell of it adds to the score: B. Zhou et al., "Learning Deep Features for Discriminative
Localization", CVPR 2016; through a head of any kind it is Grad-CAM: R. Selvaraju et al., ICCV 2017. The gradient here
is the mean on the path from the baseline, so that the mean of a map is what integrated gradients attribute to its
sample.

H x W pixels, h x w cells of 32 pixels, C numbers in a feature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.torch_networks import normalised
from vidlabel.features.streams.pictures import Picture
from vidlabel.heads.recurrent import one_thread

FloatArray = npt.NDArray[np.float32]

_LEARNT = 8.0
"""Pixels by which cells look further up and left than the paddings of their convolutions say: the weights make up for
half of the 15.5 pixels. In noise of 448 x 448 pixels the squared gradients of three cells lay 9 to 13 pixels before the
middle by the paddings."""


class ActivationMaps:
    """The encoder's last maps of pictures, by torch on the CPU.

    Args:
        config: of the features; the network and its weights are those of the encoder.

    Raises:
        UsageError, InstallationError: the encoder cannot be loaded.
    """

    def __init__(self, config: FeatureConfig) -> None:
        self._network = load_network(config.encoder, config.tuned).eval().requires_grad_(False)
        self._scaling = config.scaling

    def cells(self, picture: Picture, gradient: FloatArray, baseline: FloatArray) -> FloatArray:
        """What each cell of the last map adds to the score, times their number.

        Args:
            picture: (H, W, 3) that the encoder takes.
            gradient: (C,) of the score with respect to the picture's feature.
            baseline: (C,) the feature that says nothing.

        Returns:
            (h, w); the mean is gradient @ (feature - baseline).
        """
        with torch.inference_mode(), one_thread():
            pictures = normalised(torch.from_numpy(np.ascontiguousarray(picture))[None], scaling=self._scaling)
            last: Tensor = self._network.last_map(self._network.before(pictures, 0), 0)[0]
            along = torch.from_numpy(gradient)
            added = torch.einsum("c,chw->hw", along, last) - along @ torch.from_numpy(baseline)
        values: FloatArray = added.numpy()
        return values

    def heat(self, picture: Picture, gradient: FloatArray, baseline: FloatArray) -> FloatArray:
        """The same for each pixel, (H, W), linear between cells: the mean of the picture's and of its mirror image's.

        Copies of the picture that are shifted need pixels beyond its edges: those of the edge, repeated, are streaks,
        in which encoders see stripes.
        """
        mirrored = self._between(self.cells(picture[:, ::-1], gradient, baseline), picture)[:, ::-1]
        return ((self._between(self.cells(picture, gradient, baseline), picture) + mirrored) / 2).astype(np.float32)

    def _between(self, cells: FloatArray, picture: Picture) -> npt.NDArray[np.float64]:
        """Cells to the pixels of a picture."""
        down, across = (
            between_cells(count, size, first - _LEARNT, step)
            for count, size in zip(cells.shape, picture.shape[:2], strict=True)
            for first, step in [self._network.map_places(size)]
        )
        found: npt.NDArray[np.float64] = down @ cells @ across.T
        return found


def between_cells(count: int, size: int, first: float, step: float) -> npt.NDArray[np.float64]:
    """How much each cell counts at each pixel along one side, (size, count): linear between the middles of two cells.

    Args:
        count: of cells.
        size: in pixels.
        first: the middle of the first cell, in pixels from the edge.
        step: from cell to cell.
    """
    middles = first + step * np.arange(count)
    pixels = np.arange(size) + 0.5
    return np.stack([np.interp(pixels, middles, one) for one in np.eye(count)], axis=1)
