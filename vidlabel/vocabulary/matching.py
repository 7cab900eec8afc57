"""Which classes stand for a label in words: those whose names are nearest to it.

C labels, F names, D numbers of the encoder of text, K classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidlabel.features.encoders.sentences import load_text_encoder
from vidlabel.features.encoders.text_encoders import MINILM, NGRAMS, TextEncoderInfo, resolve_text_encoder
from vidlabel.heads.operations import FloatArray, linear
from vidlabel.vocabulary.class_names import ClassNames, ClassSource

LEAST_SIMILARITY = {MINILM.name: 0.7, NGRAMS.name: 0.9}
"""Cosine below which a class does not stand for a label, by encoder: see docs/open-vocabulary.md."""
SIMILARITY_SCALE = 0.05
"""A class that is this much less similar than the most similar one counts 1/e of it."""
LEAST_WEIGHT = 0.1
"""Classes that would count less are left out."""

_ARTICLE = re.compile(r"\A(a|an|the|some)\s+(?=\S)", re.IGNORECASE)
"""`a dog` is at 0.84 from `dog`, and classes are named without articles."""


@dataclass(frozen=True, slots=True)
class MatchedClass:
    """A class that stands for a label."""

    source: ClassSource
    index: int
    """Among the outputs of the classifier of the source."""
    title: str
    similarity: float
    """Cosine of the label and the nearest name of the class."""
    weight: float
    """Share of its score that counts for the label, 1 for the most similar class."""


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """The classes that stand for a label."""

    label: str
    classes: tuple[MatchedClass, ...]
    """The most similar first; none where the label is near nothing."""
    nearest: MatchedClass
    """The most similar class, near or not."""


def match_labels(labels: Sequence[str], names: ClassNames) -> tuple[LabelMatch, ...]:
    """Find the classes that stand for labels, by the encoder of text that is installed.

    Raises:
        InstallationError: the encoder is damaged.
    """
    info = resolve_text_encoder("auto")
    encoder = load_text_encoder("auto")
    queries = np.array([_ARTICLE.sub("", label, count=1) for label in labels], object)
    return tuple(
        match_label(label, similarities, names, LEAST_SIMILARITY[info.name])
        for label, similarities in zip(labels, name_similarities(encoder.encode(queries), names, info), strict=True)
    )


def name_similarities(queries: FloatArray, names: ClassNames, encoder: TextEncoderInfo) -> FloatArray:
    """(C, D) vectors of labels to (C, F) cosines with the names."""
    similarities: FloatArray = np.clip(linear(queries, names.vectors(encoder)), -1, 1)
    return similarities


def match_label(label: str, similarities: FloatArray, names: ClassNames, least_similarity: float) -> LabelMatch:
    """Weigh the classes for one label.

    Args:
        label: in words.
        similarities: (F,) to the names.
        names: of the classes.
        least_similarity: below which no class stands for the label.
    """
    found = {source: names.class_similarities(similarities, source) for source in names.titles}
    best = max(own.max() for own in found.values())
    ranked: list[MatchedClass] = []
    for source, own in found.items():
        weights = np.exp((own.astype(np.float64) - best) / SIMILARITY_SCALE)
        ranked += (
            MatchedClass(source, index, names.titles[source][index], float(own[index]), float(weights[index]))
            for index in np.flatnonzero(weights >= LEAST_WEIGHT).tolist()
        )
    ranked.sort(key=lambda one: -one.similarity)
    kept = tuple(one for one in ranked if one.similarity >= least_similarity)
    return LabelMatch(label, kept, ranked[0])
