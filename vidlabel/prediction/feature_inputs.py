"""Feature files as input of a model, and their description in results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from vidlabel.errors import InputError
from vidlabel.features.feature_file import FeatureFile, FeatureKind
from vidlabel.features.resampling import read_features
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import VideoInfo
from vidlabel.stream_spec import EncoderInfo, NetworkInterface, PicturePreprocessing, StreamSpec
from vidlabel.video.request import ReadReport

CODEC = "features"
"""In the place of a video's codec."""


def read_for_model(spec: ModelSpec, path: Path, rate: float | None = None) -> FeatureFile:
    """Read a file of features as a model takes them: those of its streams that the file holds, at its rate.

    Args:
        spec: of the model.
        path: the file.
        rate: samples per second; None: the model's.

    Raises:
        InputError: the file cannot be read, or holds features that the model does not know.
    """
    found = read_features(path, rate or spec.rate)
    misfit = features_misfit(spec, found.kind)
    if misfit is not None:
        raise InputError(path, f"holds {misfit.held}", misfit.remedy)
    if spec.is_external:
        return _as_streams(found, spec.streams)
    return found.select(found.held(spec.stream_names))


@dataclass(frozen=True, slots=True)
class FeatureMisfit:
    """Why a model cannot take files of features."""

    held: str
    """What they hold other than the model takes, for a sentence with `hold`."""
    remedy: str = "give files of the features that it was trained on"


def features_misfit(spec: ModelSpec, kind: FeatureKind) -> FeatureMisfit | None:
    """Why a model cannot take files of one kind; None if it can."""
    if kind.settings is None or spec.is_external:
        fits = kind.width == spec.feature_size
        sizes = f"{kind.width} numbers a sample, and {spec.name} takes {spec.feature_size}"
        return None if fits else FeatureMisfit(sizes)
    held = {stream.name: stream for stream in kind.streams}
    taken = [stream for stream in spec.streams if stream.name in held]
    if not spec.can_score(held):
        remedy = f"make them with --streams {','.join(spec.stream_names)} --rate {spec.rate:g}"
        return FeatureMisfit(spec.lack(held), remedy)
    differences = (_difference(spec.name, held[stream.name], stream) for stream in taken)
    return next((FeatureMisfit(difference) for difference in differences if difference is not None), None)


def _as_streams(found: FeatureFile, streams: tuple[StreamSpec, ...]) -> FeatureFile:
    """The same numbers as the streams of a model that knows their number alone, whatever the file calls them."""
    if found.origin is None:
        return found
    settings = replace(found.origin.settings, streams=streams)
    return replace(found, origin=replace(found.origin, settings=settings))


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


def _difference(model: str, held: StreamSpec, taken: StreamSpec) -> str | None:
    """What a file holds of a stream other than the model takes; the weights of its encoder count, not their name."""
    if _network(held.encoder) != _network(taken.without_weights().encoder):
        encoders = [_encoder_words(stream.without_weights().encoder) for stream in (held, taken)]
        return f"{held.name} of {encoders[0]}, and {model} takes it of {encoders[1]}"
    if held.size != taken.size:
        return f"{held.name} of {held.size} numbers a sample, and {model} takes {taken.size}"
    if held.clip != taken.clip:
        return f"{held.name} of clips of other frames than {model} takes"
    if held.pictures == taken.pictures:
        return None
    if held.pictures is None or taken.pictures is None:
        return f"{held.name} that was made of other pictures than {model} takes"
    return _picture_difference(model, held.name, held.pictures, taken.pictures)


def _picture_difference(model: str, stream: str, held: PicturePreprocessing, taken: PicturePreprocessing) -> str:
    if (held.view, held.short_side) != (taken.view, taken.short_side):
        wanted = f"the {taken.view} of {taken.short_side} pixels"
        return f"{stream} of the {held.view} of {held.short_side} pixels, and {model} takes {wanted}"
    if held.lag_s != taken.lag_s:
        return f"{stream} over {_lag_words(held)}, and {model} takes {_lag_words(taken)}"
    scalings = [f"{pictures.resize_filter}, {pictures.scaling_words}" for pictures in (held, taken)]
    return f"{stream} of pictures scaled otherwise ({scalings[0]}), and {model} takes {scalings[1]}"


def _network(encoder: EncoderInfo | None) -> tuple[str, NetworkInterface | None] | None:
    """What its numbers depend on."""
    return None if encoder is None else (encoder.sha256, encoder.interface)


def _encoder_words(encoder: EncoderInfo | None) -> str:
    return "an unknown encoder" if encoder is None else f"the encoder {encoder.name} ({encoder.sha256[:8]})"


def _lag_words(pictures: PicturePreprocessing) -> str:
    return "no time" if pictures.lag_s is None else f"{pictures.lag_s:g} s"
