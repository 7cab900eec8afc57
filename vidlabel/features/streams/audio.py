"""The stream `audio`: what is to be heard around each sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.features.encoders.hardware import resolve_runtime
from vidlabel.features.encoders.shipped_weights import YAMNET
from vidlabel.features.streams.pictures import EncodedAlone
from vidlabel.stream_spec import EncoderInfo, StreamSpec

if TYPE_CHECKING:
    from vidlabel.features.config import FeatureConfig
    from vidlabel.features.encoders.hardware import Device
    from vidlabel.features.streams.base import Inputs, StreamEncoder, StreamStage
    from vidlabel.stream_spec import View
    from vidlabel.video.request import Sample

FEATURE_SIZE = 1024
SILENCE_DBFS = -60.0
"""A window whose root mean square is not above it is taken for silent. What is left there is noise of recording and
coding; of speech and music as quiet as that, YAMNet scores at most 0.51 and 0.37."""


class AudioStream:
    """The 0.975 s of sound around each sample, by YAMNet. A mirrored or cut picture sounds like the whole one."""

    name = "audio"
    needs_earlier_frame = False
    needs_sound = True
    needs_text = False
    clip = None
    encoder_kind = "sound"

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:  # noqa: ARG002
        """The one encoder that there is."""
        return StreamSpec(
            name=self.name, size=FEATURE_SIZE, encoder=EncoderInfo(name=YAMNET.name, sha256=YAMNET.sha256)
        )

    def problem(self, wanted: StreamSpec) -> str | None:
        """Another encoder than YAMNet, or one with other weights."""
        encoder = wanted.encoder
        if encoder is None or encoder.name != YAMNET.name:
            name = "an unknown encoder" if encoder is None else encoder.name
            return f"features of sound of {name}, and this version has those of {YAMNET.name}"
        if encoder.sha256 != YAMNET.sha256 or encoder.tuned is not None or wanted.pictures is not None:
            return f"features of {YAMNET.name} with other weights than those that come with this version"
        if wanted.size != FEATURE_SIZE:
            return f"{wanted.size} numbers of {YAMNET.name}, which gives {FEATURE_SIZE}"
        return None

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:  # noqa: ARG002
        """Encoder, times of the samples and choice of the stream; the runtime, since its last digits differ."""
        runtime = resolve_runtime(config.runtime, "auto")
        return YAMNET.sha256, config.rate, config.decoder, config.audio_stream, runtime, self.name

    def beside_video(self, path: Path, config: FeatureConfig) -> str:  # noqa: ARG002
        """Nothing."""
        return ""

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:
        """Load YAMNet."""
        from vidlabel.features.encoders.sound_encoder import load_sound_encoder  # the names of streams do without

        return load_sound_encoder(device, threads, config.runtime)

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        """The sound, (T, 15600), the same array for each view; zeros where it is as good as silent."""
        windows = np.stack([sample.sound for sample in samples if sample.sound is not None])
        power = np.square(windows, dtype=np.float64).mean(axis=1)
        windows[power <= 10 ** (SILENCE_DBFS / 10)] = 0
        return [windows] * len(views)

    def start(self) -> StreamStage:
        """Features are what the encoder gives."""
        return EncodedAlone()
