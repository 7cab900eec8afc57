"""What a result says of a file of features, in the place of a video."""

from __future__ import annotations

from vidlabel.features.feature_file import FeatureFile
from vidlabel.labels.result import VideoInfo
from vidlabel.video.request import ReadReport

CODEC = "features"
"""In the place of a video's codec."""


def features_info(shown: str, size_bytes: int, found: FeatureFile) -> VideoInfo:
    """The facts of a file of features: no pictures, so many samples a second."""
    return VideoInfo(
        path=shown,
        duration=found.duration_s,
        fps=found.own_rate,
        width=0,
        height=0,
        codec=CODEC,
        start_time=0.0,
        rotation=0,
        size_bytes=size_bytes,
    )


def features_report(found: FeatureFile) -> ReadReport:
    """How the video was read that features were made from; where nobody knows, what their times leave out."""
    origin = found.origin
    missing_s = sum(end - start for start, end in found.holes)
    return ReadReport(
        decoder="none" if origin is None else origin.decoder,
        decode_errors=0 if origin is None else origin.decode_errors,
        decoded_ratio=1 - missing_s / found.duration_s if origin is None else origin.decoded_ratio,
        duration_s=found.duration_s,
        warnings=(),
        holes=found.holes,
    )
