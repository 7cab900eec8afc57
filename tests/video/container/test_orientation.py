"""How pictures are turned: display matrices against the points that they move, filters against NumPy."""

from __future__ import annotations

import itertools

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.filter import Graph

from corpus import paint
from vidlabel.video.container.orientation import Orientation, from_matrix

PICTURE = paint(77, 96, 64)


def turned(picture: npt.NDArray[np.uint8], orientation: Orientation) -> npt.NDArray[np.uint8]:
    """Counterclockwise, then mirrored, as the names say."""
    upright = np.rot90(picture, orientation.rotation // 90)
    return upright[:, ::-1] if orientation.mirrored else upright


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_filters_turn_as_they_say(rotation: int, mirrored: bool) -> None:
    orientation = Orientation(rotation, mirrored)
    graph = Graph()
    source = graph.add_buffer(width=96, height=64, format="rgb24", time_base="1/25")  # type: ignore[arg-type]
    nodes = [graph.add(name, arguments) for name, arguments in orientation.filters]
    chain = [source, *nodes, graph.add("buffersink")]
    for one, other in itertools.pairwise(chain):
        one.link_to(other)
    graph.configure()
    graph.push(av.VideoFrame.from_ndarray(PICTURE, format="rgb24"))
    found = graph.pull()
    assert isinstance(found, av.VideoFrame)
    expected = turned(PICTURE, orientation)
    np.testing.assert_array_equal(found.to_ndarray(format="rgb24"), expected)
    assert orientation.swaps_sides == (expected.shape[:2] == (96, 64))


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_a_matrix_moves_points_as_its_orientation_moves_pixels(swapped: bool, signs: tuple[int, int]) -> None:
    """x' = a x + c y, y' = b x + d y; the picture is then moved back to begin at 0."""
    first, second = signs
    a, b, c, d = (0, first, second, 0) if swapped else (first, 0, 0, second)
    small = np.arange(6, dtype=np.uint8).reshape(2, 3)
    y, x = np.indices(small.shape)
    columns, rows = a * x + c * y, b * x + d * y
    moved = np.zeros((3, 2) if swapped else (2, 3), np.uint8)
    moved[rows - rows.min(), columns - columns.min()] = small
    matrix = np.array([a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, 0, 0, 1 << 30], np.int32)
    np.testing.assert_array_equal(turned(small, from_matrix(matrix.tobytes())), moved)


@pytest.mark.parametrize(
    ("matrix", "orientation"),
    [
        ((65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), Orientation(0, False)),
        ((0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30), Orientation(270, False)),
        ((0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30), Orientation(90, False)),
        ((-65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30), Orientation(180, False)),
        ((-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), Orientation(0, True)),
        ((65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30), Orientation(180, True)),
        ((0, 0, 0, 0, 0, 0, 0, 0, 0), Orientation(0, False)),
        ((65000, 3000, 0, -3000, 65000, 0, 0, 0, 1 << 30), Orientation(0, False)),
    ],
)
def test_display_matrices(matrix: tuple[int, ...], orientation: Orientation) -> None:
    assert from_matrix(np.array(matrix, np.int32).tobytes()) == orientation


def test_a_short_matrix_is_no_matrix() -> None:
    assert from_matrix(b"") == Orientation(0, False)
