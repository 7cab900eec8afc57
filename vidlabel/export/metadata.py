"""What the metadata of exported files says: enough to make features for the heads, and segments of their scores.

Each value is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vidlabel.export.recurrences import state_rows
from vidlabel.features.encoders.network_files.declaration import KEY, PictureDeclaration
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.scoring import HOPS_PER_WINDOW, window_samples
from vidlabel.heads.spec import ModelSpec
from vidlabel.json_text import to_json
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec, stream_columns
from vidlabel.version import VERSION

HEADS_SCHEMA = "vidlabel.onnx-heads/1"
ENCODER_SCHEMA = "vidlabel.onnx-encoder/1"


@dataclass(frozen=True, slots=True)
class TunedInfo:
    """What of an encoder was tuned for the model."""

    blocks: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream among the features that the heads take."""

    name: str
    columns: tuple[int, int]
    """The first of its numbers in a feature, and the one after its last."""
    encoder: str | None
    encoder_sha256: str | None
    """Of the weights as published."""
    tuned: TunedInfo | None
    pictures: PicturePreprocessing | None
    """How a frame is prepared; the values of pixels are scaled in the encoder's file."""
    file: str | None
    """Of the encoder, beside the heads; None: no ONNX file makes these features."""


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """A head, and how its outputs are used in the file."""

    kind: str
    streams: tuple[str, ...]
    role: str
    weight: float
    temperature: float
    used: bool
    """Whether it runs with the streams that the file takes."""
    state_shape: tuple[int, int] | None
    """Of `state_N`; None: it carries none."""


@dataclass(frozen=True, slots=True)
class WindowInfo:
    """The windows of a model that looks ahead or is pooled."""

    seconds: float
    samples: int
    hop_samples: int
    """From the start of a window to that of the next one."""
    one_row: bool
    """Whether `scores` is one row for the window; else one for each sample."""


def window_info(spec: ModelSpec) -> WindowInfo | None:
    """The windows of a model; None for one that carries its state."""
    if spec.window_s is None:
        return None
    samples = window_samples(spec)
    return WindowInfo(spec.window_s, samples, max(1, samples // HOPS_PER_WINDOW), spec.pooled)


def heads_metadata(inputs: StreamInputs, sha256: str, files: Mapping[str, str]) -> dict[str, str]:
    """The metadata of the heads.

    Args:
        inputs: of the model, for the streams that the file takes.
        sha256: of the model file.
        files: names of the files of encoders by stream.
    """
    spec = inputs.model.spec
    columns = stream_columns(inputs.streams)
    values: dict[str, object] = {
        "schema": HEADS_SCHEMA,
        "vidlabel_version": VERSION,
        "model_sha256": sha256,
        "name": spec.name,
        "description": spec.description,
        "licence": spec.licence,
        "created": spec.created,
        "labels": spec.labels,
        "task": spec.task,
        "background": spec.background,
        "rate": spec.rate,
        "thresholds": spec.thresholds,
        "staying_thresholds": spec.staying_thresholds or spec.thresholds,
        "closed_gaps_s": spec.closed_gaps_s or (0.0,) * len(spec.labels),
        "minimum_durations_s": spec.minimum_durations_s,
        "streams": [_stream_info(stream, columns[stream.name], files.get(stream.name)) for stream in inputs.streams],
        "heads": [_head_info(inputs, number) for number in range(len(spec.members))],
        "window": window_info(spec),
    }
    return {name: to_json(value) for name, value in values.items()}


def encoder_metadata(stream: StreamSpec, streams: tuple[str, ...], licence: str) -> dict[str, str]:
    """The metadata of an encoder.

    Args:
        stream: one that it makes features of.
        streams: the names of all of them.
        licence: of its weights.
    """
    encoder = stream.encoder
    assert encoder is not None
    values: dict[str, object] = {
        "schema": ENCODER_SCHEMA,
        "vidlabel_version": VERSION,
        "encoder": encoder.name,
        "encoder_sha256": encoder.sha256,
        "tuned": _tuned_info(encoder),
        "licence": licence,
        "streams": streams,
        "pictures": None if stream.pictures is None else replace(stream.pictures, lag_s=None),
    }
    if stream.pictures is not None:  # So that `--encoder` takes the file as it is.
        values[KEY] = PictureDeclaration(short_side=stream.pictures.short_side, layout="NHWC", dtype="uint8")
    return {name: to_json(value) for name, value in values.items()}


def _stream_info(stream: StreamSpec, place: slice, file: str | None) -> StreamInfo:
    encoder, columns = stream.encoder, (place.start, place.stop)
    if encoder is None:
        return StreamInfo(stream.name, columns, None, None, None, None, None)
    tuned = _tuned_info(encoder)
    return StreamInfo(stream.name, columns, encoder.name, encoder.sha256, tuned, stream.pictures, file)


def _tuned_info(encoder: EncoderInfo) -> TunedInfo | None:
    return None if encoder.tuned is None else TunedInfo(encoder.tuned.blocks, encoder.tuned.sha256)


def _head_info(inputs: StreamInputs, number: int) -> HeadInfo:
    spec = inputs.model.spec
    member = spec.members[number]
    rows = 0 if spec.window_s is not None or not inputs.runs[number] else state_rows(member.head)
    return HeadInfo(
        kind=member.head.kind,
        streams=spec.streams_of(member),
        role=member.role,
        weight=member.weight,
        temperature=member.temperature,
        used=inputs.runs[number],
        state_shape=(rows, member.head.hidden_size) if rows else None,
    )
