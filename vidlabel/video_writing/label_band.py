"""The band at the bottom of a picture: which labels hold, and a timeline with a playhead."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property

from PIL import Image, ImageDraw

from vidlabel.errors import printable
from vidlabel.video_writing.drawn import BandSegment
from vidlabel.video_writing.fonts import Font, FontBook
from vidlabel.video_writing.overlay import Overlay, Planes

_LINES_A_PICTURE = 24
"""Lines of text that would fill the shorter side of the picture: sizes follow it."""
_LEAST_SIZE = 12
"""Pixels of a letter that can still be read."""
_MOST_MODELS = 6
_MOST_ROWS = 4
"""Of a model's timeline; its labels take turns."""
_BACKGROUND = (0, 0, 0, 160)
_EMPTY = (255, 255, 255, 40)
_WHITE = (255, 255, 255, 255)
_GREY = (190, 190, 190, 255)

Colour = tuple[int, int, int, int]


_PALETTE = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
"""Colours of Okabe and Ito, which people with any colour vision can distinguish."""


def label_colours(labels: Iterable[str]) -> dict[str, Colour]:
    """A colour for each label: the same in every video, unless another label of this one has it already."""
    free: list[int] = []
    colours: dict[str, Colour] = {}
    for label in sorted(set(labels)):
        free = free or list(range(len(_PALETTE)))
        digest = hashlib.sha256(label.encode("utf-8", "surrogateescape")).digest()
        own = int.from_bytes(digest[:4], "big") % len(_PALETTE)
        number = next(one for one in (*range(own, len(_PALETTE)), *range(own)) if one in free)
        free.remove(number)
        colours[label] = (*_PALETTE[number], 255)
    return colours


