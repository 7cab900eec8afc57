"""The recurrent heads in torch, which trains them; `vidlabel.heads.numpy_heads` runs them.

Letters in shapes: B sequences, T samples in time, P inputs, H hidden numbers, R = H, or 2 H of a bidirectional head,
K outputs. h_t is the state after sample t, and all heads give y_t = W_hy h_t + b_y.

A sequence may be fed in chunks: the state that comes back goes in with the next chunk, and the outputs are the same. A
bidirectional head looks ahead, so it needs its sequence whole and carries nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import rnn

from vidlabel.heads.config import HeadConfig
from vidlabel.heads.numpy_heads import NumpyHead

State = tuple[Tensor, ...]
"""What is carried from chunk to chunk; empty where there is nothing to carry."""


class Head(nn.Module):
    """A recurrence and the linear map from its state to the outputs.

    Args:
        config: its form. The parameters are random, drawn from torch's global generator.
    """

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.config = config
        self.recurrence = _build_recurrence(config)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.readout_size, config.outputs)

    def forward(
        self, features: Tensor, state: State | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Outputs for each sample.

        Args:
            features: (T, P), or (B, T, P).
            state: of the chunk before; None at the start of the sequences.
            lengths: (B,) samples that count in each sequence, where they are padded at the end. Outputs past the end
                mean nothing, and no state can be carried.

        Returns:
            The outputs, (T, K) or (B, T, K), and the state after the last sample.

        Raises:
            ValueError: a state is given where none can be carried.
        """
        if state and (self.config.bidirectional or lengths is not None):
            raise ValueError("a bidirectional head, or one that runs on padded sequences, carries no state")
        if features.shape[-2] == 0:  # torch's networks refuse it
            return features.new_zeros(*features.shape[:-1], self.config.outputs), state or ()
        sequences = features if features.dim() == 3 else features[None]
        hidden, after = self.recurrence(sequences, state or (), lengths)
        outputs = self.output(self.dropout(hidden))
        carried = () if self.config.bidirectional or lengths is not None else after
        return (outputs if features.dim() == 3 else outputs[0]), carried


def build_head(config: HeadConfig) -> Head:
    """Make a head with random parameters; `torch.manual_seed` makes them the same again."""
    return Head(config)


def as_numpy(head: Head) -> NumpyHead:
    """The head as it stands, for prediction."""
    parameters = {name: tensor.to("cpu", copy=True).numpy() for name, tensor in head.state_dict().items()}
    return NumpyHead(head.config, parameters)


def as_trainable(head: NumpyHead) -> Head:
    """A head with the same parameters, to be trained further."""
    with torch.device("meta"):  # no random numbers are drawn, so that torch's generator stays as it was
        trainable = build_head(head.config)
    parameters = {name: torch.tensor(array) for name, array in head.parameters.items()}
    trainable.load_state_dict(parameters, assign=True)
    return trainable.eval()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch in the calling thread alone, then as before.

    A head's matrices are too small to share out: on two cores that are busy with decoding, a bidirectional GRU of
    64 took 16 ms a window in two threads and 0.4 ms in one. Also, sums come out the same whatever the number of cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _build_recurrence(config: HeadConfig) -> nn.Module:
    if config.gated_sizes is not None:
        return GatedInputs(config.gated_sizes, _build_ungated(config))
    return _build_ungated(config)


def _build_ungated(config: HeadConfig) -> nn.Module:
    if config.kind == "mean":
        return NoRecurrence()
    if config.scaled_identity is not None:
        return ScaledIdentity(config.scaled_identity, starts_from_input=config.initial_state == "first-input")
    if config.kind == "gru-article":
        return ArticleGru(config)
    return TorchRecurrence(config)


class GatedInputs(nn.Module):
    """A gate for each stream before the recurrence: g_t = sigmoid(W x_t + b), and stream s goes on as g_t,s x_t,s.

    Simplified from the gated multimodal unit (Arevalo et al., 2017, arXiv:1702.01992). There a gate has a number for
    each hidden unit, streams pass through a layer of their own, and their gated sum is the output. Here a gate is one
    number per stream, which a few dozen clips can teach, gates do not sum to 1, and streams stay side by side.

    Args:
        sizes: numbers of each stream among the inputs.
        recurrence: what takes the gated inputs.
    """

    def __init__(self, sizes: Sequence[int], recurrence: nn.Module) -> None:
        super().__init__()
        self.gate = nn.Linear(sum(sizes), len(sizes))
        self.inner = recurrence
        self._sizes = list(sizes)

    def forward(self, sequences: Tensor, state: State, lengths: Tensor | None) -> tuple[Tensor, State]:
        """(B, T, P) to (B, T, R); the state is that of the recurrence."""
        gates = torch.sigmoid(self.gate(sequences)).unbind(dim=-1)
        streams = torch.split(sequences, self._sizes, dim=-1)
        gated = [gate[..., None] * stream for gate, stream in zip(gates, streams, strict=True)]
        hidden: tuple[Tensor, State] = self.inner(torch.cat(gated, dim=-1), state, lengths)
        return hidden


class NoRecurrence(nn.Module):
    """h_t = x_t: each sample on its own. Averaged over a window it is the baseline without order in time."""

    def forward(self, sequences: Tensor, state: State, lengths: Tensor | None) -> tuple[Tensor, State]:  # noqa: ARG002
        """(B, T, P) as it is."""
        return sequences, ()


