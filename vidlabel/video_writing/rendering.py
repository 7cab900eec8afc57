"""Burns labels, a timeline and people into a copy of a video, in the process that reads it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.filter import Graph

from vidlabel.errors import VideoError
from vidlabel.video.container.orientation import UPRIGHT, Orientation
from vidlabel.video_writing.drawn import BandSegment, PeopleSettings
from vidlabel.video_writing.encoding import (
    PictureEncoder,
    VideoShape,
    fit,
    nominal_rate,
    open_mp4,
    write_interleaved,
)
from vidlabel.video_writing.label_band import LabelBand
from vidlabel.video_writing.media import Damage, Media, TimedFrame
from vidlabel.video_writing.overlay import Planes, matrix_of, planes_of
from vidlabel.video_writing.people_marks import PeopleMarks, load_finder
from vidlabel.video_writing.sound import SoundCopier, SoundTrackEncoder, may_copy, sound_streams
from vidlabel.video_writing.span import TimeSpan

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_REPORT_EVERY_S = 0.5

OnProgress = Callable[[float, float], None]
"""Takes the seconds that are written, and those of the video."""


def render(
    media: Media,
    segments: tuple[BandSegment, ...],
    people: PeopleSettings | None,
    path: Path,
    on_progress: OnProgress,
) -> tuple[str, ...]:
    """Write a copy of a video with its labels burnt in, upright, with square pixels and its sound.

    Args:
        media: the video.
        segments: what is drawn, in order of their starts.
        people: how people are looked for, who are drawn, too; None: they are not.
        path: the file, an MP4, which is replaced.
        on_progress: called every half a second.

    Returns:
        Warnings, one line each.

    Raises:
        VideoError: not a frame can be decoded.
        OutputError: the file cannot be written.
        InstallationError: the pose encoder cannot be loaded.
    """
    damage, whole = Damage(), TimeSpan(Fraction(0), media.end_s)
    frames = media.frames(whole, damage)
    first = next(frames, None)
    if first is None:
        raise VideoError(media.path, "holds not a single frame that can be decoded", "copy it again")
    painter = _Painter(media, segments, people, first.frame)
    with open_mp4(path) as output:
        pictures = PictureEncoder(output, painter.shape, Fraction(0))
        pictures.describe_colours(first.frame)
        sounds = [
            SoundCopier(output, media, sound, whole)
            if may_copy(media, sound)
            else SoundTrackEncoder(output, media, sound, whole)
            for sound in sound_streams(media)
        ]
        painted = painter.paint(_reported(chain([first], frames), media, on_progress))
        write_interleaved(output, [pictures.packets(painted), *(sound.packets() for sound in sounds)])
    damaged = () if damage.warning is None else (damage.warning,)
    return (*damaged, *painter.warnings)


def _reported(frames: Iterator[TimedFrame], media: Media, on_progress: OnProgress) -> Iterator[TimedFrame]:
    last = time.monotonic()
    for timed in frames:
        yield timed
        if time.monotonic() - last > _REPORT_EVERY_S:
            last = time.monotonic()
            on_progress(float(timed.time_s), float(media.end_s))
    on_progress(float(media.end_s), float(media.end_s))


class _Painter:
    """Brings frames upright and draws on them."""

    def __init__(
        self, media: Media, segments: tuple[BandSegment, ...], people: PeopleSettings | None, first: VideoFrame
    ) -> None:
        facts, probe = media.metadata, media.first
        width, height = facts.shown_width + facts.shown_width % 2, facts.shown_height + facts.shown_height % 2
        is_turned = probe.orientation != UPRIGHT
        self.shape = VideoShape(
            width=width,
            height=height,
            time_base=facts.time_base,
            fps=nominal_rate(media),
            interlaced=first.interlaced_frame and not is_turned and height == first.height,
        )
        matrix = matrix_of(first.colorspace, height)
        self._upright = _Upright(width, height, probe.orientation)
        self._band = LabelBand(segments, round(1000 * media.end_s), (width, height), matrix)
        self._people = None
        if people is not None:
            self._people = PeopleMarks(people, probe, (width, height), matrix, load_finder())

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line each."""
        return self._band.warnings

    def paint(self, frames: Iterator[TimedFrame]) -> Iterator[TimedFrame]:
        """The same frames with what is drawn on them."""
        for timed in frames:
            picture = np.ascontiguousarray(self._upright.picture(timed.frame).to_ndarray(), np.uint8)
            self._draw(planes_of(picture), timed)
            painted = av.VideoFrame.from_ndarray(picture, "yuv420p")
            painted.color_range = 1
            yield TimedFrame(timed.time_s, timed.lasts_s, painted)

    def _draw(self, planes: Planes, timed: TimedFrame) -> None:
        if self._people is not None:
            self._people.draw(planes, timed.frame, timed.time_s)
        self._band.draw(planes, round(1000 * timed.time_s))


class _Upright:
    """Turns frames as a player shows them, in the pixels of the encoder."""

    def __init__(self, width: int, height: int, orientation: Orientation) -> None:
        self._size, self._orientation = (width, height), orientation
        self._graph: Graph | None = None
        self._made_for: tuple[object, ...] = ()

    def picture(self, frame: VideoFrame) -> VideoFrame:
        """A frame upright, with square pixels, even sides, 8 bits, and colour at half the resolution."""
        if self._orientation == UPRIGHT:
            return fit(frame, *self._size)
        shape = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or shape != self._made_for:
            self._graph, self._made_for = self._make_graph(frame), shape
        self._graph.push(frame)
        turned = self._graph.pull()
        if not isinstance(turned, av.VideoFrame):
            raise TypeError("the turning filters gave no picture")
        return fit(turned, *self._size)

    def _make_graph(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        for name, arguments in (*self._orientation.filters, ("buffersink", "")):
            node = graph.add(name, arguments or None)
            last.link_to(node)
            last = node
        graph.configure()
        return graph
