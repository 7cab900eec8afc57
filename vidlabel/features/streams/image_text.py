"""The stream `image-text`: frames by a network that makes vectors of pictures and words alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidlabel.errors import UsageError
from vidlabel.features.encoders.image_text_files import ImageTextFiles, read_image_text_files
from vidlabel.features.streams.pictures import RESIZE_FILTER, Picture, PictureStream
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec

if TYPE_CHECKING:
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.streams.base import StreamEncoder
    from vidlabel.stream_spec import View
    from vidlabel.video.request import Sample


class ImageTextStream(PictureStream):
    """The square in the middle of each frame. No trained model has it: the network stays in its folder."""

    name = "image-text"
    needs_earlier_frame = False
    encoder_kind = "image-text"

    def picture(self, sample: Sample) -> Picture:
        """The frame itself."""
        return sample.rgb

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:  # noqa: ARG002
        """The network in the folder, and the pictures that it takes."""
        return describe_image_text(_files(config))

    def problem(self, wanted: StreamSpec) -> str | None:  # noqa: ARG002
        """None: what is made for a folder fits it."""
        return None

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:
        """Network, sampling and pictures."""
        return _files(config).sha256, config.rate, config.decoder, f"{self.name}/{view}"

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:
        """Load the network, as `vidlabel.features.encoders.image_text.load_image_text`."""
        from vidlabel.features.encoders.image_text import load_image_text  # torch takes a second to load

        return load_image_text(_files(config), device, threads)


def describe_image_text(files: ImageTextFiles) -> StreamSpec:
    """The stream of one network; it scales the values of pixels itself, red, green and blue each in its way."""
    pictures = PicturePreprocessing(
        short_side=files.image_side, view="centre", mean=0.0, scale=1.0, resize_filter=RESIZE_FILTER
    )
    encoder = EncoderInfo(name=files.kind, sha256=files.sha256)
    return StreamSpec(name=ImageTextStream.name, size=files.feature_size, encoder=encoder, pictures=pictures)


def _files(config: FeatureConfig) -> ImageTextFiles:
    if config.image_text is None:
        raise UsageError(f"stream {ImageTextStream.name}", "needs the folder of a network", "give --model FOLDER")
    return read_image_text_files(config.image_text)
