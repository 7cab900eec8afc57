"""What a model takes of files of features, and what a result says of such a file in the place of a video."""

from __future__ import annotations

from pathlib import Path

from vidlabel.errors import InputError
from vidlabel.features.feature_file import FeatureFile, FeatureKind
from vidlabel.features.provenance import FeatureSettings
from vidlabel.features.resampling import read_features
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import VideoInfo
from vidlabel.prediction.video_inputs import view_of
from vidlabel.video.request import ReadReport

CODEC = "features"
"""In the place of a video's codec."""


def read_for_model(spec: ModelSpec, path: Path, rate: float | None = None) -> FeatureFile:
    """Read a file of features as a model takes them: its streams, at its rate.

    Args:
        spec: of the model.
        path: the file.
        rate: samples per second; None: the model's.

    Raises:
        InputError: the file cannot be read, or holds features that the model does not know.
    """
    found = read_features(path, rate or spec.rate)
    problem = features_problem(spec, found.kind)
    if problem is not None:
        raise InputError(path, f"holds {problem}", "give files of the features that it was trained on")
    return found.select(spec.streams) if spec.encoder.is_known else found


def features_problem(spec: ModelSpec, kind: FeatureKind) -> str | None:
    """What files of features hold other than a model takes, for a sentence with `hold`; None if they fit."""
    width, settings = kind.width, kind.settings
    if settings is not None and spec.encoder.is_known:
        difference = _difference(spec, settings)
        if difference is not None:
            return difference
        chosen = [kind.columns[name] for name in spec.streams]
        width = sum(columns.stop - columns.start for columns in chosen)
    if width == spec.feature_size:
        return None
    return f"{width} numbers a sample, and {spec.name} takes {spec.feature_size}"


def features_info(shown: str, size_bytes: int, found: FeatureFile) -> VideoInfo:
    """The facts of a file of features: no pictures, and samples per second as its frame rate."""
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


def _difference(spec: ModelSpec, settings: FeatureSettings) -> str | None:
    """What a file holds other than the model takes; its rate does not count."""
    encoder = spec.encoder
    weights = encoder.sha256 if encoder.tuned is None else encoder.tuned.sha256
    view = view_of(spec)
    if not set(spec.streams) <= set(settings.streams):
        return f"features of {', '.join(settings.streams)}, and {spec.name} takes {', '.join(spec.streams)}"
    if settings.encoder_sha256 != weights:
        held = f"{settings.encoder} ({settings.encoder_sha256[:8]})"
        return f"features of the encoder {held}, and {spec.name} takes those of {encoder.title} ({weights[:8]})"
    if (settings.short_side, settings.view) != (spec.preprocessing.short_side, view):
        wanted = f"{view} of {spec.preprocessing.short_side} pixels"
        return f"features of the {settings.view} of {settings.short_side} pixels, and {spec.name} takes the {wanted}"
    if "motion" in spec.streams and settings.lag_s != spec.lag_s:
        return f"motion over {settings.lag_s:g} s, and {spec.name} takes {spec.lag_s:g} s"
    return None
