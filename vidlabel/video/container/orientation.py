"""How a stored picture has to be turned for showing, from its display matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from av.sidedata.sidedata import Type

if TYPE_CHECKING:
    from av.sidedata.sidedata import SideDataContainer
    from av.video.frame import VideoFrame

_MATRIX_BYTES = 36


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to turn and mirror a picture."""

    rotation: int = 0
    """Degrees counterclockwise that the stored picture is turned for showing: 0, 90, 180 or 270."""
    mirrored: bool = False
    """Whether it is mirrored left to right after turning."""

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.rotation % 180 == 90

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """FFmpeg filters (name, arguments) that bring a stored picture upright."""
        turns: dict[int, tuple[tuple[str, str], ...]] = {
            0: (),
            90: (("transpose", "cclock"),),
            180: (("hflip", ""), ("vflip", "")),
            270: (("transpose", "clock"),),
        }
        return turns[self.rotation] + ((("hflip", ""),) if self.mirrored else ())


UPRIGHT = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read the display matrix of a decoded frame.

    FFmpeg's angle alone says nothing of mirroring, and takes a mirrored picture for one turned by 180 degrees: the
    matrix itself is used. Angles between the quarter turns go to the nearest one.
    """
    side_data = cast("SideDataContainer", frame.side_data)  # which PyAV's types take for a dict
    matrices = [data for data in side_data if data.type is Type.DISPLAYMATRIX]
    return from_matrix(bytes(matrices[0])) if matrices else UPRIGHT


def from_matrix(matrix: bytes) -> Orientation:
    """Orientation of a display matrix, nine native 32-bit integers: x' = a x + c y, y' = b x + d y, y points down."""
    if len(matrix) < _MATRIX_BYTES:
        return UPRIGHT
    a, b, _, c, d = memoryview(matrix[:_MATRIX_BYTES]).cast("i").tolist()[:5]
    mirrored = a * d - b * c < 0
    if mirrored:  # take the mirroring of x', which comes last, away
        a, c = -a, -c
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(180 if a + d < 0 else 0, mirrored)
    return Orientation(90 if c - b > 0 else 270, mirrored)
