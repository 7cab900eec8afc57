"""The metadata of a feature file: how its features were made."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated

from vidlabel.checks import require
from vidlabel.json_fields import FilledText, MismatchError, Range, exact_dataclass_from_json
from vidlabel.json_text import plain_json
from vidlabel.stream_spec import StreamSpec, check_streams

SCHEMA = "vidlabel.features/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """What the features of a file were asked for; equal for files that can be used together."""

    rate: Annotated[float, Range(1e-6, 1e6)]
    """Samples per second."""
    streams: tuple[StreamSpec, ...]
    """In the order in which their features are joined."""
    decoder: FilledText
    """As asked for: `auto`, `decord`, `pyav`."""
    audio_stream: Annotated[int, Range(0)] | None = None
    """As asked for: number of the audio stream, from 0; None: the one that players choose."""

    def __post_init__(self) -> None:
        check_streams(self.streams)
        held = all(stream == stream.without_weights() for stream in self.streams)
        require(held, "encoder.tuned names tensors, which no file of features holds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the features of a file were made from, and how."""

    video: str
    """Path as it was given."""
    size_bytes: Annotated[int, Range(0)]
    """Of the video; with its time, it tells whether the video has changed since."""
    modified_ns: Annotated[int, Range(-(1 << 63))]
    duration_s: Annotated[float, Range(0)]
    settings: FeatureSettings
    """Of the streams that the file holds."""
    runtime: FilledText
    """Which library computed the encoder; files of several can be used together, they differ in the last digits."""
    decoder: FilledText
    """Which library decoded, and why."""
    decode_errors: Annotated[int, Range(0)]
    decoded_ratio: Annotated[float, Range(0, 1)]
    beside: str = ""
    """Digest of the file of subtitles that was read; empty: none was."""
    requested: tuple[StreamSpec, ...] = ()
    """All streams that were asked for, in their order, where the video lacks some; empty: the file holds all."""

    def __post_init__(self) -> None:
        if self.requested:
            check_streams(self.requested)

    @property
    def requested_settings(self) -> FeatureSettings:
        """The settings with the streams that the video lacks."""
        return replace(self.settings, streams=self.requested) if self.requested else self.settings

    def to_json(self) -> str:
        """The text for the file."""
        content = plain_json(self)
        for name in ("beside", "requested"):
            if not content[name]:
                del content[name]
        return json.dumps({"schema": SCHEMA, **content})

    @staticmethod
    def from_json(text: str) -> Provenance:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is damaged, or of another version.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("has metadata that is no JSON") from error
        if not isinstance(document, dict) or document.pop("schema", None) != SCHEMA:
            raise ValueError(f"metadata.schema: is not {SCHEMA}")
        try:
            return exact_dataclass_from_json(Provenance, document, "metadata")
        except MismatchError as error:
            raise ValueError(f"{error.where}: {error.problem}") from error
        except ValueError as error:
            raise ValueError(f"metadata: {error}") from error
