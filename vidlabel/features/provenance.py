"""What a file of features says about itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from vidlabel.labels.fields import Fields

SCHEMA = "vidlabel.features/1"
_OPTIONAL = ("stream_sizes",)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """What the features of a file were asked for; equal for files that can be used together."""

    rate: float
    """Samples per second."""
    streams: tuple[str, ...]
    """In the order in which their features are joined."""
    encoder: str
    encoder_sha256: str
    short_side: int
    """Pixels of the shorter side of a sample."""
    view: str
    """What the encoder saw of it: `centre`, `whole`."""
    lag_s: float | None
    """Of the stream `motion`."""
    decoder: str
    """As asked for: `auto`, `decord`, `pyav`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the features of a file were made from, and how."""

    video: str
    """Path as it was given."""
    size_bytes: int
    """Of the video; with its time, it tells whether the video has changed since."""
    modified_ns: int
    duration_s: float
    settings: FeatureSettings
    runtime: str
    """Which library computed the encoder; files of several can be used together, they differ in the last digits."""
    decoder: str
    """Which library decoded, and why."""
    decode_errors: int
    decoded_ratio: float
    stream_sizes: tuple[int, ...] | None = None
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
        required = [name for name in Provenance.__slots__ if name not in _OPTIONAL]
        fields = Fields(document, "metadata", ("schema", *required), _OPTIONAL)
        fields.choice("schema", (SCHEMA,))
        return Provenance(
            video=fields.text("video"),
            size_bytes=fields.integer("size_bytes", 0),
            modified_ns=fields.integer("modified_ns", -(1 << 63)),
            duration_s=fields.number("duration_s", 0),
            settings=_parse_settings(
                fields.child("settings", FeatureSettings.__slots__), document["settings"]["lag_s"]
            ),
            runtime=fields.filled_text("runtime"),
            decoder=fields.filled_text("decoder"),
            decode_errors=fields.integer("decode_errors", 0),
            decoded_ratio=fields.number("decoded_ratio", 0, 1),
            stream_sizes=fields.integers("stream_sizes", 1) if "stream_sizes" in fields else None,
        )


def _parse_settings(fields: Fields, lag_s: object) -> FeatureSettings:
    return FeatureSettings(
        rate=fields.number("rate", 1e-6, 1e6),
        streams=fields.filled_texts("streams"),
        encoder=fields.filled_text("encoder"),
        encoder_sha256=fields.hexadecimal("encoder_sha256", 64),
        short_side=fields.integer("short_side", 1),
        view=fields.filled_text("view"),
        lag_s=None if lag_s is None else fields.number("lag_s", 0),
        decoder=fields.filled_text("decoder"),
    )
