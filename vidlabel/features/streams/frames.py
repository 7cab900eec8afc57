"""The stream `frames`: the frames as they are."""

from __future__ import annotations

from vidlabel.features.streams.pictures import Picture, PictureStream
from vidlabel.video.request import Sample


class FramesStream(PictureStream):
    """The frames as they are."""

    name = "frames"
    needs_earlier_frame = False

    def picture(self, sample: Sample) -> Picture:
        """The frame itself."""
        return sample.rgb
