"""The score that is explained is that of `predict`, whatever the head; and what is looked at is what can count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explanation.kept import keep, random_features
from heads.example_specs import mixed_spec, pooled_spec, save_example, step_spec, window_spec
from heads.test_inputs import fused_spec
from vidlabel.explanation.segment_score import LabelledSamples, SegmentScore
from vidlabel.heads.config import HeadKind, MemberSpec
from vidlabel.heads.model import load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec

SPECS: list[Callable[[], ModelSpec]] = [step_spec, window_spec, pooled_spec, mixed_spec, fused_spec]
STRETCHES = [(1, 0, 1), (5, 1, 3), (60, 30, 41), (60, 0, 60), (300, 250, 260), (300, 290, 300)]


@pytest.mark.parametrize("make_spec", SPECS)
@pytest.mark.parametrize(("samples", "start", "stop"), STRETCHES)
def test_the_score_is_that_of_predict(
    tmp_path: Path, make_spec: Callable[[], ModelSpec], samples: int, start: int, stop: int
) -> None:
    model = save_example(make_spec(), tmp_path / "model.safetensors")
    features = random_features(model, samples)
    score = SegmentScore(keep(model, features), LabelledSamples(1, start, stop))
    scorer = make_scorer(model)
    expected = np.concatenate([scorer.push(features), scorer.finish()])[start:stop, 1].astype(float)
    found = score.measure(iter([score.inputs()]))[0]
    np.testing.assert_allclose(found[0], expected.mean(), atol=1e-6)
    np.testing.assert_allclose(found[1], np.log(expected / (1 - expected)).mean(), atol=1e-5)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru-article"])
@pytest.mark.parametrize("start", [20, 290])
def test_the_state_of_every_kind_of_head_is_carried(tmp_path: Path, kind: HeadKind, start: int) -> None:
    spec = step_spec()
    head = replace(spec.members[0].head, kind=kind, layers=2)
    model = save_example(replace(spec, members=(MemberSpec(head=head),)), tmp_path / "model.safetensors")
    features = random_features(model, 300)
    score = SegmentScore(keep(model, features), LabelledSamples(1, start, start + 5))
    scorer = make_scorer(model)
    expected = np.concatenate([scorer.push(features), scorer.finish()])[start : start + 5, 1]
    np.testing.assert_allclose(score.measure(iter([score.inputs()]))[0, 0], expected.mean(), atol=1e-6)


@pytest.mark.parametrize("available", [("frames",), ("audio",)])
def test_streams_that_a_video_lacks_stay_out(tmp_path: Path, available: tuple[str, ...]) -> None:
    model = save_example(fused_spec(), tmp_path / "model.safetensors")
    features = random_features(model, 30, available)
    score = SegmentScore(keep(model, features, available), LabelledSamples(0, 10, 20))
    scorer = make_scorer(model, None, available)
    expected = np.concatenate([scorer.push(features), scorer.finish()])[10:20, 0]
    assert tuple(score.raw()) == available
    np.testing.assert_allclose(score.measure(iter([score.inputs()]))[0, 0], expected.mean(), atol=1e-6)


def test_heads_in_windows_look_at_all_windows_with_a_sample_of_the_segment(tmp_path: Path) -> None:
    model = save_example(window_spec(), tmp_path / "model.safetensors")
    features = random_features(model, 200)
    score = SegmentScore(keep(model, features), LabelledSamples(0, 100, 104))
    # Windows of 9 samples begin at every second one: the first that holds 100 at 92, the last that holds 103 at 102.
    assert (score.first, score.last) == (92, 111)
    np.testing.assert_array_equal(score.times, np.arange(92, 111) / 4)


def test_what_is_not_looked_at_changes_nothing(tmp_path: Path) -> None:
    model = save_example(window_spec(), tmp_path / "model.safetensors")
    features = random_features(model, 200)
    other = features.copy()
    other[:92] += 5
    other[111:] -= 5
    found = []
    for values in (features, other):
        scorer = make_scorer(model)
        found.append(np.concatenate([scorer.push(values), scorer.finish()])[100:104])
    np.testing.assert_array_equal(found[0], found[1])


def test_a_carried_head_looks_as_far_back_as_matters(tmp_path: Path) -> None:
    model = load_model("objects")  # each step keeps 0.7 of the state before: of 16 steps ago 0.3 %
    features = np.abs(random_features(model, 200))
    score = SegmentScore(keep(model, features), LabelledSamples(3, 150, 160))
    assert score.first == 134
    assert 0 < abs(score.earlier_log_odds) < 0.01


def test_memory_stays_bounded_by_what_matters(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "model.safetensors")
    score = SegmentScore(keep(model, random_features(model, 5000)), LabelledSamples(1, 4900, 4910))
    assert len(score.raw()["frames"]) == len(score.times) <= 522


def test_the_first_sample_has_the_motion_of_the_second(tmp_path: Path) -> None:
    model = save_example(pooled_spec(), tmp_path / "model.safetensors")
    features = random_features(model, 12)
    raw = SegmentScore(keep(model, features), LabelledSamples(0, 0, 3)).raw()
    np.testing.assert_array_equal(raw["motion"][0], features[1, 3:])
    np.testing.assert_array_equal(raw["frames"][0], features[0, :3])


def test_no_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="there are no samples from 3 to before 3"):
        LabelledSamples(0, 3, 3)
