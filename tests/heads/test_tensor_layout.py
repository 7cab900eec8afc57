"""Names and shapes of the tensors in a model file: against torch's own networks, and counted by hand."""

from __future__ import annotations

import math

import pytest
from torch import nn

from heads.example_specs import mixed_spec, step_spec
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.tensor_layout import head_prefix, head_shapes, tensor_shapes


@pytest.mark.parametrize(("kind", "network"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrences_are_those_of_torch(
    kind: str, network: type[nn.RNN | nn.LSTM | nn.GRU], layers: int, bidirectional: bool
) -> None:
    config = HeadConfig(
        kind=kind,  # type: ignore[arg-type]  # one of them
        input_size=5,
        hidden_size=4,
        outputs=3,
        layers=layers,
        bidirectional=bidirectional,
    )
    known = network(5, 4, layers, bidirectional=bidirectional).state_dict()
    expected = {f"recurrence.network.{name}": tuple(tensor.shape) for name, tensor in known.items()}
    expected |= {"output.weight": (3, 8 if bidirectional else 4), "output.bias": (3,)}
    assert head_shapes(config) == expected


def test_heads_without_matrices_have_an_output_layer_alone() -> None:
    mean = HeadConfig(kind="mean", input_size=5, hidden_size=5, outputs=2)
    scaled = HeadConfig(kind="rnn", activation="relu", input_size=5, hidden_size=5, outputs=2, scaled_identity=0.5)
    for config in (mean, scaled):
        assert head_shapes(config) == {"output.weight": (2, 5), "output.bias": (2,)}


def test_the_unit_of_the_article_has_one_bias_a_gate() -> None:
    config = HeadConfig(kind="gru-article", input_size=7, hidden_size=4, outputs=2, layers=2, bidirectional=True)
    shapes = head_shapes(config)
    # A layer and direction: three gates from the inputs, with a bias, and from the state.
    first, second = 3 * 4 * (7 + 1 + 4), 3 * 4 * (8 + 1 + 4)
    assert sum(math.prod(shape) for shape in shapes.values()) == 2 * (first + second) + 2 * (8 + 1)
    assert shapes["recurrence.backwards.1.inputs.weight"] == (12, 8)


def test_a_file_holds_every_member_and_the_projection() -> None:
    spec = mixed_spec()
    shapes = tensor_shapes(spec)
    assert {name.split(".")[1] for name in shapes if name.startswith("members.")} == {"0", "1", "2", "3"}
    assert shapes["members.1.output.weight"] == (6, 4)
    assert shapes["projection.mean"] == (6,)
    assert shapes["projection.components"] == (4, 6)
    assert not any(name.startswith("projection") for name in tensor_shapes(step_spec()))
    assert head_prefix(12) == "members.12."
