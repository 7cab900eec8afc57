"""The encoders that a search may try, and what is known of each."""

from __future__ import annotations

from training.learnable import FACTS
from training.search.trials import told_by_motion
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.search.feature_sets import FeatureSets
from vidlabel.training.search.settings import tried_encoders

TUNED = FinetunedWeights(blocks=1, published_sha256="ab" * 32, sha256="cd" * 32, tensors={})


def test_a_model_has_the_tuned_weights_of_its_own_encoder() -> None:
    of_model = FeatureOptions(config=FeatureConfig(tuned=TUNED), encoder="my.safetensors")
    sets = FeatureSets(told_by_motion(2), FACTS, [FeatureOptions(), of_model])
    assert sets.encoders == ("efficientnet-lite0", "my.safetensors")
    assert sets.facts_of("efficientnet-lite0", 2.0).tuned is None
    assert sets.facts_of("my.safetensors", 2.0).tuned == TUNED
    assert [digests[2] for digests in sets.encoder_digests] == ["", "cd" * 32]


def test_each_encoder_that_is_named_is_tried_once() -> None:
    assert tried_encoders(["b.onnx", "a.onnx", "b.onnx"]) == ("b.onnx", "a.onnx")
    assert tried_encoders([])[0] is None