class ScaledIdentity(nn.Module):
    """h_t = relu(a x_t + (1 - a) h_{t-1}): a relu RNN whose two matrices are multiples of the identity.

    Costs H multiplications a sample instead of 2 H^2. Multiplication and addition are separate operations without a
    sum over H, so that the state has the same bits however the sequence is cut.

    Args:
        factor: a, above 0 and at most 1.
        starts_from_input: the state before the first sample is the first input, not zero.
    """

    def __init__(self, factor: float, *, starts_from_input: bool) -> None:
        super().__init__()
        self.factor = factor
        self.starts_from_input = starts_from_input

    def forward(self, sequences: Tensor, state: State, lengths: Tensor | None) -> tuple[Tensor, State]:  # noqa: ARG002
        """(B, T, P) to (B, T, H), H = P."""
        first = sequences[:, 0]
        hidden = state[0] if state else (first if self.starts_from_input else torch.zeros_like(first))
        states = []
        for scaled in (sequences * self.factor).unbind(1):
            hidden = (hidden * (1 - self.factor)).add_(scaled).relu_()
            states.append(hidden)
        return torch.stack(states, dim=1), (hidden,)


class TorchRecurrence(nn.Module):
    """`torch.nn.RNN`, `LSTM` or `GRU`, with their equations."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        # torch warns of dropout where there is no layer after it.
        dropout = config.dropout if config.layers > 1 else 0.0
        sizes = (config.input_size, config.hidden_size, config.layers)
        self.network: nn.RNN | nn.LSTM | nn.GRU
        if config.kind == "lstm":
            self.network = nn.LSTM(*sizes, batch_first=True, dropout=dropout, bidirectional=config.bidirectional)
        elif config.kind == "gru":
            self.network = nn.GRU(*sizes, batch_first=True, dropout=dropout, bidirectional=config.bidirectional)
        else:
            self.network = nn.RNN(
                *sizes,
                nonlinearity=config.activation,
                batch_first=True,
                dropout=dropout,
                bidirectional=config.bidirectional,
            )

    def forward(self, sequences: Tensor, state: State, lengths: Tensor | None) -> tuple[Tensor, State]:
        """(B, T, P) to (B, T, R); the state is (h,) or (h, c), each (layers, B, H)."""
        if lengths is not None and self.network.bidirectional:
            packed = rnn.pack_padded_sequence(sequences, lengths.cpu(), batch_first=True, enforce_sorted=False)
            hidden, _ = rnn.pad_packed_sequence(
                self.network(packed)[0], batch_first=True, total_length=sequences.shape[1]
            )
            return hidden, ()
        given = None if not state else state if isinstance(self.network, nn.LSTM) else state[0]
        hidden, after = self.network(sequences, given)
        return hidden, after if isinstance(after, tuple) else (after,)


class ArticleGru(nn.Module):
    """Layers of the gated unit whose gate z holds back the old state inside the candidate, and r scales the new one.

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)
        n_t = tanh(W x_t + U ((1 - z_t) * h_{t-1}) + b)
        h_t = (1 - z_t) * r_t * n_t + z_t * h_{t-1}

    In the usual unit the candidate has r where this one has 1 - z, and the new state has no r.
    """

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        inputs = [config.input_size] + [config.readout_size] * (config.layers - 1)
        self.forwards = nn.ModuleList(ArticleGruLayer(size, config.hidden_size) for size in inputs)
        self.backwards = nn.ModuleList(
            ArticleGruLayer(size, config.hidden_size) for size in inputs if config.bidirectional
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, sequences: Tensor, state: State, lengths: Tensor | None) -> tuple[Tensor, State]:
        """(B, T, P) to (B, T, R); the state is (h,) with h (layers, B, H)."""
        hidden = sequences
        after = []
        for number, layer in enumerate(self.forwards):
            if number > 0:
                hidden = self.dropout(hidden)
            outputs = layer(hidden, state[0][number] if state else None)
            after.append(outputs[:, -1])
            if self.backwards:
                turned = _reverse(self.backwards[number](_reverse(hidden, lengths), None), lengths)
                outputs = torch.cat([outputs, turned], dim=2)
            hidden = outputs
        return hidden, (torch.stack(after),)


class ArticleGruLayer(nn.Module):
    """One layer of `ArticleGru` in one direction.

    Args:
        input_size: P.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.inputs = nn.Linear(input_size, 3 * hidden_size)  # W_z, W_r, W and their biases
        self.gates = nn.Linear(hidden_size, 2 * hidden_size, bias=False)  # U_z, U_r
        self.candidate = nn.Linear(hidden_size, hidden_size, bias=False)  # U

    def forward(self, sequences: Tensor, state: Tensor | None) -> Tensor:
        """(B, T, P) to (B, T, H), from the state (B, H), or zero."""
        hidden = sequences.new_zeros(sequences.shape[0], self.hidden_size) if state is None else state
        states = []
        for inputs in self.inputs(sequences).unbind(1):
            for_gates, for_candidate = inputs.split((2 * self.hidden_size, self.hidden_size), dim=1)
            z, r = torch.sigmoid(for_gates + self.gates(hidden)).chunk(2, dim=1)
            kept = z * hidden
            candidate = torch.tanh(for_candidate + self.candidate(hidden - kept))
            hidden = (1 - z) * r * candidate + kept
            states.append(hidden)
        return torch.stack(states, dim=1)


def _reverse(sequences: Tensor, lengths: Tensor | None) -> Tensor:
    """Turn (B, T, R) round in time; each sequence within its length, what is past it stays."""
    if lengths is None:
        return sequences.flip(1)
    steps = torch.arange(sequences.shape[1], device=sequences.device)
    turned = lengths.to(steps.device)[:, None] - 1 - steps
    order = torch.where(turned >= 0, turned, steps)
    return sequences.gather(1, order[:, :, None].expand_as(sequences))
