"""Build the shipped model `people`. Nothing is trained: the same inputs give the same bytes.

    python weights/build_people.py [FOLDER]

Two numbers of the stream `pose` become scores: how sure the pose encoder is of the likeliest person, and how wide the
box of somebody is for its height. Thresholds were chosen on the videos that `docs/models/people.md` names, and measured
on others: `benchmarks/people_quality.py`.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.pose import LIKELIEST_SCORE, WIDEST_BOX
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import save_model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.spec import ModelSpec

WEIGHTS = Path(__file__).parent
LABELS = ("person", "lying")

RATE = 4.0
SURE, LIKELY = 0.48, 0.25
"""A person begins to be there where the pose encoder gives this score, and stays where it gives the second. It gives
bottles up to 0.44, and people in good pictures 0.5 to 0.75."""
SURE_PROBABILITY, LIKELY_PROBABILITY = 0.8, 0.5
"""What the model gives for those."""
LYING_BOX = 4 / 3
"""Width over height of the box of somebody who lies."""
LYING_SLOPE = 4.0
"""Of the log of that: 0.9 for a box 2.3 times as wide as high."""

LICENCE = (
    "Apache-2.0. The stream pose uses MoveNet MultiPose Lightning by Google and the TensorFlow authors; the model "
    "itself holds no weights of others."
)


def build_spec() -> ModelSpec:
    """All that the model file says."""
    (pose,) = describe_streams(FeatureConfig(short_side=224), ("pose",), "whole")
    head = HeadConfig(kind="mean", input_size=pose.size, hidden_size=pose.size, outputs=len(LABELS))
    return ModelSpec(
        name="people",
        description="Whether a person is to be seen, and (experimental) whether somebody lies.",
        labels=LABELS,
        task="multi",
        members=(MemberSpec(head=head),),
        streams=(pose,),
        decoder="decord",
        rate=RATE,
        thresholds=(SURE_PROBABILITY, 0.5),
        staying_thresholds=(LIKELY_PROBABILITY, 0.5),
        closed_gaps_s=(0.75, 0.0),
        minimum_durations_s=(0.5, 1.5),
        licence=LICENCE,
        created="2026-11-26",
        command="python weights/build_people.py",
        data={"rules": "of two numbers of the stream pose; nothing was learnt"},
    )


def build_head(config: HeadConfig) -> NumpyHead:
    """Each score is a sigmoid of one number."""
    odds = math.log(SURE_PROBABILITY / (1 - SURE_PROBABILITY)) - math.log(LIKELY_PROBABILITY / (1 - LIKELY_PROBABILITY))
    person_slope = odds / (SURE - LIKELY)
    weight = np.zeros((config.outputs, config.input_size), np.float32)
    weight[0, LIKELIEST_SCORE] = person_slope
    weight[1, WIDEST_BOX] = LYING_SLOPE
    bias = np.array([-person_slope * LIKELY, -LYING_SLOPE * math.log(LYING_BOX)], np.float32)
    return NumpyHead(config, {"output.weight": weight, "output.bias": bias})


def main() -> None:
    """Write the model."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    spec = build_spec()
    head = build_head(spec.members[0].head)
    model = save_model(spec, [head], (), folder / "people.safetensors")
    print(f"{model.path}: {len(spec.labels)} labels, {model.path.stat().st_size} bytes, sha256 {model.sha256}")


if __name__ == "__main__":
    main()