class LabelBand:
    """Draws the labels that hold at a time, one line for each model, above a timeline of the whole video.

    Args:
        segments: all of the video, in order of their starts.
        duration_ms: of the video.
        size: width and height of the picture in pixels, even.
        matrix: of the frame's colours.
    """

    def __init__(self, segments: Sequence[BandSegment], duration_ms: int, size: tuple[int, int], matrix: str) -> None:
        self._segments, self._duration_ms, self._matrix = segments, max(1, duration_ms), matrix
        self._colours = label_colours(segment.label for segment in segments)
        self._width, self._height = size
        self._models = list(dict.fromkeys(segment.model for segment in segments))[:_MOST_MODELS] or [""]
        letter = max(_LEAST_SIZE, round(min(size) / _LINES_A_PICTURE))
        self._unit = min(letter, max(2, self._height // (3 * len(self._models))))
        self._fonts = FontBook(self._unit)
        self._line, self._row = round(1.35 * self._unit), max(2, round(0.3 * self._unit))
        rows = [min(_MOST_ROWS, max(1, len(self._labels(model)))) for model in self._models]
        self._lane_tops = [sum(rows[:place]) * self._row + 2 * place for place in range(len(rows))]
        self._lanes_height = self._lane_tops[-1] + rows[-1] * self._row
        text_height = self._line * len(self._models)
        height = text_height + self._lanes_height + 4
        self._band_height = min(height + height % 2, self._height - self._height % 2)
        self._top = self._height - self._band_height
        self._lanes_top = text_height + 2
        self._rows = rows
        self._next, self._active = 0, list[BandSegment]()
        self._drawn_for: tuple[BandSegment, ...] | None = None
        self._overlay: Overlay | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line about labels that no font shows."""
        labels = dict.fromkeys(segment.label for segment in self._segments)
        escaped = [label for label in labels if self._fonts.fit(label)[1] != printable(label)]
        if not escaped:
            return ()
        names = ", ".join(ascii(text) for text in escaped[:3]) + (", ..." if len(escaped) > 3 else "")
        return (f"no font here shows {names}; written as escapes: install one that does, such as Noto Sans",)

    def draw(self, planes: Planes, time_ms: int) -> None:
        """Draw it on a frame; times of frames ascend."""
        active = tuple(self._active_at(time_ms))
        if self._overlay is None or active != self._drawn_for:
            self._overlay, self._drawn_for = self._make(active), active
        self._overlay.draw(planes)
        self._draw_playhead(planes, time_ms)

    def _active_at(self, time_ms: int) -> list[BandSegment]:
        while self._next < len(self._segments) and self._segments[self._next].start_ms <= time_ms:
            self._active.append(self._segments[self._next])
            self._next += 1
        self._active = [segment for segment in self._active if time_ms < segment.end_ms]
        return self._active

    def _draw_playhead(self, planes: Planes, time_ms: int) -> None:
        thickness = max(2, self._unit // 8 * 2)
        place = round(min(time_ms, self._duration_ms) / self._duration_ms * (self._width - thickness)) // 2 * 2
        top = (self._top + self._lanes_top - 2) // 2 * 2
        planes.luma[top:, max(0, place - 2) : place + thickness + 2] = 16  # an edge, to stand out on any colour
        planes.luma[top:, place : place + thickness] = 235
        for plane in (planes.blue, planes.red):
            plane[top // 2 :, max(0, place // 2 - 1) : (place + thickness) // 2 + 1] = 128

    def _make(self, active: Sequence[BandSegment]) -> Overlay:
        image = self._empty.copy()
        draw = ImageDraw.Draw(image)
        for place, model in enumerate(self._models):
            own = sorted((one for one in active if one.model == model), key=lambda one: -(one.score or 0))
            self._write_line(draw, place * self._line, model, own)
        return Overlay(image, 0, self._top, self._matrix)

    def _write_line(self, draw: ImageDraw.ImageDraw, top: int, model: str, own: Sequence[BandSegment]) -> None:
        place = self._unit // 2
        if model:
            place = self._write(draw, place, top, f"{model}:", _GREY, self._width // 3) + self._unit // 2
        for number, segment in enumerate(own):
            rest = len(own) - number
            room = self._width - place - 2 * self._unit - (2 * self._unit if rest > 1 else 0)
            if number and room < self._text_width(segment.text):
                self._write(draw, place, top, f"+{rest}", _WHITE, 2 * self._unit)
                return
            box = self._line // 4
            colour = self._colours[segment.label]
            draw.rectangle((place, top + box, place + self._unit // 2, top + self._line - box), fill=colour)
            place = self._write(draw, place + round(0.8 * self._unit), top, segment.text, _WHITE, room) + self._unit

    def _write(self, draw: ImageDraw.ImageDraw, left: int, top: int, text: str, colour: Colour, room: int) -> int:
        """Write a text, cut to the room that there is; returns where it ends."""
        font, shown = self._fonts.fit(text)
        shown = _cut(font, shown, room)
        draw.text((left, top + self._line // 2), shown, font=font, fill=colour, anchor="lm")
        return left + int(font.getlength(shown))

    def _text_width(self, text: str) -> int:
        font, shown = self._fonts.fit(text)
        return int(font.getlength(shown))

    @cached_property
    def _empty(self) -> Image.Image:
        """The band without text: the timeline on a dark ground."""
        image = Image.new("RGBA", (self._width, self._band_height), _BACKGROUND)
        draw = ImageDraw.Draw(image)
        for model, top, rows in zip(self._models, self._lane_tops, self._rows, strict=True):
            first = self._lanes_top + top
            draw.rectangle((0, first, self._width, first + rows * self._row - 1), fill=_EMPTY)
            row_of = {label: number % rows for number, label in enumerate(self._labels(model))}
            for segment in self._segments:
                if segment.model == model:
                    row = first + row_of[segment.label] * self._row
                    start, end = self._place(segment.start_ms), self._place(segment.end_ms)
                    colour = self._colours[segment.label]
                    draw.rectangle((start, row, max(start, end - 1), row + self._row - 1), fill=colour)
        return image

    def _place(self, time_ms: int) -> int:
        return round(min(time_ms, self._duration_ms) / self._duration_ms * self._width)

    def _labels(self, model: str) -> list[str]:
        return list(dict.fromkeys(segment.label for segment in self._segments if segment.model == model))


def _cut(font: Font, text: str, room: int) -> str:
    """A text, or as much of its start as there is room for."""
    if font.getlength(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest start that fits with an ellipsis
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(text[:middle] + "...") <= room else (low, middle - 1)
    return text[:low] + "..."
