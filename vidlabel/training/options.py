"""Options of training; the defaults won in cross-validation by group on small video data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidlabel.errors import UsageError
from vidlabel.heads.config import MAX_LAYERS, HeadKind

DEFAULT_MEMBERS = 3
"""Recurrent heads that differ in their random start only; their mean errs less than each of them. As many tell
background from labels: two of them gave 2 % less (F1@25) on long videos made of ut-interaction."""

MOST_TUNED_BLOCKS = 16
"""All of efficientnet-lite0."""

DEFAULT_OUTPUT = "model.safetensors"

DEFAULT_MINUTES = 20.0
"""Wall time of `tune`."""

NO_LICENCE = "not stated"
"""The licence in a model file whose author names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """How to train.

    Raises:
        UsageError: a value is out of range, or contradicts another.
    """

    head: HeadKind | None = None
    """None: bidirectional GRUs and, for clips labelled as a whole, a head without recurrence beside them."""
    activation: Literal["tanh", "relu"] = "tanh"
    """Activation of the head `rnn`."""
    hidden: int = 48
    """Hidden units of a recurrent layer, per direction."""
    layers: int = 1
    bidirectional: bool | None = None
    """None: only where `head` is None."""
    dropout: float = 0.3
    epochs: int | None = None
    """None: 30, or 40 without recurrence; more for few clips."""
    batch_size: int = 16
    learning_rate: float = 1e-2
    members: int | None = None
    """Recurrent heads with different random initialisations; None: 3, or 1 with `head`."""
    folds: int = 5
    """Folds of the inner cross-validation by group that calibrates scores; 0 disables it."""
    streams: tuple[str, ...] | None = None
    """None: chosen by validation among those that at least half of the videos have; never `text`."""
    seed: int = 0
    tune_encoder: int | None = None
    """Last blocks of the encoder that are fine-tuned on the labels first; None: the encoder stays as published."""

    def __post_init__(self) -> None:
        if self.activation != "tanh" and self.head != "rnn":
            raise UsageError("--activation", "only --head rnn has a choice", "leave it out, or add --head rnn")
        if self.head == "mean" and (self.layers > 1 or self.bidirectional):
            raise UsageError("--head mean", "has one layer and one direction", "leave out --layers and --bidirectional")
        for name, value, least, most in (
            ("--hidden", self.hidden, 1, 4096),
            ("--layers", self.layers, 1, MAX_LAYERS),
            ("--epochs", 1 if self.epochs is None else self.epochs, 1, 100_000),
            ("--batch-size", self.batch_size, 1, 4096),
            ("--members", 1 if self.members is None else self.members, 1, 32),
            ("--inner-folds", self.folds, 0, 100),
            ("--seed", self.seed, 0, 2**31),
            ("--tune-encoder", 1 if self.tune_encoder is None else self.tune_encoder, 1, MOST_TUNED_BLOCKS),
        ):
            if not least <= value <= most:
                raise UsageError(name, f"{value} is out of range", f"give {least} to {most}")
        if not 0 <= self.dropout < 1:
            raise UsageError("--dropout", f"{self.dropout:g} is out of range", "give 0 up to below 1")
        if not 0 < self.learning_rate <= 1:
            raise UsageError("--learning-rate", f"{self.learning_rate:g} is out of range", "give a number up to 1")
        if self.streams is not None and len(set(self.streams)) != len(self.streams):
            raise UsageError("--streams", f"{','.join(self.streams)!r} names a stream twice", "name each once")
        if self.folds == 1:
            raise UsageError("--inner-folds", "1 fold leaves nothing to train on", "give 0, or 2 and more")

    @property
    def looks_ahead(self) -> bool:
        """Whether recurrent heads are bidirectional."""
        return self.head is None if self.bidirectional is None else self.bidirectional

    @property
    def recurrent_members(self) -> int:
        """Number of heads of the chosen kind."""
        if self.head == "mean":
            return 1
        return self.members or (DEFAULT_MEMBERS if self.head is None else 1)
