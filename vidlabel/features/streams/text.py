"""The stream `text`: the subtitles that are shown. What part of a picture is seen makes no difference to it.

T samples in time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.features.encoders.speech_models import find_speech_model
from vidlabel.features.encoders.text_encoders import TEXT_ENCODERS, resolve_text_encoder
from vidlabel.features.streams.pictures import EncodedAlone
from vidlabel.files import sha256_of
from vidlabel.stream_spec import EncoderInfo, StreamSpec
from vidlabel.video.subtitles.sidecar import find_sidecar

if TYPE_CHECKING:
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.streams.base import Inputs, StreamEncoder, StreamStage
    from vidlabel.stream_spec import View
    from vidlabel.video.request import Sample


class TextStream:
    """The text that is shown at each sample, as the vector of a sentence; zeros where there is none."""

    name = "text"
    needs_earlier_frame = False
    needs_sound = False
    needs_text = True
    clip = None
    encoder_kind = "text"

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:  # noqa: ARG002 - text looks alike in all
        """The encoder that is used."""
        encoder = resolve_text_encoder(config.text_encoder)
        info = EncoderInfo(name=encoder.name, sha256=encoder.sha256)
        return StreamSpec(name=self.name, size=encoder.feature_size, encoder=info)

    def problem(self, wanted: StreamSpec) -> str | None:
        """Another encoder than those that are there."""
        encoder = wanted.encoder
        if encoder is None or encoder.name not in TEXT_ENCODERS or wanted.pictures is not None:
            name = "unknown origin" if encoder is None else encoder.name
            return f"text features of {name}, which this version does not have"
        known = TEXT_ENCODERS[encoder.name]
        if encoder.sha256 != known.sha256:
            weights = f"with the weights {encoder.sha256[:8]}, and this version has those with {known.sha256[:8]}"
            return f"text features of {encoder.name} {weights}"
        if wanted.size != known.feature_size:
            return f"{wanted.size} numbers of {encoder.name}, which gives {known.feature_size}"
        return None

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:  # noqa: ARG002
        """Encoder and sampling; not the view, since all have the same features."""
        return (self.name, resolve_text_encoder(config.text_encoder).sha256, config.rate, config.decoder)

    def beside_video(self, path: Path, config: FeatureConfig) -> str:
        """Digest of the file of subtitles that is read, and of the model of speech; empty where there is neither."""
        if config.subtitles is not None:
            return sha256_of(Path(config.subtitles))
        file = find_sidecar(path).path
        return ("" if file is None else sha256_of(file)) + _speech_digest(config)

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:  # noqa: ARG002
        """Load the encoder, which runs on the CPU in one thread: a line takes 4 ms at most, and there are few."""
        from vidlabel.features.encoders.sentences import load_text_encoder  # the names of streams do without

        return load_text_encoder(config.text_encoder)

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        """The texts: (T,) for each view."""
        texts = np.array([sample.text or "" for sample in samples], object)
        return [texts for _ in views]

    def start(self) -> StreamStage:
        """Features are what the encoder gives."""
        return EncodedAlone()


def _speech_digest(config: FeatureConfig) -> str:
    """Digest of what makes text of speech; whether a video has subtitles, so that it is not read, is not known yet."""
    if config.speech is None:
        return ""
    parts = f"{find_speech_model(config.speech).sha256} {config.audio_stream}"
    return hashlib.sha256(parts.encode("ascii")).hexdigest()
