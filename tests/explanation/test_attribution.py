"""Attributions of heads whose answer is known by hand, and what holds of all of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from explanation.kept import keep, linear_model, random_features
from heads.example_specs import mixed_spec, pooled_spec, save_example, step_spec, window_spec
from heads.test_inputs import fused_spec
from vidlabel.explanation.attribution import (
    densest_stretch,
    integrate_gradients,
    mean_gradients,
    occlude,
    share_among_streams,
)
from vidlabel.explanation.explanation import IntegratedGradients
from vidlabel.explanation.segment_score import LabelledSamples, SegmentScore
from vidlabel.heads.spec import ModelSpec


def linear_score(
    folder: Path, features: list[list[float]], weights: list[float], start: int, stop: int
) -> SegmentScore:
    """The score of a head without recurrence: the log-odds are the weighted sum of the features, plus 0.25."""
    model = linear_model(folder / "linear.safetensors", weights)
    return SegmentScore(keep(model, np.array(features, np.float32)), LabelledSamples(0, start, stop))


def test_integrated_gradients_of_a_linear_head_are_its_terms(tmp_path: Path) -> None:
    score = linear_score(tmp_path, [[1, 2], [3, -1], [0.5, 4]], [2.0, -1.0], 0, 3)
    found, _ = integrate_gradients(score, score.inputs())
    # Log-odds of the samples without 0.25: 0, 7 and -3; the score is their mean.
    np.testing.assert_allclose(found.streams["features"], [0, 7 / 3, -1])
    assert found.difference == pytest.approx(4 / 3)
    assert found.relative_gap < 1e-9


def test_occlusion_of_a_linear_head_is_the_difference_to_the_neighbours(tmp_path: Path) -> None:
    score = linear_score(tmp_path, [[1], [5], [2], [2], [0]], [1.0], 1, 4)
    found = occlude(score, score.inputs(), None, 1)
    # Samples 1 to 3 count, a third each: 5 - (1 + 2) / 2, 2 - (5 + 2) / 2, 2 - 2. What comes later has no influence.
    np.testing.assert_allclose(found.log_odds, [0, 3.5 / 3, -1.5 / 3, 0], atol=1e-6)
    probability = 1 / (1 + np.exp(-np.array([5.25, 1.75])))
    assert found.score[1] == pytest.approx((probability[0] - probability[1]) / 3)


def test_a_stretch_is_replaced_by_the_mean_of_as_many_on_each_side(tmp_path: Path) -> None:
    score = linear_score(tmp_path, [[0], [1], [6], [8], [3], [5]], [1.0], 0, 6)
    found = occlude(score, score.inputs(), None, 2)
    # Around sample 3 are samples 2 and 3; before them 0 and 1, after them 3 and 5: their mean is 2.25.
    assert found.log_odds[3] == pytest.approx((6 + 8 - 2 * 2.25) / 6)
    # Around sample 0 is that sample alone, and one neighbour.
    assert found.log_odds[0] == pytest.approx(-1 / 6)


def test_a_single_sample_is_replaced_by_the_baseline(tmp_path: Path) -> None:
    score = linear_score(tmp_path, [[3]], [1.0], 0, 1)
    assert occlude(score, score.inputs(), None, 1).log_odds == pytest.approx([3.0])


def test_of_many_samples_some_are_replaced_together(tmp_path: Path) -> None:
    features = [[float(number in range(399, 402))] for number in range(700)]
    score = linear_score(tmp_path, features, [7.0], 0, 700)
    found = occlude(score, score.inputs(), None, 1)
    assert found.width == 3
    assert len(found.log_odds) == 700
    assert set(np.flatnonzero(found.log_odds > found.log_odds.max() - 1e-9)) == {399, 400, 401}


SPECS: list[Callable[[], ModelSpec]] = [step_spec, window_spec, pooled_spec, mixed_spec, fused_spec]


@pytest.mark.parametrize("make_spec", SPECS)
@pytest.mark.parametrize("label", [0, 1])
def test_attributions_and_shares_sum_to_the_difference_to_the_baseline(
    tmp_path: Path, make_spec: Callable[[], ModelSpec], label: int
) -> None:
    model = save_example(make_spec(), tmp_path / "model.safetensors", seed=3)
    score = SegmentScore(keep(model, 2 * random_features(model, 40)), LabelledSamples(label, 20, 28))
    inputs = score.inputs()
    nothing = {name: torch.zeros_like(own) for name, own in inputs.items()}
    whole, base = score.measure(iter([inputs, nothing]))[:, 1]
    found, _ = integrate_gradients(score, inputs)
    assert found.difference == pytest.approx(whole - base)
    assert found.relative_gap < 0.01
    assert sum(one.log_odds for one in share_among_streams(score, inputs)) == pytest.approx(whole - base)


@pytest.mark.parametrize("make_spec", SPECS)
def test_gradients_are_the_slopes_of_the_score(tmp_path: Path, make_spec: Callable[[], ModelSpec]) -> None:
    model = save_example(make_spec(), tmp_path / "model.safetensors", seed=5)
    score = SegmentScore(keep(model, random_features(model, 30)), LabelledSamples(1, 12, 18))
    inputs = score.inputs()
    gradients = mean_gradients(score, inputs, 1)  # at the middle of the path
    stream = next(iter(inputs))
    for step, place in ((0, 0), (len(score.times) // 2, 1), (len(score.times) - 1, 0)):
        moved = []
        for sign in (1, -1):
            point = {name: own / 2 for name, own in inputs.items()}
            point[stream][step, place] += sign * 1e-5
            moved.append(score.measure(iter([point]))[0, 1])
        assert float(gradients[stream][step, place]) == pytest.approx((moved[0] - moved[1]) / 2e-5, abs=1e-7)


def test_more_points_are_taken_until_the_sum_is_complete(tmp_path: Path) -> None:
    # 40 times the features saturate the gates: 16 points are too few.
    model = save_example(step_spec(), tmp_path / "model.safetensors")
    score = SegmentScore(keep(model, 40 * random_features(model, 20)), LabelledSamples(1, 5, 15))
    found, gradients = integrate_gradients(score, score.inputs())
    assert found.path_steps > 16
    assert found.relative_gap < 0.01
    few = mean_gradients(score, score.inputs(), 16)
    values = {"frames": (few["frames"] * score.inputs()["frames"]).sum(dim=1).numpy()}
    assert IntegratedGradients(16, found.difference, values).relative_gap > 0.01
    assert gradients["frames"].shape == score.inputs()["frames"].shape


def test_shares_are_the_mean_over_all_orders_of_the_streams(tmp_path: Path) -> None:
    model = save_example(fused_spec(), tmp_path / "model.safetensors", seed=4)
    score = SegmentScore(keep(model, random_features(model, 30)), LabelledSamples(0, 10, 20))
    inputs = score.inputs()
    added: dict[str, list[float]] = {name: [] for name in inputs}
    for order in permutations(inputs):
        point = {name: torch.zeros_like(own) for name, own in inputs.items()}
        before = score.measure(iter([point]))[0, 1]
        for name in order:
            point = {**point, name: inputs[name]}
            after = score.measure(iter([point]))[0, 1]
            added[name].append(after - before)
            before = after
    found = share_among_streams(score, inputs)
    assert [one.log_odds for one in found] == pytest.approx([np.mean(values) for values in added.values()])
    assert sum(one.share for one in found) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "stretch"),
    [
        ([0, 1, 1, 8, 0], (3, 4)),
        ([3, 3, 0, 0, 1, 1], (0, 2)),
        ([1, 1, 1, 1], (0, 2)),
        ([-5, 1, -1, 1, -9], (1, 2)),
        ([-3, -1, -2], (1, 2)),
        ([0, 0], (0, 1)),
        ([7], (0, 1)),
    ],
)
def test_the_densest_stretch_is_the_shortest_with_half(values: list[float], stretch: tuple[int, int]) -> None:
    assert densest_stretch(np.array(values, float)) == slice(*stretch)
