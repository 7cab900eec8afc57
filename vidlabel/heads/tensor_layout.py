"""Which tensors the file of a model holds, known without torch: names and shapes follow from what the model says."""

from __future__ import annotations

from vidlabel.heads.config import HeadConfig
from vidlabel.heads.spec import ModelSpec

PROJECTION_MEAN = "projection.mean"
PROJECTION_COMPONENTS = "projection.components"
ENCODER_PREFIX = "encoder."
"""How the names of tensors of a tuned encoder begin."""

Shape = tuple[int, ...]

# Rows of the matrices of one layer, in hidden sizes: one block for each gate.
_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def tensor_shapes(spec: ModelSpec) -> dict[str, Shape]:
    """Names and shapes of all tensors in the file of a model; all of them are float32."""
    shapes = {
        f"{head_prefix(number)}{name}": shape
        for number, member in enumerate(spec.members)
        for name, shape in head_shapes(member.head).items()
    }
    if spec.projection:
        shapes[PROJECTION_MEAN] = (spec.feature_size,)
        shapes[PROJECTION_COMPONENTS] = (spec.input_size, spec.feature_size)
    if spec.encoder.tuned is not None:
        shapes |= {f"{ENCODER_PREFIX}{tensor.name}": tensor.shape for tensor in spec.encoder.tuned.tensors}
    return shapes


def head_prefix(number: int) -> str:
    """How the names of the tensors of a member's head begin; members are counted from 0."""
    return f"members.{number}."


def head_shapes(config: HeadConfig) -> dict[str, Shape]:
    """Names and shapes of the parameters of a head, as in the `state_dict` of `build_head(config)`."""
    shapes = _recurrence_shapes(config)
    shapes["output.weight"] = (config.outputs, config.readout_size)
    shapes["output.bias"] = (config.outputs,)
    return shapes


def _recurrence_shapes(config: HeadConfig) -> dict[str, Shape]:
    if config.kind == "mean" or config.scaled_identity is not None:
        return {}
    shapes: dict[str, Shape] = {}
    for layer in range(config.layers):
        inputs = config.input_size if layer == 0 else config.readout_size
        for backwards in (False, True)[: 2 if config.bidirectional else 1]:
            if config.kind == "gru-article":
                shapes |= _article_shapes(
                    f"recurrence.{'backwards' if backwards else 'forwards'}.{layer}", inputs, config
                )
            else:
                shapes |= _torch_shapes(f"l{layer}{'_reverse' if backwards else ''}", inputs, config)
    return shapes


def _torch_shapes(suffix: str, inputs: int, config: HeadConfig) -> dict[str, Shape]:
    rows = _GATES[config.kind] * config.hidden_size
    return {
        f"recurrence.network.weight_ih_{suffix}": (rows, inputs),
        f"recurrence.network.weight_hh_{suffix}": (rows, config.hidden_size),
        f"recurrence.network.bias_ih_{suffix}": (rows,),
        f"recurrence.network.bias_hh_{suffix}": (rows,),
    }


def _article_shapes(prefix: str, inputs: int, config: HeadConfig) -> dict[str, Shape]:
    hidden = config.hidden_size
    return {
        f"{prefix}.inputs.weight": (3 * hidden, inputs),
        f"{prefix}.inputs.bias": (3 * hidden,),
        f"{prefix}.gates.weight": (2 * hidden, hidden),
        f"{prefix}.candidate.weight": (hidden, hidden),
    }
