"""Streams of clips: what happens in the second or two around each sample, each by one video network.

T samples, L frames of S x S pixels around each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.features.config import FeatureBlock
from vidlabel.features.encoders.pulled.folder import pulled_record, read_record
from vidlabel.features.encoders.pulled.table import pullable_model
from vidlabel.features.encoders.video_networks.pictures import network_picture
from vidlabel.features.streams.pictures import RESIZE_FILTER, EncodedAlone
from vidlabel.stream_spec import ClipSampling, EncoderInfo, PicturePreprocessing, StreamSpec

if TYPE_CHECKING:
    from pathlib import Path

    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.encoders.video_networks.table import VideoNetwork
    from vidlabel.features.streams.base import Inputs, StreamEncoder, StreamStage
    from vidlabel.stream_spec import View
    from vidlabel.video.request import Sample


class ClipStream:
    """The frames around each sample, by one video network, whose name it has."""

    needs_earlier_frame = False
    needs_sound = False
    needs_text = False

    def __init__(self, network: VideoNetwork) -> None:
        self._network = network
        self.name = network.name
        self.encoder_kind = network.name
        self.clip = network.clip

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:
        """The network, and the clips that it takes, whatever encodes the pictures of other streams.

        Raises:
            InstallationError: its weights were not pulled.
        """
        return self._described(config.short_side, view, pulled_record(self.name).sha256)

    def problem(self, wanted: StreamSpec) -> str | None:
        """Another network, other clips, or other weights than those that were pulled; None where none were."""
        encoder, pictures = wanted.encoder, wanted.pictures
        if encoder is None or pictures is None:
            return f"{self.name}, and does not say of what clips"
        if wanted != self._described(pictures.short_side, pictures.view, encoder.sha256):
            return f"features of {encoder.title}, of other clips than this version gives {self.name}"
        record = read_record(pullable_model(self.name))
        if record is not None and record.sha256 != encoder.sha256:
            weights = f"with the weights {encoder.sha256[:8]}, and those that were pulled are {record.sha256[:8]}"
            return f"features of {self.name} {weights}"
        return None

    def _described(self, short_side: int, view: View, sha256: str) -> StreamSpec:
        network = self._network
        pictures = PicturePreprocessing(
            short_side=short_side,
            view=view,
            mean=network.scaling.mean,
            scale=network.scaling.scale,
            resize_filter=RESIZE_FILTER,
        )
        return StreamSpec(
            name=self.name,
            size=network.feature_size,
            encoder=EncoderInfo(name=network.name, sha256=sha256),
            pictures=pictures,
            clip=ClipSampling(frames=network.clip.count, rate=network.clip.rate),
        )

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:
        """Weights, sampling and pictures."""
        block = str(FeatureBlock(self.name, view))
        sha256 = pulled_record(self.name).sha256
        return sha256, config.rate, config.short_side, config.decoder, self.clip.count, self.clip.rate, block

    def beside_video(self, path: Path, config: FeatureConfig) -> str:  # noqa: ARG002
        """Nothing."""
        return ""

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:  # noqa: ARG002
        """Load the network, as `vidlabel.features.encoders.video_networks.clip_encoder.load_clip_encoder`."""
        from vidlabel.features.encoders.video_networks.clip_encoder import load_clip_encoder  # torch takes a second

        return load_clip_encoder(self._network, device, threads)

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        """The clips, resized, cut and mirrored: (T, L, S, S, 3) for each view; samples share frames, and their work."""
        clips = [sample.clip_rgb or () for sample in samples]
        frames = {id(frame): frame for clip in clips for frame in clip}
        inputs = []
        for view in views:
            pictures = {number: network_picture(frame, self._network, view) for number, frame in frames.items()}
            inputs.append(np.stack([np.stack([pictures[id(frame)] for frame in clip]) for clip in clips]))
        return inputs

    def start(self) -> StreamStage:
        """Features are what the encoder gives."""
        return EncodedAlone()
