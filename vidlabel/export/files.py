"""Makes the files of an export, checks them in ONNX Runtime, and writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import OutputError, UsageError
from vidlabel.export.check import check_heads
from vidlabel.export.encoders import EncoderFile, export_encoders, why_not_exported
from vidlabel.export.head_graph import FEATURES, SCORES, build_head_graph
from vidlabel.export.metadata import ENCODER_SCHEMA, WindowInfo, heads_metadata, window_info
from vidlabel.export.recurrences import state_rows
from vidlabel.files import atomic_write
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import Model
from vidlabel.heads.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was written."""

    path: Path
    takes: str
    """For people: its input."""
    gives: str
    """For people: its output."""
    difference: float
    """The largest one, in ONNX Runtime, from what vidlabel gives."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported of a model."""

    heads: ExportedFile
    encoders: tuple[ExportedFile, ...]
    streams_without_encoder: Mapping[str, str]
    """Streams whose features no file makes, and why."""
    window: WindowInfo | None
    """Of a model that takes whole windows, and cannot stream."""


def export_files(model: Model, path: Path, streams: Sequence[str] | None) -> Export:
    """Export a model.

    Args:
        model: any.
        path: of the heads; encoders are written beside it.
        streams: those whose features the heads take; None: all of the model's.

    Raises:
        UsageError: the model has no such streams, or cannot score a video that has these alone.
        InstallationError: weights of an encoder are missing or damaged.
        OutputError: a file gives other numbers than vidlabel, is in the way, or cannot be written.
    """
    inputs = _stream_inputs(model, streams)
    reasons = {stream.name: why_not_exported(stream) for stream in inputs.streams}
    exportable = [stream for stream in inputs.streams if reasons[stream.name] is None]
    encoders = export_encoders(model, exportable, path.name)
    paths = [path.with_name(f"{path.stem}.{encoder.streams[0]}{path.suffix}") for encoder in encoders]
    files = {name: own.name for own, encoder in zip(paths, encoders, strict=True) for name in encoder.streams}
    window = window_info(model.spec)
    gives = _scores_form(model.spec)
    text = f"{FEATURES} (T, {inputs.size}) at {model.spec.rate:g} a second, to {gives}."
    content = build_head_graph(inputs).to_bytes("heads", text, heads_metadata(inputs, model.sha256, files))
    difference = check_heads(content, inputs, path.name)
    for own in paths:
        _refuse_foreign(own)
    for own, encoder in zip(paths, encoders, strict=True):
        _write(own, encoder.content)
    _write(path, content)
    takes = f"{FEATURES} (T, {inputs.size}) of {', '.join(stream.name for stream in inputs.streams)}"
    return Export(
        heads=ExportedFile(path, f"{takes} at {model.spec.rate:g} a second", gives, difference),
        encoders=tuple(_exported(own, encoder) for own, encoder in zip(paths, encoders, strict=True)),
        streams_without_encoder={name: reason for name, reason in reasons.items() if reason is not None},
        window=window,
    )


def _stream_inputs(model: Model, streams: Sequence[str] | None) -> StreamInputs:
    spec = model.spec
    if streams is None:
        return StreamInputs(model)
    unknown = [name for name in streams if name not in spec.stream_names]
    if unknown or not streams or len(set(streams)) != len(streams):
        remedy = f"give some of {', '.join(spec.stream_names)}, separated by commas"
        raise UsageError("--streams", f"{','.join(streams)!r} are not streams of {spec.name}", remedy)
    if not spec.can_score(streams):
        raise UsageError("--streams", f"{spec.name} cannot score a video with {', '.join(streams)} alone", "give more")
    return StreamInputs(model, streams)


def _scores_form(spec: ModelSpec) -> str:
    rows = "1" if spec.pooled else "T"
    carries = spec.window_s is None and any(state_rows(member.head) for member in spec.members)
    carried = ", with the state to go on with" if carries else ""
    return f"{SCORES} ({rows}, {len(spec.labels)}){carried}"


def _exported(path: Path, encoder: EncoderFile) -> ExportedFile:
    gives = f"{FEATURES} (B, {encoder.size}) of {' and '.join(encoder.streams)}"
    return ExportedFile(path, encoder.takes, gives, encoder.difference)


def _refuse_foreign(path: Path) -> None:
    """Refuse to replace a file whose name nobody gave, unless it is an encoder that was exported before."""
    try:
        content = path.read_bytes() if path.exists() else None
    except OSError as error:
        raise OutputError(path, f"is in the way ({error.strerror})", "choose another name") from error
    if content is not None and ENCODER_SCHEMA.encode() not in content:
        problem = "is in the way of an encoder, and is none that vidlabel exported"
        raise OutputError(path, problem, "move it, or choose another name")


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as file:
        file.write(content)
