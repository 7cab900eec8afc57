"""The text in the header of a safetensors file, from its bytes (the library itself reads it from paths only)."""

from __future__ import annotations

import json

METADATA_KEY = "vidlabel"
"""Under which vidlabel's own text stands."""

_LENGTH_BYTES = 8


def read_metadata(content: bytes) -> str:
    """The text that vidlabel wrote into a safetensors file; empty where there is none.

    Args:
        content: the whole file: 8 bytes with the length of the header, the header as JSON, the numbers.

    Raises:
        ValueError: it is no safetensors file.
    """
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    if len(content) < _LENGTH_BYTES + length:
        raise ValueError("is cut off")
    try:
        header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
    except RecursionError as error:
        raise ValueError("has a header that is nested too deeply") from error
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    text = metadata.get(METADATA_KEY, "") if isinstance(metadata, dict) else ""
    return text if isinstance(text, str) else ""
