from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heads.example_specs import FEATURE_SIZE, step_spec
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.fusion import pool_parts, probabilities, resample_steps
from vidlabel.heads.operations import FloatArray


def normal(*shape: int) -> FloatArray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_one_part_is_the_mean() -> None:
    outputs = normal(3, 11, 4)
    np.testing.assert_allclose(pool_parts(outputs, 1), outputs.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize(("samples", "bounds"), [
    (9, [(0, 3), (3, 6), (6, 9)]),
    (10, [(0, 3), (3, 6), (6, 10)]),
    (2, [(0, 1), (0, 1), (1, 2)]),
    (1, [(0, 1), (0, 1), (0, 1)]),
])  # fmt: skip
def test_each_part_has_its_block_of_outputs(samples: int, bounds: list[tuple[int, int]]) -> None:
    outputs = normal(samples, 6)
    expected = np.zeros(2)
    for part, (start, end) in enumerate(bounds):
        expected += outputs[start:end, 2 * part : 2 * part + 2].mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(pool_parts(outputs[None], 3)[0], expected, rtol=0, atol=1e-6)


def test_one_label_at_a_time_adds_up_to_one() -> None:
    logits = np.array([[2.0, -1.0, 0.5]], np.float32)
    powers = np.exp(np.array([2.0, -1.0, 0.5]) / 1.7)
    np.testing.assert_allclose(probabilities([logits], step_spec())[0], powers / powers.sum(), atol=1e-6)


def test_labels_of_their_own_do_not_compete() -> None:
    logits = np.array([[2.0, -1.0, 0.5]], np.float32)
    spec = replace(step_spec(), task="multi")
    expected = 1 / (1 + np.exp(-np.array([2.0, -1.0, 0.5]) / 1.7))
    np.testing.assert_allclose(probabilities([logits], spec)[0], expected, atol=1e-6)


def test_outputs_add_up_to_their_label() -> None:
    head = HeadConfig(kind="gru", input_size=FEATURE_SIZE, hidden_size=4, outputs=5)
    spec = replace(step_spec(), members=(MemberSpec(head=head),), output_labels=(2, 0, 2, 1, 0))
    powers = np.exp([0.0, 1.0, 2.0, 3.0, 4.0])
    expected = np.array([powers[1] + powers[4], powers[3], powers[0] + powers[2]]) / powers.sum()
    found = probabilities([np.arange(5, dtype=np.float32)[None]], spec)
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


@pytest.mark.parametrize(("samples", "steps"), [(1, 3), (2, 5), (9, 9), (24, 7), (7, 24), (10, 1)])
def test_steps_lie_between_samples(samples: int, steps: int) -> None:
    sequences = normal(2, samples, 3)
    found = resample_steps(sequences, steps)
    for sequence, resampled in zip(sequences, found, strict=True):
        for column in range(3):
            expected = np.interp(np.linspace(0, samples - 1, steps), np.arange(samples), sequence[:, column])
            np.testing.assert_allclose(resampled[:, column], expected, rtol=0, atol=1e-6)
