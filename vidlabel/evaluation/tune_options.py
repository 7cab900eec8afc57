"""The options of `vidlabel tune`."""

from __future__ import annotations

from dataclasses import dataclass

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.training.feature_options import FeatureOptions, feature_options
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS
from vidlabel.training.options import DEFAULT_MINUTES, NO_LICENCE, TrainOptions
from vidlabel.training.search.settings import tried_encoders

LONGEST_MINUTES = 60.0 * 24 * 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions:
    """Options of a search, of the same names in the command line.

    Raises:
        UsageError: a value is out of range, or contradicts another.
    """

    minutes: float = DEFAULT_MINUTES
    """Wall time for everything."""
    trials: int | None = None
    """At most, the defaults included; None: as many as there is time for."""
    nested: bool = False
    """Whether the search is measured, too, by searches within outer folds."""
    folds: int | None = None
    """Outer folds of `nested`; None: 5, or the number of groups if smaller."""
    inner_folds: int = DEFAULT_OPTIONS.folds
    """Folds of the cross-validation by group that trials are scored in."""
    streams: tuple[str, ...] | None = None
    """Streams to choose among; None: those that `train` chooses among."""
    encoders: tuple[str, ...] = ()
    """Encoders to choose among, as `--encoder` names them; the defaults have the first. Empty: those installed."""
    rate: float | None = None
    """Highest number of samples per second; None: the usual rate."""
    seed: int = DEFAULT_OPTIONS.seed
    licence: str = NO_LICENCE
    audio_stream: int | None = None
    speech: str | None = None
    cache_dir: str | None = None
    device: Device = "auto"
    runtime: Runtime = "auto"

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= LONGEST_MINUTES:
            raise UsageError("--minutes", f"{self.minutes:g} is out of range", "give minutes, above 0")
        if self.trials is not None and self.trials < 1:
            raise UsageError("--trials", f"{self.trials} is out of range", "give 1 or more")
        if self.inner_folds < 2:
            raise UsageError("--inner-folds", f"{self.inner_folds} leave nothing to choose by", "give 2 or more")
        if self.folds is not None and not self.nested:
            raise UsageError("--folds", "are those of --nested", "add --nested, or leave it out")

    def feature_options(self) -> tuple[FeatureOptions, ...]:
        """How features are made with each encoder that is tried: that of the defaults first.

        Raises:
            UsageError, InstallationError, EncoderFileError, ModelFileError: as `training.features.feature_options`.
        """
        return tuple(
            feature_options(
                TrainOptions(streams=self.streams),
                self.rate,
                self.cache_dir,
                encoder=name,
                device=self.device,
                runtime=self.runtime,
                audio_stream=self.audio_stream,
                speech=self.speech,
            )
            for name in tried_encoders(self.encoders)
        )
