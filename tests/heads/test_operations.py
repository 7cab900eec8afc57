"""The arithmetic of heads, against double precision and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vidlabel.heads.operations import FloatArray, linear, log_softmax, sigmoid, softmax


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [
    (1, 1, 1), (1, 1280, 1000), (2, 3, 4), (33, 1280, 41), (32, 2560, 1), (64, 100, 83), (65, 5000, 3), (3, 90000, 5),
])  # fmt: skip
def test_products_in_blocks_are_those_of_the_whole(rows: int, inputs: int, outputs: int) -> None:
    generator = np.random.default_rng(rows)
    values, weight = generator.normal(size=(rows, inputs)), generator.normal(size=(outputs, inputs))
    bias = generator.normal(size=outputs)
    found = linear(values.astype(np.float32), weight.astype(np.float32), bias.astype(np.float32))
    np.testing.assert_allclose(found, values @ weight.T + bias, rtol=0, atol=1e-6 * inputs**0.5 * 10)


def test_any_leading_axes_are_kept() -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert linear(values, np.eye(4, dtype=np.float32)[[3, 1]]).tolist() == values[..., [3, 1]].tolist()
    assert linear(values[:, :0], np.ones((5, 4), np.float32)).shape == (2, 0, 5)


def test_products_start_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenBLAS shares out more than 2^18 multiplications in one call, and 9216 where one side is a vector."""
    calls: list[tuple[int, int, int]] = []
    multiply = np.matmul

    def watched(left: FloatArray, right: FloatArray) -> FloatArray:
        calls.append((*left.shape[-2:], right.shape[-1]))
        product: FloatArray = multiply(left, right)
        return product

    monkeypatch.setattr(np, "matmul", watched)
    for rows, outputs in ((1, 1000), (32, 1000), (40, 1), (32, 129)):
        linear(np.ones((rows, 1280), np.float32), np.ones((outputs, 1280), np.float32))
    assert max(rows * size * outputs for rows, size, outputs in calls) <= 1 << 18
    assert min(min(rows, outputs) for rows, _, outputs in calls) > 1


def test_sigmoid() -> None:
    values = np.array([-200, -20, -1, 0, 1, 20, 200], np.float32)
    found = sigmoid(values)
    assert found.dtype == np.float32
    expected = np.array([0.0, 2.0611537e-09, 0.26894142, 0.5, 0.73105858, 1 - 2.0611537e-09, 1])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_softmax() -> None:
    values = np.array([[0, np.log(2), np.log(5)], [1000, 0, -1000]], np.float32)
    np.testing.assert_allclose(softmax(values), [[1 / 8, 2 / 8, 5 / 8], [1.0, 0.0, 0.0]], rtol=1e-6)
    expected = np.stack([np.log([1 / 8, 2 / 8, 5 / 8]), np.array([0.0, -1000.0, -2000.0])])
    np.testing.assert_allclose(log_softmax(values), expected, rtol=1e-6)
