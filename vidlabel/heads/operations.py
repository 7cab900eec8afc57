"""The arithmetic of heads in NumPy: matrix products in the calling thread, and functions that do not overflow.

N rows, P inputs, K outputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

_MOST_PRODUCTS = 1 << 18
"""Multiplications in one call of BLAS. OpenBLAS shares larger matrix products among threads, which wait in a busy loop
while a decoder needs the cores; also, the last bit of a sum would depend on the number of cores."""
_ROWS = 32


def linear(inputs: FloatArray, weight: FloatArray, bias: FloatArray | None = None) -> FloatArray:
    """Inputs times the rows of a matrix, plus the bias: (..., P) to (..., K).

    Args:
        inputs: (..., P).
        weight: (K, P).
        bias: (K,).
    """
    rows = inputs.reshape(-1, inputs.shape[-1])
    outputs = np.empty((len(rows), len(weight)), np.float32)
    for first in range(0, len(rows), _ROWS):
        outputs[first : first + _ROWS] = _product(rows[first : first + _ROWS], weight)
    if bias is not None:
        outputs += bias
    shaped: FloatArray = outputs.reshape(*inputs.shape[:-1], len(weight))
    return shaped


def _product(rows: FloatArray, weight: FloatArray) -> FloatArray:
    """(N, P) and (K, P) to (N, K); a lone row or column is doubled, since products of vectors are shared out sooner."""
    if len(rows) == 1:
        return _product(np.repeat(rows, 2, axis=0), weight)[:1]
    if len(weight) == 1:
        return _product(rows, np.repeat(weight, 2, axis=0))[:, :1]
    width = max(_MOST_PRODUCTS // rows.size, 2)
    outputs, size = weight.shape
    if width >= outputs:
        whole_product: FloatArray = np.matmul(rows, weight.T)
        return whole_product
    whole = outputs // width * width
    blocks = np.matmul(rows, weight[:whole].reshape(-1, width, size).transpose(0, 2, 1))
    product: FloatArray = blocks.transpose(1, 0, 2).reshape(len(rows), whole)
    return np.concatenate([product, _product(rows, weight[whole:])], axis=1) if whole < outputs else product


def sigmoid(values: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x))."""
    small = np.exp(-np.abs(values))
    shares: FloatArray = np.where(values >= 0, np.float32(1), small) / (1 + small)
    return shares


def softmax(values: FloatArray) -> FloatArray:
    """exp(x) over its sum along the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def log_softmax(values: FloatArray) -> FloatArray:
    """The logarithm of `softmax`, exact where that is nearly 0."""
    shifted = values - values.max(axis=-1, keepdims=True)
    logarithms: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logarithms
