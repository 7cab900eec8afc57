"""Build the shipped models `objects` and `objects-coarse`. Nothing is trained: the same inputs give the same bytes.

    python weights/build_objects.py [FOLDER]

Both are a relu RNN whose recurrence is an exponential moving average of the encoder's features, under the classifier
that was published with the encoder; they differ in the names of their outputs. The settings were chosen by
`benchmarks/objects_quality.py`, and what they give is told in `docs/models/objects.md`.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.frame_encoder import Classifier, load_classifier
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import save_model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.spec import ModelSpec

WEIGHTS = Path(__file__).parent
ENCODER = "efficientnet-lite0"

RATE = 2.0
SMOOTHING = 0.3
"""Share of the newest sample in the average: half of what the model looks at lies within the last second."""
TEMPERATURE = 0.65
"""Below 1: the published network was trained with smoothed labels and is less sure than it could be."""
MINIMUM_DURATION_S = 2.0
THRESHOLD = 0.4
COARSE_THRESHOLD = 0.5
"""Higher: sums of many small probabilities (118 dogs) rise without any dog."""

NOTHING_TO_SAY = "other object"
"""The group of what has no better one: it competes, and is never shown."""

LICENCE = (
    "Apache-2.0. Weights: EfficientNet-Lite0 by the TensorFlow authors, trained on ImageNet (ILSVRC 2012). "
    "Names and groups: WordNet 3.0, Copyright 2006 by Princeton University, under the WordNet 3.0 licence."
)


@dataclass(frozen=True, slots=True)
class Naming:
    """How the 1000 outputs are called."""

    name: str
    """Of the model."""
    description: str
    labels: tuple[str, ...]
    output_labels: tuple[int, ...] | None
    """The label of each output; None: each has its own."""
    threshold: float


def read_classes() -> list[dict[str, str]]:
    """The rows of `imagenet_classes.csv`, in the order of the classifier's outputs."""
    with (WEIGHTS / "imagenet_classes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fine_naming(classes: list[dict[str, str]]) -> Naming:
    """One label for each class."""
    description = "The 1000 object classes of ImageNet, for any video; one label at a time."
    return Naming("objects", description, tuple(row["name"] for row in classes), None, THRESHOLD)


def coarse_naming(classes: list[dict[str, str]]) -> Naming:
    """One label for each group; the probability of a group is the sum of those of its classes."""
    labels = tuple(sorted({row["group"] for row in classes}))
    outputs = tuple(labels.index(row["group"]) for row in classes)
    description = f"The 1000 object classes of ImageNet in {len(labels) - 1} everyday groups; one label at a time."
    return Naming("objects-coarse", description, labels, outputs, COARSE_THRESHOLD)


def build_spec(naming: Naming) -> ModelSpec:
    """All that the model file says."""
    (frames,) = describe_streams(FeatureConfig(encoder=ENCODER, short_side=224), ("frames",), "whole")
    size = frames.size
    head = HeadConfig(
        kind="rnn",
        input_size=size,
        hidden_size=size,
        outputs=1000,
        activation="relu",
        scaled_identity=SMOOTHING,
        initial_state="first-input",
    )
    return ModelSpec(
        name=naming.name,
        description=naming.description,
        labels=naming.labels,
        task="single",
        members=(MemberSpec(head=head, temperature=TEMPERATURE),),
        streams=(frames,),
        decoder="decord",
        rate=RATE,
        thresholds=(naming.threshold,) * len(naming.labels),
        minimum_durations_s=(MINIMUM_DURATION_S,) * len(naming.labels),
        background=naming.labels.index(NOTHING_TO_SAY) if naming.output_labels else None,
        output_labels=naming.output_labels,
        licence=LICENCE,
        created="2026-11-24",
        command="python weights/build_objects.py",
        data={"classifier": "as published with the encoder, trained on ImageNet (ILSVRC 2012)", "videos": 0},
    )


def build_head(config: HeadConfig, classifier: Classifier) -> NumpyHead:
    """The published classifier over the recurrence, its numbers rounded to 11 bits (`rounded`)."""
    parameters = {"output.weight": rounded(classifier.weight), "output.bias": rounded(classifier.bias)}
    return NumpyHead(config, parameters)


def rounded(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Numbers that float16 can hold: as float32 they end in 13 zero bits, and compress to about half."""
    return numbers.astype(np.float16).astype(np.float32)


def largest_change(classifier: Classifier) -> float:
    """The most that a probability moves by rounding, over 2000 random features of the usual size."""
    features = np.random.default_rng(0).exponential(0.2, (2000, classifier.weight.shape[1])).astype(np.float32)
    exact = features @ classifier.weight.T + classifier.bias
    coarse = features @ rounded(classifier.weight).T + rounded(classifier.bias)
    return float(np.abs(_softmax(exact / TEMPERATURE) - _softmax(coarse / TEMPERATURE)).max())


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shifted: npt.NDArray[np.float32] = np.exp(logits - logits.max(axis=1, keepdims=True))
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted


def main() -> None:
    """Write both models."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    classes = read_classes()
    classifier = load_classifier(ENCODER)
    print(f"rounding moves probabilities by at most {largest_change(classifier):.1e}")
    for naming in (fine_naming(classes), coarse_naming(classes)):
        spec = build_spec(naming)
        head = build_head(spec.members[0].head, classifier)
        model = save_model(spec, [head], (), folder / f"{naming.name}.safetensors")
        print(f"{model.path}: {len(spec.labels)} labels, {model.path.stat().st_size} bytes, sha256 {model.sha256}")


if __name__ == "__main__":
    main()
