"""Pictures of evidence: heat over a frame, people, a spectrogram; as PNG, the same content as the same bytes.

H x W pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from vidlabel.files import atomic_note

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

SHOWN_SIDE = 448
"""Pixels of the shorter side of a drawn frame, at least: samples have 224."""
_STRENGTH = 0.75
"""How much of the colour of the hottest place covers the frame."""
_UNSEEN = 0.35
"""Brightness of what the encoder does not see."""

# Polynomial for matplotlib's "inferno" (S. van der Walt, N. Smith), by M. Zucker, https://www.shadertoy.com/view/WlfXRN,
# public domain (CC0). Its lightness rises evenly, also for the colour-blind.
_INFERNO = (
    (0.0002189403691192265, 0.001651004631001012, -0.01948089843709184),
    (0.1065134194856116, 0.5639564367884091, 3.932712388889277),
    (11.60249308247187, -3.972853965665698, -15.9423941062914),
    (-41.70399613139459, 17.43639888205313, 44.35414519872813),
    (77.162935699427, -33.40235894210092, -81.80730925738993),
    (-71.31942824499214, 32.62606426397723, 73.20951985803202),
    (25.13112622477341, -12.24266895238567, -23.07032500287172),
)


@dataclass(frozen=True, slots=True)
class DrawnPerson:
    """A person as they are drawn; places are (x, y) in pixels of the frame."""

    joints: tuple[tuple[float, float], ...]
    weights: tuple[float, ...]
    """0 to 1 of each joint: how large and how bright it is."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom."""
    counts_most: bool
    """Whether its box is drawn."""


@cache
def colour_map() -> Picture:
    """(256, 3) colours, dark to bright."""
    steps = np.linspace(0, 1, 256)[:, None]
    colours = sum(np.array(factors) * steps**power for power, factors in enumerate(_INFERNO))
    table: Picture = np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)
    return table


def coloured(values: npt.NDArray[np.floating]) -> Picture:
    """Numbers from 0 to 1 as colours, (...,) to (..., 3)."""
    colours: Picture = colour_map()[np.rint(255 * np.clip(values, 0, 1)).astype(np.intp)]
    return colours


def heat_picture(frame: Picture, heat: Floats) -> Picture:
    """A frame in grey under the colours of its heat.

    Args:
        frame: (H, W, 3).
        heat: (H, W), of which what is above 0 is drawn; NaN where the encoder does not look.
    """
    seen = ~np.isnan(heat)
    positive = np.where(seen, np.maximum(heat, 0), 0)
    share = positive / max(float(positive.max()), 1e-12)
    grey = np.repeat((frame @ np.array([0.299, 0.587, 0.114]))[..., None], 3, axis=2)
    cover = _STRENGTH * np.sqrt(share)[..., None]
    mixed = (1 - cover) * grey + cover * coloured(share)
    picture: Picture = np.rint(np.where(seen[..., None], mixed, _UNSEEN * grey)).astype(np.uint8)
    return picture


def people_picture(frame: Picture, people: Sequence[DrawnPerson], bones: Sequence[tuple[int, int]]) -> Picture:
    """A darkened frame with skeletons, whose joints are as large and bright as their weights."""
    scale = _scale_of(frame)
    image = Image.fromarray((frame * 0.6).astype(np.uint8)).resize(_size(frame, scale), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    thin = max(1, min(image.size) // 200)
    for person in people:
        joints = [(scale * x, scale * y) for x, y in person.joints]
        for first, second in bones:
            draw.line([joints[first], joints[second]], fill=(170, 170, 170), width=thin)
        for (x, y), weight in sorted(zip(joints, person.weights, strict=True), key=lambda drawn: drawn[1]):
            radius = thin * (1.5 + 5 * weight)
            red, green, blue = coloured(np.array(0.25 + 0.7 * weight)).tolist()
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(red, green, blue), outline="white")
        if person.counts_most:
            draw.rectangle([scale * place for place in person.box], outline="white", width=thin)
    return np.asarray(image)


def spectrogram_picture(levels: Floats, stretch: slice, block: tuple[slice, slice] | None) -> Picture:
    """A spectrogram, low bands at the bottom; bright in a stretch that is marked, and a block within it framed.

    Args:
        levels: (frames in time, bands), 0 to 1.
        stretch: frames.
        block: frames and bands.
    """
    across, up = 2, 4
    brightness = np.full((levels.shape[0], 1, 1), _UNSEEN)
    brightness[stretch] = 1
    cells = np.rint(coloured(levels) * brightness).astype(np.uint8)
    picture = cells.transpose(1, 0, 2)[::-1].repeat(up, axis=0).repeat(across, axis=1)
    image = Image.fromarray(np.ascontiguousarray(picture))
    draw = ImageDraw.Draw(image)
    for place in (stretch.start, stretch.stop):
        draw.line([(across * place, 0), (across * place, image.height)], fill="white", width=2)
    if block is not None:
        frames, bands = block
        top, bottom = (up * (levels.shape[1] - band) for band in (bands.stop, bands.start))
        draw.rectangle([across * frames.start, top, across * frames.stop - 1, bottom - 1], outline="white", width=2)
    return np.asarray(image)


def write_picture(picture: Picture, path: Path) -> None:
    """Write a PNG, enlarged so that its shorter side has `SHOWN_SIDE` pixels or more.

    Raises:
        OutputError: it cannot be written.
    """
    image = Image.fromarray(picture).resize(_size(picture, _scale_of(picture)), Image.Resampling.BICUBIC)
    with atomic_note(path) as file:
        image.save(file, format="PNG", compress_level=6)


def _scale_of(picture: Picture) -> int:
    shorter: int = min(picture.shape[:2])
    return max(1, math.ceil(SHOWN_SIDE / shorter))


def _size(picture: Picture, scale: int) -> tuple[int, int]:
    return scale * picture.shape[1], scale * picture.shape[0]
