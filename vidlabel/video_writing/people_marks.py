"""The people that the pose encoder finds in a video, drawn as joints and limbs."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from vidlabel.features.streams.pose_tracks import LEAST_SCORE
from vidlabel.video.decoders.convert import FrameConverter
from vidlabel.video.request import exact
from vidlabel.video_writing.drawn import PeopleSettings
from vidlabel.video_writing.overlay import Overlay, Planes

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from vidlabel.video.probe import Probe

KEYPOINTS = 17
_PERSON = 3 * KEYPOINTS + 5
"""Numbers of a person: (y, x, score) of each keypoint, a box, a score."""
_LEAST_KEYPOINT = 0.15
_LIMBS = (
    *((0, 1), (0, 2), (1, 3), (2, 4)),  # nose, eyes, ears
    *((5, 6), (5, 7), (7, 9), (6, 8), (8, 10)),  # shoulders, elbows, wrists
    *((5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16)),  # hips, knees, ankles
)
"""The keypoints of COCO that are joined."""
_COLOURS = ((0, 230, 118), (255, 171, 64), (64, 196, 255), (255, 82, 82), (224, 64, 251), (255, 255, 0))
_LINES_A_PICTURE = 160

People = npt.NDArray[np.float32]
FindPeople = Callable[[npt.NDArray[np.uint8]], People]
"""Pictures (1, H, W, 3) to people (1, P * 56), in pixels of the pictures."""


class PeopleMarks:
    """Finds people at the sample times, and draws them on every frame until the next one.

    Args:
        settings: of the model.
        probe: of the video.
        size: width and height of the picture in pixels.
        matrix: of the frame's colours.
        find: the pose encoder.
    """

    def __init__(
        self, settings: PeopleSettings, probe: Probe, size: tuple[int, int], matrix: str, find: FindPeople
    ) -> None:
        self._rate, self._size, self._matrix, self._find = exact(settings.rate), size, matrix, find
        self._sample_size = probe.sample_size(settings.short_side)
        self._converter = FrameConverter(*self._sample_size, probe.orientation)
        self._reached = -1
        """Number of the last target time that a frame reached: samples are as `predict` takes them."""
        self._overlay: Overlay | None = None

    def draw(self, planes: Planes, frame: VideoFrame, time_s: Fraction) -> None:
        """Draw the people of the last sample.

        Args:
            planes: of the picture that is drawn on.
            frame: the same picture as it was decoded.
            time_s: of it; times ascend.
        """
        target = int(time_s * self._rate // 1)
        if target > self._reached:
            self._reached = target
            found = self._find(self._converter.rgb(frame)[None])
            self._overlay = self._drawn(found.reshape(-1, _PERSON))
        if self._overlay is not None:
            self._overlay.draw(planes)

    def _drawn(self, people: People) -> Overlay | None:
        """The people of a sample as a drawing, cut to where they are."""
        image = Image.new("RGBA", self._size)
        draw = ImageDraw.Draw(image)
        scale = np.array(self._size) / self._sample_size
        width = max(2, round(min(self._size) / _LINES_A_PICTURE))
        for number, person in enumerate(one for one in people if one[-1] >= LEAST_SCORE):
            colour = (*_COLOURS[number % len(_COLOURS)], 255)
            keypoints = person[: 3 * KEYPOINTS].reshape(KEYPOINTS, 3)
            places = [tuple((keypoint[1::-1] * scale).tolist()) for keypoint in keypoints]
            seen = keypoints[:, 2] >= _LEAST_KEYPOINT
            for first, second in _LIMBS:
                if seen[first] and seen[second]:
                    draw.line([*places[first], *places[second]], fill=colour, width=width)
            for (x, y), is_seen in zip(places, seen, strict=True):
                if is_seen:
                    draw.ellipse((x - width, y - width, x + width, y + width), fill=colour)
        box = image.getbbox()
        if box is None:
            return None
        left, top = box[0] // 2 * 2, box[1] // 2 * 2
        right, bottom = min(box[2] + box[2] % 2, self._size[0]), min(box[3] + box[3] % 2, self._size[1])
        return Overlay(image.crop((left, top, right, bottom)), left, top, self._matrix)


def load_finder() -> FindPeople:
    """Load the pose encoder.

    Raises:
        InstallationError: its weights or its runtime are missing or damaged.
    """
    from vidlabel.features.encoders.pose_encoder import load_pose_encoder  # loads OpenVINO or torch

    return load_pose_encoder("cpu").encode
