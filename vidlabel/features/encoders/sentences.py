"""Lines of text as vectors, each line once.

T samples in time, D numbers in a feature.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.minilm import MinilmEmbedder
from vidlabel.features.encoders.ngrams import NgramEmbedder
from vidlabel.features.encoders.text_encoders import MINILM, TextEncoder, resolve_text_encoder

_MOST_KEPT = 4096
"""Lines whose vectors are kept: 6 MB. A film has 1500."""


class TextEmbedder(Protocol):
    """Turns a text into a vector."""

    @property
    def feature_size(self) -> int:
        """D."""
        ...

    def embed(self, text: str) -> npt.NDArray[np.float32]:
        """(D,) of length 1; the same text gives the same bytes."""
        ...


class SentenceEncoder:
    """Encodes texts; a text that was seen lately is not encoded again.

    Args:
        embedder: what encodes one text.
    """

    batch_size = 1

    def __init__(self, embedder: TextEmbedder) -> None:
        self.feature_size = embedder.feature_size
        self._embedder = embedder
        self._kept: dict[str, npt.NDArray[np.float32]] = {}

    def encode(self, texts: npt.NDArray[np.object_], /) -> npt.NDArray[np.float32]:
        """(T,) texts to (T, D); zeros where nothing is shown."""
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        vector = self._kept.pop(text, None)
        if vector is None:
            vector = self._embedder.embed(text) if text else np.zeros(self.feature_size, np.float32)
        self._kept[text] = vector  # The last one of the dictionary was used last.
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return vector


def load_text_encoder(name: TextEncoder) -> SentenceEncoder:
    """Load an encoder of text.

    Raises:
        UsageError: there is no encoder of that name.
        InstallationError: its weights or its runtime are missing or damaged.
    """
    return SentenceEncoder(MinilmEmbedder() if resolve_text_encoder(name) == MINILM else NgramEmbedder())
