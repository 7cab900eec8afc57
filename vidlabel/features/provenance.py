"""What a file of features says about itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated

from vidlabel.json_fields import FilledText, MismatchError, Range, Sha256, exact_dataclass_from_json

SCHEMA = "vidlabel.features/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """What the features of a file were asked for; equal for files that can be used together."""

    rate: Annotated[float, Range(1e-6, 1e6)]
    """Samples per second."""
    streams: tuple[FilledText, ...]
    """In the order in which their features are joined."""
    encoder: FilledText
    encoder_sha256: Sha256
    short_side: Annotated[int, Range(1)]
    """Pixels of the shorter side of a sample."""
    view: FilledText
    """What the encoder saw of it: `centre`, `whole`."""
    lag_s: Annotated[float, Range(0)] | None
    """Of the stream `motion`."""
    decoder: FilledText
    """As asked for: `auto`, `decord`, `pyav`."""


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
    runtime: FilledText
    """Which library computed the encoder; files of several can be used together, they differ in the last digits."""
    decoder: FilledText
    """Which library decoded, and why."""
    decode_errors: Annotated[int, Range(0)]
    decoded_ratio: Annotated[float, Range(0, 1)]
    stream_sizes: tuple[Annotated[int, Range(1)], ...] | None = None
    """Numbers in a feature of each stream; None: as many in all of them."""

    def to_json(self) -> str:
        """The text for the file."""
        content = asdict(self)
        if self.stream_sizes is None:
            del content["stream_sizes"]
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
        if "stream_sizes" in document and document["stream_sizes"] is None:
            raise ValueError("metadata.stream_sizes: is not an array")  # None is not written
        try:
            return exact_dataclass_from_json(Provenance, document, "metadata")
        except MismatchError as error:
            raise ValueError(f"{error.where}: {error.problem}") from error
