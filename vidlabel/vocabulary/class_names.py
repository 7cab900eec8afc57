"""The names of the classes that the shipped encoders' classifiers know: 1000 objects and 521 sounds.

F names, of which a class has one or more: its own, other words for it, and what it is a kind of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.ngrams import NgramEmbedder
from vidlabel.features.encoders.shipped_weights import CLASS_NAMES
from vidlabel.features.encoders.text_encoders import MINILM, TextEncoderInfo
from vidlabel.heads.operations import FloatArray
from vidlabel.tensor_files import read_metadata

ClassSource = Literal["objects", "sounds"]
"""The shipped model whose encoder's classifier knows a class."""


@dataclass(frozen=True, eq=False)
class ClassNames:
    """Names of classes, and which class has which."""

    names: tuple[str, ...]
    """F, each another one."""
    titles: Mapping[ClassSource, tuple[str, ...]]
    """The first name of each class, in the order of the classifier's outputs."""
    pairs: Mapping[ClassSource, npt.NDArray[np.int32]]
    """(P, 2): a class, and the place of one of its names."""
    minilm: FloatArray
    """(F, 384): what MiniLM makes of the names, rounded to 8 bits."""

    @classmethod
    def load(cls) -> Self:
        """Read the shipped names.

        Raises:
            InstallationError: the file is missing or damaged.
        """
        tensors = CLASS_NAMES.read()
        text = json.loads(read_metadata(CLASS_NAMES.path.read_bytes()))
        vectors = tensors["minilm.vectors"] * tensors["minilm.steps"][:, None]
        return cls(
            names=tuple(text["names"]),
            titles={"objects": tuple(text["objects"]), "sounds": tuple(text["sounds"])},
            pairs={"objects": tensors["objects"], "sounds": tensors["sounds"]},
            minilm=vectors.astype(np.float32),
        )

    @cached_property
    def ngrams(self) -> FloatArray:
        """(F, 256): what the hashed n-grams make of the names."""
        embedder = NgramEmbedder()
        return np.stack([embedder.embed(name) for name in self.names])

    def vectors(self, encoder: TextEncoderInfo) -> FloatArray:
        """(F, D): what an encoder of text makes of the names, of length 1."""
        return self.minilm if encoder == MINILM else self.ngrams

    def class_similarities(self, similarities: FloatArray, source: ClassSource) -> FloatArray:
        """(F,) similarities of the names to those of the classes, (K,): the highest of each class."""
        classes, names = self.pairs[source].T
        found = np.full(len(self.titles[source]), -1, np.float32)
        np.maximum.at(found, classes, similarities[names])
        return found
