"""Where in the pictures the evidence of the streams `frames` and `motion` lies.

H x W pixels of a frame, h x w of the part that the encoder sees, R x K patches, C numbers in a feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.explanation.class_activation import ActivationMaps
from vidlabel.explanation.drawing import Picture, heat_picture, write_picture
from vidlabel.explanation.explanation import Evidence
from vidlabel.explanation.frame_places import DECIMALS, FramePlaces, Place
from vidlabel.explanation.label_score import LabelScore
from vidlabel.explanation.patch_occlusion import PatchGrid, picture_grid, rank_correlation
from vidlabel.explanation.sample_reading import SAME_TIME_S, SampleReader
from vidlabel.features.streams.base import StreamEncoder
from vidlabel.features.streams.motion import MOTION_GREY
from vidlabel.features.streams.pictures import PictureStream, view_picture
from vidlabel.features.streams.registry import find_stream
from vidlabel.stream_spec import View
from vidlabel.video.request import Sample

Floats = npt.NDArray[np.float64]

_EVEN = 1e-4
"""Share of the range of heat that counts as none."""
_AROUND = 48
"""Pixels on each side of a place over which its heat is averaged, three cells of the encoder's last map in all: single
cells at the edge of a thing, or beside it, are hotter than those that it fills."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What was measured in one picture."""

    seen: tuple[float, float, float, float]
    """Left, top, right, bottom of what the encoder sees of the frame, 0 to 1."""
    peak: Place
    """The middle of the square of 97 pixels that is hottest in the class activation map."""
    occlusion_peak: Place
    """The middle of the patch without which the score loses most."""
    rank_correlation: float | None
    """Spearman's, of the map and of occlusion over the patches; None where one of them is the same everywhere."""
    activation: tuple[tuple[float, ...], ...]
    """Mean of the map over each patch, rows from the top of the frame, patches from its left."""
    occlusion: tuple[tuple[float, ...], ...]
    """Log-odds lost without each patch, in the same order."""


def find_picture_evidence(
    score: LabelScore, stream: str, steps: list[int], reader: SampleReader, folder: Path
) -> list[Evidence]:
    """Draw heat maps of samples, a class activation map each, and check them by occlusion.

    Args:
        score: of the label.
        stream: `frames` or `motion`.
        steps: numbers of samples.
        reader: of the video.
        folder: for the pictures.

    Raises:
        OutputError: see `find_evidence`.
    """
    own = find_stream(stream)
    assert isinstance(own, PictureStream)
    maps, encoder = ActivationMaps(reader.config), own.load_encoder(reader.config, "cpu", None)
    method = _PictureMethod(score, own, score.model.spec.stream(stream).view, maps, encoder)
    by_time = {float(score.times[step]): step for step in steps}
    found = []
    for sample in reader.at(stream, by_time):
        step = next(step for time_s, step in by_time.items() if abs(time_s - sample.time_s) < SAME_TIME_S)
        if own.needs_earlier_frame and sample.earlier_rgb is None:
            continue  # the first sample has the motion of the second
        heat, measured = method.look(sample, step)
        file = f"{stream}-{sample.time_s:09.3f}.png"
        write_picture(heat_picture(sample.rgb, heat), folder / file)
        summary = f"{stream} at {sample.time_s:.2f} s: most {_in_words(measured.peak)}"
        found.append(Evidence(stream, sample.time_s, "heat_map", file, summary, measured))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _PictureMethod:
    """Both methods, for the pictures of one stream."""

    score: LabelScore
    stream: PictureStream
    view: View
    maps: ActivationMaps
    encoder: StreamEncoder

    def look(self, sample: Sample, step: int) -> tuple[Floats, HeatMap]:
        """The heat of each pixel of the frame, (H, W), and what was measured."""
        name = self.stream.name
        places = FramePlaces.of_view(sample.rgb, self.view)
        picture = np.ascontiguousarray(view_picture(self.stream.picture(sample), self.view))
        gradient = self.score.path_gradients()[name][step]
        heat = self.maps.heat(picture, gradient, self.score.baselines[name])
        grid = picture_grid(*picture.shape[:2])
        lost, means = self._occluded(picture, step, grid), grid.means(heat)
        worst = np.unravel_index(int(lost.argmax()), lost.shape)
        correlation = rank_correlation(means, lost)
        return places.in_frame(heat), HeatMap(
            seen=places.seen,
            peak=places.place(*hottest_place(heat)),
            occlusion_peak=places.place(*grid.middle(int(worst[0]), int(worst[1]))),
            rank_correlation=None if correlation is None else round(correlation, DECIMALS),
            activation=_rows(means, places),
            occlusion=_rows(lost, places),
        )

    def _occluded(self, picture: Picture, step: int, grid: PatchGrid) -> Floats:
        """(R, K) log-odds lost with each patch covered."""
        grey = np.full(3, MOTION_GREY, np.uint8)
        fill = grey if self.stream.needs_earlier_frame else np.rint(picture.mean(axis=(0, 1))).astype(np.uint8)
        whole = self.score.replaced(self.stream.name, step, self.encoder.encode(picture[None]))[0]
        features = [self.encoder.encode(covered[None])[0] for covered in grid.covered(picture, fill)]
        lost: Floats = whole - self.score.replaced(self.stream.name, step, np.stack(features))
        return lost.reshape(grid.rows, grid.columns)


def hottest_place(heat: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The middle of the places around which heat is highest, down and to the right: heat is even in places."""
    around = _means_around(heat, _AROUND)
    least = float(around.max()) - _EVEN * float(np.ptp(around))
    down, right = (np.argwhere(around >= least).mean(axis=0) + 0.5).tolist()
    return down, right


def _means_around(values: npt.NDArray[np.float32], reach: int) -> Floats:
    """The mean over a square around each place, (H, W); what lies outside is 0."""
    width = 2 * reach + 1
    padded = np.pad(values.astype(np.float64), reach)
    sums = np.pad(padded.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    means: Floats = sums[width:, width:] - sums[:-width, width:] - sums[width:, :-width] + sums[:-width, :-width]
    return means / width**2


def _rows(values: Floats, places: FramePlaces) -> tuple[tuple[float, ...], ...]:
    """In the frame's order."""
    ordered = values[:, ::-1] if places.mirrored else values
    return tuple(tuple(round(value, DECIMALS) + 0.0 for value in row) for row in ordered.tolist())


def _in_words(place: Place) -> str:
    """`at the upper left (x 0.21, y 0.30)`."""
    x, y = place
    down = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    words = f"at the {down or 'middle'} {across or 'middle'}" if down or across else "in the middle"
    return f"{words} (x {x:.2f}, y {y:.2f})"
