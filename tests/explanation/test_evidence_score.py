"""The explained score by the features of single samples: as if the features of the video were others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explanation.kept import keep, random_features
from heads.example_specs import mixed_spec, pooled_spec, save_example, step_spec, window_spec
from vidlabel.explanation.attribution import integrate_gradients
from vidlabel.explanation.evidence_score import EvidenceScore
from vidlabel.explanation.segment_score import LabelledSamples, SegmentScore
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec

SPECS: list[Callable[[], ModelSpec]] = [step_spec, window_spec, pooled_spec, mixed_spec]


@pytest.mark.parametrize("make_spec", SPECS)
def test_a_replaced_feature_scores_as_in_predict(tmp_path: Path, make_spec: Callable[[], ModelSpec]) -> None:
    model = save_example(make_spec(), tmp_path / "model.safetensors")
    features = random_features(model, 30)
    score = SegmentScore(keep(model, features), LabelledSamples(1, 12, 18))
    seen = EvidenceScore(model, score, integrate_gradients(score, score.inputs())[1])
    stream = model.spec.streams[-1]
    rows = np.random.default_rng(1).normal(size=(3, stream.size)).astype(np.float32)
    found = seen.replaced(stream.name, 15 - score.first, rows)
    for row, log_odds in zip(rows, found, strict=True):
        other = features.copy()
        other[15, model.spec.columns[stream.name]] = row
        scorer = make_scorer(model)
        expected = np.concatenate([scorer.push(other), scorer.finish()])[12:18, 1].astype(float)
        assert log_odds == pytest.approx(np.log(expected / (1 - expected)).mean(), abs=1e-5)


@pytest.mark.parametrize("make_spec", SPECS)
def test_gradients_times_what_differs_from_the_baseline_are_the_attributions(
    tmp_path: Path, make_spec: Callable[[], ModelSpec]
) -> None:
    model = save_example(make_spec(), tmp_path / "model.safetensors")
    score = SegmentScore(keep(model, random_features(model, 30)), LabelledSamples(0, 12, 18))
    found, gradients = integrate_gradients(score, score.inputs())
    seen = EvidenceScore(model, score, gradients)
    assert seen.label == model.spec.labels[0]
    for name, own in seen.path_gradients().items():
        terms = own * (seen.features[name] - seen.baselines[name])
        np.testing.assert_allclose(terms.sum(axis=1), found.streams[name], atol=1e-5)
    np.testing.assert_array_equal(seen.times, score.times)
