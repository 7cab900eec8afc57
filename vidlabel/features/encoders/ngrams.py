"""Text as hashed character n-grams: a small encoder that needs no weights and knows no language.

D numbers: each n-gram of each word adds 1 or -1 to one of them, chosen by its hash, and the sum gets length 1. Two
lines that share words, or parts of words, are near each other; what they mean is not seen.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

NGRAM_SIZE = 256
"""D."""
_LENGTHS = (3, 4, 5)

_RULE = f"words in NFKC, case folded, within spaces; whole, and by {_LENGTHS}; blake2b, 8 bytes, little; {NGRAM_SIZE}"
NGRAM_SHA256 = hashlib.sha256(_RULE.encode("ascii")).hexdigest()
"""Stands for the weights that other encoders have: another way of hashing is another encoder."""


class NgramEmbedder:
    """Hashed character n-grams of a text."""

    feature_size = NGRAM_SIZE

    def embed(self, text: str) -> npt.NDArray[np.float32]:
        """(D,) of length 1; zeros for a text without a word."""
        import numpy as np  # the command line imports this file for the encoder's name: numpy costs it 0.1 s

        sums = np.zeros(NGRAM_SIZE, np.int64)
        for ngram in _ngrams(text):
            # Not Python's own `hash`, which differs from run to run; integers add up to the same on every machine.
            number = int.from_bytes(hashlib.blake2b(ngram.encode("utf-8", "replace"), digest_size=8).digest(), "little")
            sums[number % NGRAM_SIZE] += 1 if number >> 63 else -1
        length = np.sqrt(np.float64((sums * sums).sum()))
        vector: npt.NDArray[np.float32] = (sums / max(length, 1.0)).astype(np.float32)
        return vector


def _ngrams(text: str) -> Iterator[str]:
    """Each word within spaces, and its pieces."""
    for word in unicodedata.normalize("NFKC", text).casefold().split():
        padded = f" {word} "
        yield padded
        for length in _LENGTHS:
            if length < len(padded):
                for begin in range(len(padded) - length + 1):
                    yield padded[begin : begin + length]
