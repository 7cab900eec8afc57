"""Labels by a network of pictures and words: how near each picture is to each label.

T samples in time, D numbers in a vector, C labels.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from vidlabel.features.encoders.image_text_files import ImageTextFiles, read_image_text_files
from vidlabel.features.streams.image_text import describe_image_text
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.numpy_heads import CarriedState, NumpyHead
from vidlabel.heads.operations import FloatArray, linear, sigmoid, softmax
from vidlabel.heads.spec import ModelSpec
from vidlabel.vocabulary.model import NAME, VocabularyModel

PROMPT = "This is a photo of {}."
"""Both kinds of networks were published with it."""
BACKGROUND = "This is a photo."
"""Competes with the labels of CLIP, which else would share out all of the probability among themselves."""
THRESHOLD = 0.5
SMOOTHING = 0.3
"""Share of the newest sample in the average, as in the model `objects`."""
RATE = 2.0
MINIMUM_DURATION_S = 2.0


class SimilarityHead(NumpyHead):
    """Exponential moving average of vectors, then its product with the vector of each text.

    Args:
        texts: (K, D) of length 1, times the scale of the network.
        bias: added to each product.
    """

    def __init__(self, texts: FloatArray, bias: float) -> None:
        outputs, size = texts.shape
        parameters = {"output.weight": texts, "output.bias": np.full(outputs, bias, np.float32)}
        config = HeadConfig(kind="mean", input_size=size, hidden_size=size, outputs=outputs)
        super().__init__(config, parameters)

    def run(self, features: FloatArray, state: CarriedState = ()) -> tuple[FloatArray, CarriedState]:
        """(T, D) to (T, K), with the average after the last sample."""
        average = state[0][0][0] if state else features[0]
        averages = np.empty_like(features)
        for place, vector in enumerate(features):
            average = np.float32(1 - SMOOTHING) * average + np.float32(SMOOTHING) * vector
            averages[place] = average
        lengths = np.maximum(np.linalg.norm(averages, axis=1, keepdims=True), np.float32(1e-6))
        outputs = linear(averages / lengths, self.parameters["output.weight"], self.parameters["output.bias"])
        return outputs, ((average[None],),)


class SigmoidScores:
    """Each label by itself: a SigLIP network was trained so."""

    def of(self, outputs: FloatArray) -> FloatArray:
        """(N, C) to (N, C)."""
        return sigmoid(outputs)


class SoftmaxScores:
    """One label or none: a CLIP network was trained so. The last output is that of none."""

    def of(self, outputs: FloatArray) -> FloatArray:
        """(N, C + 1) to (N, C)."""
        return softmax(outputs)[:, :-1]


def similarity_spec(labels: tuple[str, ...], files: ImageTextFiles) -> ModelSpec:
    """The description of a model of labels in words, by a network in a folder."""
    size = files.feature_size
    head = HeadConfig(kind="mean", input_size=size, hidden_size=size, outputs=len(labels))
    return ModelSpec(
        name=NAME,
        description=f"Labels in words, by a {files.kind} network of pictures and words.",
        labels=labels,
        task="multi",
        members=(MemberSpec(head=head),),
        streams=(describe_image_text(files),),
        decoder="decord",
        rate=RATE,
        thresholds=(THRESHOLD,) * len(labels),
        minimum_durations_s=(MINIMUM_DURATION_S,) * len(labels),
        licence="that of the network",
        created="unknown",
    )


def similarity_digest(labels: tuple[str, ...], files: ImageTextFiles) -> str:
    """SHA-256 of all that the scores depend on beside the features."""
    text = json.dumps([labels, files.sha256, PROMPT, BACKGROUND, THRESHOLD, SMOOTHING, RATE], ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def load_similarity(labels: tuple[str, ...], folder: str) -> VocabularyModel:
    """A model of labels in words, by a network in a folder.

    Raises:
        ModelFileError: the folder holds no network that can be used.
        InstallationError: transformers is not installed.
    """
    from vidlabel.features.encoders.image_text import load_image_text  # torch takes a second to load

    files = read_image_text_files(folder)
    encoder = load_image_text(files, "auto", None)
    prompts = [PROMPT.format(label) for label in labels]
    texts = encoder.embed([*prompts, BACKGROUND] if files.kind == "clip" else prompts)
    spec = similarity_spec(labels, files)
    return VocabularyModel(
        spec=spec,
        heads=(SimilarityHead(texts * np.float32(encoder.scale), encoder.bias),),
        projections=(),
        path=Path(folder),
        sha256=similarity_digest(labels, files),
        label_scores=(SoftmaxScores() if files.kind == "clip" else SigmoidScores(),),
        label_streams=(frozenset(spec.stream_names),) * len(labels),
    )
