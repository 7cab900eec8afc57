"""A device that decodes on the CPU and hands out frames as NVDEC does: NV12 and P010."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from vidlabel.video.container.open import open_container
from vidlabel.video.decoders.gpu import FrameDevice


def semi_planar(frame: VideoFrame) -> VideoFrame:
    """The same numbers with both colours in one plane, laid out by hand; of 10 bits as the upper ones of 16."""
    deep = frame.format.name == "yuv420p10le"
    kind: np.dtype[Any] = np.dtype(np.uint16 if deep else np.uint8)
    y, u, v = (
        np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)[:, : plane.width] << (6 if deep else 0)
        for plane in frame.planes
    )
    given = VideoFrame(frame.width, frame.height, "p010le" if deep else "nv12")
    for plane, values in zip(given.planes, (y, np.stack([u, v], axis=2).reshape(len(u), -1)), strict=True):
        rows = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
        rows[:, : values.shape[1]] = values
        plane.update(rows.tobytes())
    given.pts, given.time_base = frame.pts, frame.time_base
    given.colorspace, given.color_range = frame.colorspace, frame.color_range
    return given


ON_CPU = FrameDevice(open_container, semi_planar)
