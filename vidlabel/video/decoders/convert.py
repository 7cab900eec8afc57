"""From a decoded frame to an upright RGB sample of a given size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import numpy.typing as npt
from av.filter import Graph

from vidlabel.video.container.orientation import Orientation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


class FrameConverter:
    """Turns, scales and converts frames with the filters that decord2 uses, so that both give the same pixels.

    `VideoFrame.reformat` does not: it places the chroma samples otherwise (2 grey levels on average on saturated
    pictures). The colour matrix and range are those that the frame states; BT.601, limited, where it states none.

    Args:
        width: pixels of a sample.
        height: pixels of a sample.
        orientation: how a stored picture is turned for showing.
    """

    def __init__(self, width: int, height: int, orientation: Orientation) -> None:
        self._size = width, height
        self._orientation = orientation
        self._graph: Graph | None = None
        self._made_for: tuple[object, ...] = ()

    def rgb(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """(height, width, 3) upright picture of a frame of any size and pixel format.

        Raises:
            av.error.FFmpegError: the pixel format cannot be converted.
        """
        shape = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or shape != self._made_for:  # size and colours can change within a stream
            self._graph = self._make_graph(frame)
            self._made_for = shape
        self._graph.push(frame)
        picture = self._graph.pull()
        if not isinstance(picture, av.VideoFrame):
            raise TypeError("the scaling filters gave no picture")
        return np.ascontiguousarray(picture.to_ndarray(), dtype=np.uint8)

    def _make_graph(self, frame: VideoFrame) -> Graph:
        width, height = self._size
        graph = Graph()
        graph.threads = 1
        last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        scale = ("scale", f"{width}:{height}:flags=bicubic")
        for name, arguments in (*self._orientation.filters, scale, ("format", "rgb24"), ("buffersink", "")):
            node = graph.add(name, arguments or None)
            last.link_to(node)
            last = node
        graph.configure()
        return graph
