"""Heads as prediction runs them: against plain equations in double precision, and against torch, which trained them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from heads.numpy_heads import run_head
from heads.test_recurrent import CARRIED, INPUTS, KINDS, LOOKING_AHEAD, OUTPUTS, named
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.numpy_heads import CarriedState, NumpyHead
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.recurrent import Head, as_numpy, as_trainable, build_head

WIDE = [
    HeadConfig(kind=kind, input_size=300, hidden_size=70, outputs=OUTPUTS, layers=2, bidirectional=ahead)
    for kind in KINDS
    for ahead in (False, True)
]
"""Of sizes that come in practice, whose matrix products are cut into blocks."""


def trained(config: HeadConfig) -> Head:
    torch.manual_seed(7)
    return build_head(config).eval()


def features(*shape: int) -> FloatArray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD + WIDE, ids=named)
def test_outputs_are_those_of_the_equations_and_of_torch(config: HeadConfig) -> None:
    head, inputs = trained(config), features(70, config.input_size)
    outputs, _ = as_numpy(head).run(inputs)
    parameters = {name: tensor.double().numpy() for name, tensor in head.state_dict().items()}
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, run_head(config, parameters, inputs.astype(np.float64)), rtol=0, atol=1e-5)
    with torch.inference_mode():
        np.testing.assert_allclose(outputs, head(torch.from_numpy(inputs))[0].numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("sizes", [(1,) * 50, (32, 18), (3, 0, 40, 7)])
@pytest.mark.parametrize("config", CARRIED, ids=named)
def test_the_state_is_carried_from_chunk_to_chunk(config: HeadConfig, sizes: tuple[int, ...]) -> None:
    head, inputs = as_numpy(trained(config)), features(50, config.input_size)
    state: CarriedState = ()
    parts = []
    for chunk in np.split(inputs, np.cumsum(sizes)[:-1]):
        outputs, state = head.run(chunk, state)
        parts.append(outputs)
    parameters = {name: array.astype(np.float64) for name, array in head.parameters.items()}
    expected = run_head(config, parameters, inputs.astype(np.float64))
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD, ids=named)
def test_windows_run_together_as_each_alone(config: HeadConfig) -> None:
    head, inputs = as_numpy(trained(config)), features(5, 9, config.input_size)
    together, _ = head.run(inputs)
    for window, outputs in zip(inputs, together, strict=True):
        np.testing.assert_allclose(outputs, head.run(window)[0], rtol=0, atol=1e-6)


def test_a_scaled_identity_has_the_bits_of_torch_in_any_chunks() -> None:
    config = CARRIED[-1]
    assert config.initial_state == "first-input"
    trainable = trained(config)
    with torch.no_grad():
        trainable.output.weight.copy_(torch.eye(OUTPUTS, INPUTS))  # outputs are states then
        trainable.output.bias.zero_()
    head, inputs = as_numpy(trainable), features(200, INPUTS)
    with torch.inference_mode():
        expected = trainable(torch.from_numpy(inputs))[0].numpy()
    for size in (1, 7, 64, 200):
        state: CarriedState = ()
        parts = []
        for first in range(0, 200, size):
            outputs, state = head.run(inputs[first : first + size], state)
            parts.append(outputs)
        np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_a_head_that_looks_ahead_carries_nothing() -> None:
    assert as_numpy(trained(LOOKING_AHEAD[0])).run(features(4, INPUTS))[1] == ()


@pytest.mark.parametrize("kind", KINDS)
def test_huge_inputs_saturate_without_a_warning(kind: str) -> None:
    config = next(own for own in CARRIED if own.kind == kind and own.layers == 1 and own.gated_sizes is None)
    outputs, _ = as_numpy(trained(config)).run(features(20, INPUTS) * 1e6)
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("config", [CARRIED[0], LOOKING_AHEAD[-1]], ids=named)
def test_a_head_can_be_trained_further(config: HeadConfig) -> None:
    head = as_numpy(trained(config))
    before = {name: array.copy() for name, array in head.parameters.items()}
    generator = torch.get_rng_state()
    trainable = as_trainable(head)
    assert torch.equal(torch.get_rng_state(), generator)
    assert not trainable.training
    outputs, _ = trainable.train()(torch.from_numpy(features(4, config.input_size)))
    outputs.sum().backward()
    with torch.no_grad():
        for parameter in trainable.parameters():
            assert parameter.grad is not None
            parameter.sub_(parameter.grad)
    for name, array in before.items():
        np.testing.assert_array_equal(head.parameters[name], array)


def test_a_head_of_torch_is_copied() -> None:
    trainable = trained(CARRIED[0])
    head = as_numpy(trainable)
    with torch.no_grad():
        trainable.output.bias.fill_(7)
    assert not (head.parameters["output.bias"] == 7).any()


def test_no_samples_give_no_outputs() -> None:
    head: NumpyHead = as_numpy(trained(CARRIED[0]))
    _, state = head.run(features(3, INPUTS))
    outputs, after = head.run(features(0, INPUTS), state)
    assert outputs.shape == (0, OUTPUTS)
    assert after is state


def test_heads_load_without_torch() -> None:
    code = "import sys, vidlabel.heads.scoring, vidlabel.heads.model; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
