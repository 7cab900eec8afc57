"""From the maps of MoveNet to people: where each one is, and where their keypoints are.

h and w cells of the maps, four pixels each; P = 6 people, K = 17 keypoints.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.movenet_layers import KEYPOINTS, MAPS

MOST_PEOPLE = 6
KEYPOINT_COLUMNS = slice(0, 3 * KEYPOINTS)
"""(y, x, score) of each keypoint of a person."""
BOX_COLUMNS = slice(3 * KEYPOINTS, 3 * KEYPOINTS + 4)
"""Top, left, bottom, right."""
SCORE_COLUMN = 3 * KEYPOINTS + 4
PERSON_SIZE = SCORE_COLUMN + 1

CELL = 4
"""Pixels."""

# As the published TensorFlow graph computes it.
_PEAK_REACH = 2
"""Cells around a person's centre in which there is no other one."""
_SPREAD = 0.3
"""Of a keypoint around the place that its person's centre points to: the variance over the shorter side, in cells."""
_SEEN = 0.127
"""Keypoints with a higher score count for the score of their person."""
_TIE = 1e-6

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.intp]


def find_people(maps: Floats) -> Floats:
    """The people in one picture, the likeliest centre first.

    Args:
        maps: (C, h, w), the channels of `movenet_layers.MAPS`.

    Returns:
        (P, 56): `KEYPOINT_COLUMNS`, `BOX_COLUMNS` and `SCORE_COLUMN`, in pixels of the maps' picture; zeros where there
        are fewer people.
    """
    ends = list(accumulate(MAPS.values()))
    parts = {name: maps[end - size : end] for (name, size), end in zip(MAPS.items(), ends, strict=True)}
    people = np.zeros((MOST_PEOPLE, PERSON_SIZE), np.float32)
    rows, columns = _centres(parts["centre"][0])
    if len(rows) == 0:
        return people
    boxes = _boxes(parts, rows, columns)
    weights = _weights(parts, rows, columns, boxes)
    places = _likeliest(parts["keypoints"], weights, boxes)
    scores = _place_scores(parts["keypoints"], weights, places)
    offsets = parts["keypoint_offsets"].reshape(KEYPOINTS, 2, *maps.shape[1:])
    keypoint = np.arange(KEYPOINTS)
    moved = offsets[keypoint, :, places[..., 0], places[..., 1]] + places
    seen = scores > _SEEN
    visible = np.where(seen, scores, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    found = people[: len(rows)]
    found[:, KEYPOINT_COLUMNS] = np.concatenate([CELL * moved, scores[..., None]], axis=2).reshape(len(rows), -1)
    found[:, BOX_COLUMNS] = CELL * boxes
    found[:, SCORE_COLUMN] = parts["centre"][0, rows, columns] * visible
    return people


def _centres(centre: Floats) -> tuple[Whole, Whole]:
    """The rows and columns of the P highest peaks at most, the highest first."""
    reach, side = _PEAK_REACH, 2 * _PEAK_REACH + 1
    padded = np.pad(centre, reach, constant_values=0)
    highest = np.lib.stride_tricks.sliding_window_view(padded, side, axis=0).max(axis=-1)
    highest = np.lib.stride_tricks.sliding_window_view(highest, side, axis=1).max(axis=-1)
    rows, columns = np.nonzero((centre > 0) & (centre >= highest - _TIE))
    chosen: list[int] = []
    for peak in np.argsort(-centre[rows, columns], kind="stable"):
        # Cells of one height side by side, as half precision has them, are one peak.
        near = (np.abs(rows[chosen] - rows[peak]) <= reach) & (np.abs(columns[chosen] - columns[peak]) <= reach)
        if not near.any():
            chosen.append(int(peak))
        if len(chosen) == MOST_PEOPLE:
            break
    return rows[chosen], columns[chosen]


def _boxes(parts: dict[str, Floats], rows: Whole, columns: Whole) -> Floats:
    """(P', 4) cells: top, left, bottom, right, within the picture."""
    centres = np.stack([rows, columns], axis=1) + parts["box_place"][:, rows, columns].T
    halves = np.maximum(parts["box_size"][:, rows, columns].T, 0) / 2
    ends = parts["box_size"].shape[1:]
    sides = [np.clip(centres + sign * halves, 0, ends) for sign in (-1, 1)]
    return np.concatenate(sides, axis=1).astype(np.float32)


def _weights(parts: dict[str, Floats], rows: Whole, columns: Whole, boxes: Floats) -> tuple[Floats, Floats]:
    """How likely a keypoint of each person is in a row, (P', K, h), and in a column, (P', K, w); 0 outside the box.

    The weight of a cell is the product of the two.
    """
    height, width = parts["centre"].shape[1:]
    expected = parts["keypoint_places"][:, rows, columns].T.reshape(len(rows), KEYPOINTS, 2)
    spread = np.float32(_SPREAD * min(height, width))

    def along(first: Whole, place: Floats, low: Floats, high: Floats, size: int) -> Floats:
        cells = np.arange(size, dtype=np.float32)
        weight = np.exp(-np.square(cells - (first[:, None, None] + place[..., None])) / spread)
        inside = (cells >= low[:, None]) & (cells < high[:, None])
        return np.where(inside[:, None], weight, 0).astype(np.float32)

    return (
        along(rows, expected[..., 0], boxes[:, 0], boxes[:, 2], height),
        along(columns, expected[..., 1], boxes[:, 1], boxes[:, 3], width),
    )


def _likeliest(heat: Floats, weights: tuple[Floats, Floats], boxes: Floats) -> Whole:
    """The row and column of each keypoint of each person, (P', K, 2)."""
    places = np.zeros((len(boxes), KEYPOINTS, 2), np.intp)
    for person, box in enumerate(boxes):
        top, left = (int(cell) for cell in np.ceil(box[:2]))
        bottom, right = (int(cell) for cell in np.ceil(box[2:]))
        if bottom <= top or right <= left:
            continue
        down = weights[0][person, :, top:bottom, None]
        across = weights[1][person, :, None, left:right]
        weighted = heat[:, top:bottom, left:right] * down * across
        best = weighted.reshape(KEYPOINTS, -1).argmax(axis=1)
        places[person] = np.stack([top + best // (right - left), left + best % (right - left)], axis=1)
    return places


def _place_scores(heat: Floats, weights: tuple[Floats, Floats], places: Whole) -> Floats:
    """The score of each keypoint of each person, (P', K): what the person it fits best has there."""
    keypoint = np.arange(KEYPOINTS)
    down = weights[0][:, keypoint, places[..., 0]]  # (people that it might be of, people, K)
    across = weights[1][:, keypoint, places[..., 1]]
    scores: Floats = (down * across).max(axis=0) * heat[keypoint, places[..., 0], places[..., 1]]
    return scores
