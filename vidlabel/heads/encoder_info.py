"""Which frame encoder a model was trained on, as its file says it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vidlabel.heads.config import MAX_SIZE, require
from vidlabel.json_fields import LATER

UNKNOWN = "unknown"
"""Name of the encoder of features that were made elsewhere."""
MAX_NAME_LENGTH = 200
MAX_TUNED_TENSORS = 512
MAX_BLOCKS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """Name and shape of a tensor."""

    name: str
    """Of the encoder: `blocks.15.project.weight`."""
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        fits = re.fullmatch(r"[a-z0-9_.]{1,100}", self.name) is not None
        require(fits, "encoder.tuned names a tensor as no encoder does")
        fits = 1 <= len(self.shape) <= 4 and all(1 <= size <= MAX_SIZE for size in self.shape)
        require(fits, f"encoder.tuned gives {self.name} an impossible shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedEncoder:
    """What of the encoder was tuned for the model; its file holds these tensors, float32."""

    blocks: int
    """How many of the last blocks; the convolution after them was tuned with them."""
    sha256: str
    """`vidlabel.tensor_files` of the tensors."""
    tensors: tuple[TensorInfo, ...]

    def __post_init__(self) -> None:
        require(1 <= self.blocks <= MAX_BLOCKS, f"encoder.tuned.blocks must lie between 1 and {MAX_BLOCKS}")
        require(re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "encoder.tuned.sha256 is no SHA-256")
        require(1 <= len(self.tensors) <= MAX_TUNED_TENSORS, "encoder.tuned names no tensors, or too many")
        require(len({tensor.name for tensor in self.tensors}) == len(self.tensors), "encoder.tuned names one twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """Which frame encoder the model was trained on."""

    name: str
    """As the encoders are called in vidlabel: `efficientnet-lite0`."""
    sha256: str
    """Of the encoder's weights as published, 64 hexadecimal digits."""
    tuned: TunedEncoder | None = field(default=None, metadata={LATER: True})
    """None: the published weights are all that there is."""

    def __post_init__(self) -> None:
        check_name(self.name, "the encoder's name")
        require(re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "encoder.sha256 is no SHA-256")

    @property
    def is_known(self) -> bool:
        """Whether features can be computed as the model takes them; else they come in files."""
        return self.name != UNKNOWN

    @property
    def title(self) -> str:
        """Its name, and what was tuned: `efficientnet-lite0, last 2 blocks tuned`."""
        if self.tuned is None:
            return self.name
        blocks = "block" if self.tuned.blocks == 1 else f"{self.tuned.blocks} blocks"
        return f"{self.name}, last {blocks} tuned"


def check_name(text: str, what: str) -> None:
    """Names go to terminals, tables and file names: one line of printable text.

    Raises:
        ValueError: it is not.
    """
    fits = 0 < len(text) <= MAX_NAME_LENGTH and text.isprintable() and text == text.strip()
    require(fits, f"{what} must be 1 to {MAX_NAME_LENGTH} printable characters without spaces around them")
