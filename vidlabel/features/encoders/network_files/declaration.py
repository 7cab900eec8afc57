"""How a network in a file takes pictures, as whoever made the file declares it.

The declaration is one JSON object: in the file, or beside it under its name with `.json` added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidlabel.errors import EncoderFileError
from vidlabel.json_fields import MismatchError, exact_dataclass_from_json
from vidlabel.json_text import parse_json
from vidlabel.stream_spec import (
    ChannelOrder,
    ChannelValues,
    NetworkInterface,
    PictureLayout,
    Pooling,
    channel_values,
)

KEY = "vidlabel.preprocessing"
"""Of the declaration in the file: of `metadata_props` in ONNX, of `extra_files` in an ExportedProgram."""
MAX_BYTES = 1 << 16
LEAST_SIDE, MOST_SIDE = 16, 4096

EXAMPLE = '{"short_side": 224, "mean": [123.675, 116.28, 103.53], "scale": [58.395, 57.12, 57.375]}'
"""ImageNet's means and standard deviations, as most networks take them, of the values 0 to 255."""

ElementType = Literal["float32", "float16", "uint8"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDeclaration:
    """What a network takes, and which of its numbers are the feature.

    Raises:
        ValueError: a value lies outside its range.
    """

    short_side: int
    """Pixels of the shorter side of a frame, before the square in its middle is cut out."""
    mean: ChannelValues | None = None
    """It takes (value - mean) / scale of the values 0 to 255; in the order red, green, blue."""
    scale: ChannelValues | None = None
    layout: PictureLayout = "NCHW"
    channels: ChannelOrder = "rgb"
    dtype: ElementType | None = None
    """Type of the input; None: as the file says."""
    pooling: Pooling | None = None
    output: str | None = None

    def __post_init__(self) -> None:
        if not LEAST_SIDE <= self.short_side <= MOST_SIDE:
            raise MismatchError("short_side", f"is not from {LEAST_SIDE} to {MOST_SIDE}")
        if not all(map(math.isfinite, channel_values(self.mean or 0.0))):
            raise MismatchError("mean", "is not finite")
        if not all(0 < scale < math.inf for scale in channel_values(1.0 if self.scale is None else self.scale)):
            raise MismatchError("scale", "is not above 0")
        if (self.mean is None) != (self.scale is None):
            raise MismatchError("mean" if self.mean is None else "scale", "is missing")


def find_declaration(path: Path, inside: str | None) -> PictureDeclaration:
    """The declaration in a file, or beside it.

    Args:
        path: the file.
        inside: the declaration in it; None: there is none.

    Raises:
        EncoderFileError: there is none, or it cannot be used.
    """
    if inside is not None:
        return _parse(path, f"the declaration {KEY}", inside.encode())
    beside = path.with_name(f"{path.name}.json")
    try:
        with beside.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        problem = "does not say how it takes pictures"
        raise EncoderFileError(path, problem, f"write {beside.name} beside it, such as {EXAMPLE}") from None
    except OSError as error:
        raise EncoderFileError(beside, f"cannot be read ({error.strerror})", "check its permissions") from error
    return _parse(beside, "it", content)


def _parse(path: Path, what: str, content: bytes) -> PictureDeclaration:
    remedy = f"write JSON such as {EXAMPLE}"
    if len(content) > MAX_BYTES:
        raise EncoderFileError(path, f"{what} is larger than {MAX_BYTES >> 10} KiB", remedy)
    try:
        return exact_dataclass_from_json(PictureDeclaration, parse_json(content), "")
    except MismatchError as error:
        raise EncoderFileError(path, f"{error.where or what}: {error.problem}", remedy) from error
    except ValueError as error:
        raise EncoderFileError(path, f"{what} is no JSON ({error})", remedy) from error


def pooled_axes(rank: int | None, interface: NetworkInterface) -> list[int]:
    """The axes of an output that are pooled.

    Raises:
        ValueError: no feature comes of such an output, or not in the way that is declared.
    """
    if rank == 2:
        if interface.pooling is None:
            return []
        raise ValueError("gives features as they are: leave pooling out of the declaration")
    if rank not in (3, 4):
        raise ValueError(f"gives an output of {rank} axes, and features have 2, tokens 3, maps 4")
    what = "a map" if rank == 4 else "tokens"
    if interface.pooling is None:
        choices = '"pooling": "mean"' + (' or "cls"' if rank == 3 else "")
        raise ValueError(f"gives {what}, and does not declare what becomes one feature: add {choices}")
    if rank == 4 and interface.pooling == "cls":
        raise ValueError('gives a map, which has no first token: declare "pooling": "mean"')
    if rank == 3:
        return [1]
    return [1, 2] if interface.layout == "NHWC" else [2, 3]
