from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from heads.numpy_heads import run_head
from vidlabel.heads.config import HeadConfig, HeadKind
from vidlabel.heads.model_file import head_shapes
from vidlabel.heads.recurrent import Head, State, build_head

KINDS: tuple[HeadKind, ...] = ("rnn", "lstm", "gru", "gru-article")
INPUTS, HIDDEN, OUTPUTS = 5, 4, 3


def named(config: HeadConfig) -> str:
    facts = [config.kind, config.activation, f"{config.layers} layers"]
    return "-".join([*facts, *["both ways"] * config.bidirectional, *["gated"] * (config.gated_sizes is not None)])


CARRIED = [
    HeadConfig(kind=kind, input_size=INPUTS, hidden_size=HIDDEN, outputs=OUTPUTS, layers=layers)
    for kind, layers in itertools.product(KINDS, (1, 3))
]
CARRIED += [
    HeadConfig(kind="rnn", activation="relu", input_size=INPUTS, hidden_size=HIDDEN, outputs=OUTPUTS, layers=2),
    HeadConfig(kind="mean", input_size=INPUTS, hidden_size=INPUTS, outputs=OUTPUTS),
    HeadConfig(
        kind="rnn", activation="relu", input_size=INPUTS, hidden_size=INPUTS, outputs=OUTPUTS, scaled_identity=0.25
    ),
    HeadConfig(
        kind="rnn",
        activation="relu",
        input_size=INPUTS,
        hidden_size=INPUTS,
        outputs=OUTPUTS,
        scaled_identity=0.4,
        initial_state="first-input",
    ),
]
LOOKING_AHEAD = [
    HeadConfig(kind=kind, input_size=INPUTS, hidden_size=HIDDEN, outputs=OUTPUTS, layers=layers, bidirectional=True)
    for kind, layers in itertools.product(KINDS, (1, 2))
]
CARRIED = [*(replace(config, gated_sizes=(2, 3)) for config in CARRIED if config.scaled_identity is None), *CARRIED]
LOOKING_AHEAD += [replace(config, gated_sizes=(1, 3, 1)) for config in LOOKING_AHEAD if config.layers == 1]


def _head(config: HeadConfig) -> Head:
    torch.manual_seed(7)
    return build_head(config).eval()


def _features(*shape: int) -> Tensor:
    return torch.randn(*shape, INPUTS, generator=torch.Generator().manual_seed(3))


def _by_equations(head: Head, features: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    parameters = {name: tensor.double().numpy() for name, tensor in head.state_dict().items()}
    return run_head(head.config, parameters, features.double().numpy())


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD, ids=named)
def test_outputs_are_those_of_the_equations(config: HeadConfig) -> None:
    head, features = _head(config), _features(50)
    with torch.inference_mode():
        outputs, _ = head(features)
    np.testing.assert_allclose(outputs.numpy(), _by_equations(head, features), rtol=0, atol=1e-5)


@pytest.mark.parametrize("sizes", [(1,) * 50, (32, 18), (3, 0, 40, 7)])
@pytest.mark.parametrize("config", CARRIED, ids=named)
def test_a_sequence_in_chunks_gives_the_outputs_of_the_whole(config: HeadConfig, sizes: tuple[int, ...]) -> None:
    head, features = _head(config), _features(50)
    state: State | None = None
    parts = []
    with torch.inference_mode():
        for chunk in torch.split(features, list(sizes)):
            outputs, state = head(chunk, state)
            parts.append(outputs)
    np.testing.assert_allclose(torch.cat(parts).numpy(), _by_equations(head, features), rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD, ids=named)
def test_sequences_padded_to_one_length_give_the_outputs_of_each_alone(config: HeadConfig) -> None:
    head, features = _head(config), _features(3, 12)
    lengths = [12, 1, 7]
    with torch.inference_mode():
        outputs, state = head(features, lengths=torch.tensor(lengths))
    assert state == ()
    for row, sequence, length in zip(outputs, features, lengths, strict=True):
        expected = _by_equations(head, sequence[:length])
        np.testing.assert_allclose(row[:length].numpy(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD, ids=named)
def test_a_batch_gives_the_outputs_of_each_sequence(config: HeadConfig) -> None:
    head, features = _head(config), _features(2, 9)
    with torch.inference_mode():
        outputs, _ = head(features)
    for row, sequence in zip(outputs, features, strict=True):
        np.testing.assert_allclose(row.numpy(), _by_equations(head, sequence), rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD, ids=named)
def test_the_layout_of_the_file_is_that_of_the_parameters(config: HeadConfig) -> None:
    assert {name: tuple(t.shape) for name, t in build_head(config).state_dict().items()} == head_shapes(config)


@pytest.mark.parametrize("config", CARRIED + LOOKING_AHEAD, ids=named)
def test_every_parameter_learns(config: HeadConfig) -> None:
    torch.manual_seed(7)  # some starts leave all rectified units of a layer at zero
    head = build_head(config)
    features = _features(2, 9).requires_grad_()
    head(features)[0].square().sum().backward()
    gradients = {name: parameter.grad for name, parameter in head.named_parameters()} | {"features": features.grad}
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients.values())


@pytest.mark.parametrize("config", LOOKING_AHEAD[:1], ids=named)
def test_a_head_that_looks_ahead_takes_no_state(config: HeadConfig) -> None:
    head = _head(config)
    with pytest.raises(ValueError, match="carries no state"):
        head(_features(4), (torch.zeros(2, 1, HIDDEN),))


def test_a_scaled_identity_is_an_exponential_moving_average_from_the_first_value() -> None:
    head = _head(CARRIED[-1])
    features = _features(300).abs()
    with torch.inference_mode():
        states, _ = head.recurrence(features[None], (), None)
    average = features[0].double()
    for state, feature in zip(states[0], features.double(), strict=True):
        average = 0.4 * feature + 0.6 * average
        assert torch.allclose(state.double(), average, rtol=0, atol=1e-6)


def test_a_scaled_identity_has_the_same_bits_in_any_chunks() -> None:
    head, features = _head(CARRIED[-1]), _features(1, 200)
    whole, _ = head.recurrence(features, (), None)
    for size in (1, 7, 64):
        state: State = ()
        parts = []
        for chunk in torch.split(features, size, dim=1):
            states, state = head.recurrence(chunk, state, None)
            parts.append(states)
        assert torch.equal(torch.cat(parts, dim=1), whole)


def test_dropout_acts_in_training_alone() -> None:
    config = HeadConfig(kind="gru", input_size=INPUTS, hidden_size=HIDDEN, outputs=OUTPUTS, dropout=0.5)
    head, features = _head(config), _features(20)
    assert torch.equal(head(features)[0], head(features)[0])
    head.train()
    assert not torch.equal(head(features)[0], head(features)[0])
