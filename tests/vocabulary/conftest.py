"""The sentence encoder is loaded once for these tests: that takes a second of a processor."""

from __future__ import annotations

import functools

import pytest

from vidlabel.features.encoders.minilm import MinilmEmbedder
from vidlabel.features.encoders.sentences import SentenceEncoder, load_text_encoder
from vidlabel.features.encoders.text_encoders import NGRAMS, TextEncoder, resolve_text_encoder
from vidlabel.vocabulary.named_classes import match_names


@pytest.fixture(scope="session")
def minilm() -> MinilmEmbedder:
    return MinilmEmbedder()


@pytest.fixture(autouse=True)
def _one_encoder(minilm: MinilmEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = functools.cache(lambda: SentenceEncoder(minilm))

    def load(name: TextEncoder) -> SentenceEncoder:
        return load_text_encoder("ngrams") if resolve_text_encoder(name) == NGRAMS else shared()

    monkeypatch.setattr("vidlabel.vocabulary.matching.load_text_encoder", load)
    match_names.cache_clear()
