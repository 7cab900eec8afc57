"""Where made-up features come from."""

from __future__ import annotations

from vidlabel.features.provenance import FeatureSettings, Provenance

SETTINGS = FeatureSettings(
    rate=4.0,
    streams=("frames", "motion"),
    encoder="efficientnet-lite0",
    encoder_sha256="5" * 64,
    short_side=224,
    view="centre",
    lag_s=0.1,
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
