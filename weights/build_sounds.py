"""Build the shipped model `sounds`. Nothing is trained: the same inputs give the same bytes.

    python weights/build_sounds.py [FOLDER]

It is the classifier that was published with the sound encoder, cut down to the classes that were measured to be right
in at least 90 % of the segments shown: `benchmarks/sounds_quality.py`, told in `docs/models/sounds.md`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.sound_encoder import SoundClassifier, load_sound_classifier
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import save_model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.spec import ModelSpec

WEIGHTS = Path(__file__).parent

CLASSES = {"speech": "Speech", "music": "Music", "animal": "Animal"}
"""Our labels, and the classes of AudioSet that they are."""
RATE = 2.0
"""A window of sound is 0.975 s long: at 2 samples a second each moment is heard in two."""
THRESHOLD = 0.5
MINIMUM_DURATION_S = 0.75
"""Two windows in a row, whose samples may stand a frame away from every half second; one window is 0.5 s."""

LICENCE = (
    "Apache-2.0. Weights: YAMNet by Google and the TensorFlow authors, trained on AudioSet, as exported to ONNX by "
    "Qualcomm Technologies, Inc. (MIT). Names of sounds: the ontology of AudioSet by Google, CC BY-SA 4.0."
)


def class_rows() -> list[int]:
    """The rows of the classifier that the labels are."""
    with (WEIGHTS / "audioset_classes.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: int(row["index"]) for row in csv.DictReader(file)}
    return [rows[name] for name in CLASSES.values()]


def build_spec() -> ModelSpec:
    """All that the model file says."""
    (audio,) = describe_streams(FeatureConfig(), ("audio",), "whole")
    head = HeadConfig(kind="mean", input_size=audio.size, hidden_size=audio.size, outputs=len(CLASSES))
    return ModelSpec(
        name="sounds",
        description="Speech, music and animals, heard in any video with sound; several at a time.",
        labels=tuple(CLASSES),
        task="multi",
        members=(MemberSpec(head=head),),
        streams=(audio,),
        decoder="decord",
        rate=RATE,
        thresholds=(THRESHOLD,) * len(CLASSES),
        minimum_durations_s=(MINIMUM_DURATION_S,) * len(CLASSES),
        licence=LICENCE,
        created="2026-11-26",
        command="python weights/build_sounds.py",
        data={"classifier": "as published with the encoder, trained on AudioSet", "videos": 0},
    )


def build_head(config: HeadConfig, classifier: SoundClassifier) -> NumpyHead:
    """A head with the rows of the published classifier."""
    rows = class_rows()
    return NumpyHead(config, {"output.weight": classifier.weight[rows], "output.bias": classifier.bias[rows]})


def main() -> None:
    """Write the model."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    spec = build_spec()
    head = build_head(spec.members[0].head, load_sound_classifier())
    model = save_model(spec, [head], (), folder / "sounds.safetensors")
    print(f"{model.path}: {len(spec.labels)} labels, {model.path.stat().st_size} bytes, sha256 {model.sha256}")


if __name__ == "__main__":
    main()
