"""What part of a frame an encoder sees, and where in the frame a place in that part is.

H x W pixels of a frame, h x w of the part that the encoder sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidlabel.features.streams.pictures import Picture, view_picture
from vidlabel.stream_spec import View

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
"""x and y in a frame, 0 to 1 from its left and its top."""

DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class FramePlaces:
    """What part of a frame the encoder sees: the row and the column, (h, w, 2), of each of its pixels."""

    frame: tuple[int, int]
    """H, W."""
    pixels: npt.NDArray[np.intp]

    @classmethod
    def of_view(cls, frame: Picture, view: View) -> FramePlaces:
        """Of a frame (H, W, 3) that is cut and mirrored."""
        height, width = frame.shape[:2]
        numbers = np.arange(height * width).reshape(height, width)
        seen = view_picture(np.repeat(numbers[..., None], 3, axis=2), view)[..., 0]
        return cls((height, width), np.stack(np.divmod(seen, width), axis=-1))

    @property
    def mirrored(self) -> bool:
        """Whether the encoder sees left and right exchanged."""
        return bool(self.pixels[0, 0, 1] > self.pixels[0, -1, 1])

    @property
    def seen(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, 0 to 1."""
        height, width = self.frame
        rows, columns = self.pixels[..., 0], self.pixels[..., 1]
        ends = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
        left, top, right, bottom = (round(float(end), DECIMALS) for end in ends)
        return left, top, right, bottom

    def place(self, down: float, right: float) -> Place:
        """Of a point in what is seen, in pixels from its top left corner."""
        height, width = self.frame
        top, first = self.pixels[0, 0].tolist()
        x = first + 1 - right if self.mirrored else first + right
        return round(x / width, DECIMALS), round((top + down) / height, DECIMALS)

    def in_frame(self, values: npt.NDArray[np.float32]) -> Floats:
        """Values of what is seen, (h, w), over the frame, (H, W); NaN for the rest."""
        whole = np.full(self.frame, np.nan)
        whole[self.pixels[..., 0], self.pixels[..., 1]] = values
        return whole
