"""Streams of pictures, by the picture encoder. The decoder has scaled them already; nothing is resampled here.

T samples of H x W pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureBlock, hardware_of
from vidlabel.features.encoders.hardware import resolve_runtime
from vidlabel.features.encoders.weights import PUBLISHED, PUBLISHED_SCALING
from vidlabel.json_text import to_json
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, ResizeFilter, StreamSpec, TensorInfo, TunedEncoder
from vidlabel.video.request import LONGEST_LAG_S

if TYPE_CHECKING:
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.streams.base import Inputs, StreamEncoder, StreamStage
    from vidlabel.stream_spec import View
    from vidlabel.video.request import Sample

Picture = npt.NDArray[np.uint8]
"""(H, W, 3), RGB."""

RESIZE_FILTER: ResizeFilter = "bicubic"
"""That decoding scales pictures with."""

_FLIPPED = "-flipped"


class PictureStream(ABC):
    """A stream that makes one picture of every sample."""

    name: str
    needs_earlier_frame: bool
    needs_sound = False
    needs_text = False
    clip = None
    encoder_kind = "picture"

    @abstractmethod
    def picture(self, sample: Sample) -> Picture:
        """The picture of a sample, (H, W, 3)."""

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        """The pictures, cut and mirrored: (T, H, W, 3) for each view."""
        pictures = [self.picture(sample) for sample in samples]
        return [np.stack([view_picture(picture, view) for picture in pictures]) for view in views]

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:
        """The encoder that was asked for, and the pictures that it takes."""
        pictures = PicturePreprocessing(
            short_side=config.short_side,
            view=view,
            mean=config.scaling.mean,
            scale=config.scaling.scale,
            resize_filter=RESIZE_FILTER,
            lag_s=self._lag_s(config),
        )
        return StreamSpec(
            name=self.name, size=config.network.feature_size, encoder=_encoder_info(config), pictures=pictures
        )

    def problem(self, wanted: StreamSpec) -> str | None:
        """Another encoder than the published ones, or pictures that decoding does not give."""
        pictures = wanted.pictures
        if wanted.encoder is None or pictures is None:
            return f"{self.name}, and does not say of what pictures"
        return _encoder_problem(wanted.encoder, wanted.size) or self.picture_problem(pictures)

    def picture_problem(self, pictures: PicturePreprocessing) -> str | None:
        """Why decoding does not give pictures as a model takes them; None: it does."""
        if pictures.resize_filter != RESIZE_FILTER:
            return f"pictures scaled by the filter {pictures.resize_filter}, and this version has {RESIZE_FILTER}"
        if (pictures.lag_s is not None) != self.needs_earlier_frame:
            compared = "not compared with" if self.needs_earlier_frame else "compared with"
            return f"{self.name} of frames that are {compared} earlier ones, which this version does not have"
        if pictures.lag_s is not None and pictures.lag_s > LONGEST_LAG_S:
            limit = f"and this version compares frames over {LONGEST_LAG_S:g} s at most"
            return f"{self.name} over {pictures.lag_s:g} s, {limit}"
        return None

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:
        """Encoder, sampling and pictures; the runtime, since its last digits differ."""
        block = str(FeatureBlock(self.name, view))
        sha256, lag_s = config.network.sha256, self._lag_s(config)
        key: list[str | float | None] = [sha256, config.rate, config.short_side, config.decoder, lag_s, block]
        runtime = resolve_runtime(config.runtime, "auto")
        if runtime != "torch":  # Entries made before there was another one keep their names.
            key.append(runtime)
        if config.tuned is not None:
            key.append(f"tuned {config.tuned.sha256}")
        if config.scaling != PUBLISHED_SCALING:
            key.append(f"pixels {config.scaling.mean!r} {config.scaling.scale!r}")
        if config.file is not None:
            key.append(to_json(config.file.interface))
        return tuple(key)

    def beside_video(self, path: Path, config: FeatureConfig) -> str:  # noqa: ARG002
        """Nothing."""
        return ""

    def _lag_s(self, config: FeatureConfig) -> float | None:
        return config.lag_s if self.needs_earlier_frame else None

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:
        """Load the picture encoder, as `vidlabel.features.encoders.frame_encoder.load_encoder`."""
        if config.file is not None:
            from vidlabel.features.encoders.network_files.file_encoder import FileEncoder  # numpy, maybe torch

            return FileEncoder(config.file, hardware_of(config, device)[0], threads)
        from vidlabel.features.encoders.frame_encoder import load_encoder  # the names of streams do without

        return load_encoder(config.encoder, device, threads, config.runtime, config.tuned, config.scaling)

    def start(self) -> StreamStage:
        """Features are what the encoder gives."""
        return EncodedAlone()


class EncodedAlone:
    """The stage of streams whose features are what their encoder gives: D = E."""

    def push(self, encoded: npt.NDArray[np.float32], times: npt.NDArray[np.float64], /) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """(T, D), as they came."""
        return encoded


def _encoder_info(config: FeatureConfig) -> EncoderInfo:
    tuned = None
    if config.tuned is not None:
        tensors = tuple(TensorInfo(name=name, shape=t.shape) for name, t in sorted(config.tuned.tensors.items()))
        tuned = TunedEncoder(blocks=config.tuned.blocks, sha256=config.tuned.sha256, tensors=tensors)
    interface = None if config.file is None else config.file.interface
    return EncoderInfo(name=config.network.name, sha256=config.network.sha256, tuned=tuned, interface=interface)


def _encoder_problem(encoder: EncoderInfo, size: int) -> str | None:
    if encoder.interface is not None:
        return None
    if encoder.name not in PUBLISHED:
        return f"features of {encoder.name}, an encoder that this version does not have"
    published = PUBLISHED[encoder.name]
    if encoder.sha256 != published.sha256:
        weights = f"with the weights {encoder.sha256[:8]}, and this version has those with {published.sha256[:8]}"
        return f"features of {encoder.name} {weights}"
    if size != published.feature_size:
        return f"{size} numbers of {encoder.name}, which gives {published.feature_size}"
    return None


def view_picture(picture: Picture, view: View) -> Picture:
    """Cut and mirror a picture, without copying it.

    Args:
        picture: (H, W, 3).
        view: what to look at.

    Returns:
        (H, W, 3) for `whole`, else (S, S, 3) with S = min(H, W).
    """
    place = view.removesuffix(_FLIPPED)
    if place != "whole":
        side = min(picture.shape[:2])
        first = [{"left": 0, "centre": (size - side) // 2, "right": size - side}[place] for size in picture.shape[:2]]
        picture = picture[first[0] : first[0] + side, first[1] : first[1] + side]
    return picture[:, ::-1] if view.endswith(_FLIPPED) else picture
