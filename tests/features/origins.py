"""Where made-up features come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.features.feature_file import FeatureFormat, write_features
from vidlabel.features.provenance import FeatureSettings, Provenance
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec

ENCODER = EncoderInfo(name="efficientnet-lite0", sha256="5" * 64)
PICTURES = PicturePreprocessing(short_side=224, view="centre", mean=127.0, scale=128.0, resize_filter="bicubic")
FRAMES = StreamSpec(name="frames", size=5, encoder=ENCODER, pictures=PICTURES)
MOTION = StreamSpec(name="motion", size=5, encoder=ENCODER, pictures=replace(PICTURES, lag_s=0.1))
SETTINGS = FeatureSettings(
    rate=4.0,
    streams=(FRAMES, MOTION),
    decoder="auto",
)
ORIGIN = Provenance(
    video="a b.mp4",
    size_bytes=10,
    modified_ns=1234567890123456789,
    duration_s=1.7,
    settings=SETTINGS,
    runtime="torch",
    decoder="pyav: edit list",
    decode_errors=1,
    decoded_ratio=0.9,
)


def write_feature_file(
    path: Path,
    format_: FeatureFormat,
    times: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    origin: Provenance,
) -> None:
    with path.open("wb") as file:
        write_features(file, format_, times, values, origin)
