"""What is tried: the settings of one trial, and the space that they are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal, Protocol

from vidlabel.errors import InstallationError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.weights import PUBLISHED, weights_path
from vidlabel.heads.config import HeadKind
from vidlabel.training.options import DEFAULT_MEMBERS, TrainOptions

ENSEMBLE = "ensemble"
"""The heads that `train` has by default, under the name that the sampler knows them by."""
HEADS: tuple[HeadKind, ...] = ("gru", "lstm", "rnn", "gru-article", "mean")
HIDDEN = (8, 16, 32, 48, 96)
LAYERS = (1, 2)
EPOCHS = (None, 15, 60)
BATCH_SIZES = (8, 16, 32)
MEMBERS = (1, DEFAULT_MEMBERS)
HIGHEST_DROPOUT = 0.6
LEARNING_RATES = (1e-3, 3e-2)
MOST_SUBSETS = 31
"""Subsets of streams that are tried, small ones first, and that of all: five streams have as many."""

_USUAL = TrainOptions()


def tried_encoders(named: Sequence[str]) -> tuple[str | None, ...]:
    """The encoders of pictures that are tried, as `--encoder` names them; the defaults have the first one.

    Args:
        named: by the user; none: the usual one (None), and the other published ones that are installed.
    """
    if named:
        return tuple(dict.fromkeys(named))
    usual = FeatureConfig().encoder
    return (None, *(name for name in PUBLISHED if name != usual and _is_installed(name)))


def _is_installed(encoder: str) -> bool:
    try:
        return weights_path(PUBLISHED[encoder]).is_file()
    except InstallationError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSettings:
    """The settings of one trial; the defaults are those of `train`."""

    rate: float
    """Samples per second."""
    encoder: str
    """Of the pictures, as `--encoder` names it; empty for files of features."""
    streams: tuple[str, ...] | None = None
    """That a head of all of them learns from. None: chosen by validation, as `train` does."""
    head: HeadKind | None = _USUAL.head
    activation: Literal["tanh", "relu"] = _USUAL.activation
    bidirectional: bool | None = _USUAL.bidirectional
    hidden: int = _USUAL.hidden
    layers: int = _USUAL.layers
    members: int | None = _USUAL.members
    dropout: float = _USUAL.dropout
    learning_rate: float = _USUAL.learning_rate
    epochs: int | None = _USUAL.epochs
    batch_size: int = _USUAL.batch_size

    def options(self, seed: int, folds: int) -> TrainOptions:
        """The options of training."""
        return TrainOptions(
            head=self.head,
            activation=self.activation,
            hidden=self.hidden,
            layers=self.layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            members=self.members,
            folds=folds,
            streams=self.streams,
            seed=seed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSpace:
    """What there is to choose among."""

    streams: tuple[str, ...]
    rates: tuple[float, ...]
    """Samples per second, the highest first: that of the defaults."""
    encoders: tuple[str, ...]
    """The one of the defaults first."""
    whole: bool
    """Whether clips are labelled as a whole: an ensemble then has a head without recurrence, too."""

    @property
    def defaults(self) -> TrialSettings:
        """What `train` does without options."""
        return TrialSettings(rate=self.rates[0], encoder=self.encoders[0])

    @property
    def subsets(self) -> tuple[tuple[str, ...], ...]:
        """The subsets of the streams that are tried."""
        sizes = range(1, len(self.streams) + 1)
        found = [subset for size in sizes for subset in combinations(self.streams, size)]
        return (*found[: MOST_SUBSETS - 1], self.streams) if len(found) > MOST_SUBSETS else tuple(found)

    @property
    def starting_points(self) -> tuple[TrialSettings, ...]:
        """Settings that are tried before any are drawn: small models, which a search for quality alone would miss."""
        alone = [replace(self.defaults, streams=(name,)) for name in self.streams]
        together = replace(self.defaults, streams=self.streams)
        return (
            *(replace(one, head="gru", hidden=16) for one in alone),
            *(replace(one, head="mean") for one in alone),
            replace(together, head="gru", bidirectional=True),
            *([replace(together, head="mean")] if len(alone) > 1 else []),
            *(replace(together, head="gru", bidirectional=True, encoder=name) for name in self.encoders[1:]),
        )


class ParameterSource(Protocol):
    """Draws the parameters of a trial, as trials of optuna do."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:  # noqa: ANN401 - one of the choices
        """One of some values."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number within limits."""


def draw(space: SearchSpace, source: ParameterSource) -> TrialSettings:
    """Draw the settings of a trial."""
    heads = ([ENSEMBLE] if space.whole else []) + list(HEADS)
    head = source.suggest_categorical("head", heads)
    names = ["+".join(subset) for subset in space.subsets]
    streams = source.suggest_categorical("streams", names) if len(names) > 1 else names[0]
    settings = TrialSettings(
        rate=source.suggest_categorical("rate", list(space.rates)) if len(space.rates) > 1 else space.rates[0],
        encoder=source.suggest_categorical("encoder", list(space.encoders))
        if len(space.encoders) > 1
        else space.encoders[0],
        streams=space.subsets[names.index(streams)],
        head=None if head == ENSEMBLE else head,
        dropout=round(source.suggest_float("dropout", 0.0, HIGHEST_DROPOUT, step=0.1), 1),
        learning_rate=source.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        epochs=source.suggest_categorical("epochs", EPOCHS),
        batch_size=source.suggest_categorical("batch_size", BATCH_SIZES),
    )
    if head == "mean":
        return settings
    return replace(
        settings,
        bidirectional=source.suggest_categorical("bidirectional", [True, False]),
        hidden=source.suggest_categorical("hidden", HIDDEN),
        layers=source.suggest_categorical("layers", LAYERS),
        members=source.suggest_categorical("members", MEMBERS),
        activation=source.suggest_categorical("activation", ["tanh", "relu"]) if head == "rnn" else "tanh",
    )


def parameters_of(settings: TrialSettings, space: SearchSpace) -> Mapping[str, Any]:
    """The parameters that `draw` makes these settings of: of the defaults, those of the heads most like them."""
    options = settings.options(seed=0, folds=0)
    head = settings.head or (ENSEMBLE if space.whole else "gru")
    found: dict[str, Any] = {
        "head": head,
        "streams": "+".join(settings.streams or space.streams),
        "rate": settings.rate,
        "encoder": settings.encoder,
        "dropout": settings.dropout,
        "learning_rate": settings.learning_rate,
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
    }
    if head != "mean":
        found |= {
            "bidirectional": options.looks_ahead,
            "hidden": settings.hidden,
            "layers": settings.layers,
            "members": options.recurrent_members,
        }
    return found | ({"activation": settings.activation} if head == "rnn" else {})
