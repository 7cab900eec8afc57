"""Features of an encoder that is tuned to the labels first: `--tune-encoder`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from vidlabel.errors import UsageError
from vidlabel.features.encoders.trainable_tail import EncoderTail
from vidlabel.heads.model import Model
from vidlabel.training.dataset.examples import TrainingSet
from vidlabel.training.dataset.features import FeatureDataset, GatheringListener
from vidlabel.training.features import VIEWS, FeatureOptions, gather
from vidlabel.training.finetune.activations import KeptPictures, PictureKeeper
from vidlabel.training.finetune.train import tune
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.model_builder import FeatureFacts, Tuning
from vidlabel.training.fitting.seeded_runs import FitListener
from vidlabel.training.fitting.tensors import subset
from vidlabel.training.options import TrainOptions


class TuningListener(GatheringListener, FitListener, Protocol):
    """Told while an encoder is tuned."""

    def gathering_begun(self, stage: str, videos: int) -> None:
        """So many videos are gone through once more: `keeping pictures`, `encoding anew`."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """All that heads learn from, by the tuned encoder."""

    gathered: FeatureDataset
    facts: FeatureFacts
    tuning: Tuning


class EncoderTuning:
    """Tunes the encoder on the clips of a training set, or on parts of it; they are decoded for it once.

    Args:
        gathered: the clips, with features of the published encoder.
        features: how these were made.
        options: how to train; `tune_encoder` is set.
        listener: told how it goes.

    Raises:
        VideoError: a video cannot be decoded any more.
        InstallationError: the encoder's weights are missing or damaged.
    """

    def __init__(
        self, gathered: FeatureDataset, features: FeatureOptions, options: TrainOptions, listener: TuningListener
    ) -> None:
        self._gathered = gathered
        self._features = features
        self._options = options
        self._listener = listener
        tail = self._tail()
        listener.gathering_begun("keeping pictures", len(gathered.features))
        keeper = PictureKeeper(features.recipe, features.streams, VIEWS[:1], tail)
        self._kept: list[KeptPictures] = keeper.keep(gathered, listener)
        tail.close()

    def tuned_on(self, clips: range | tuple[int, ...], checkpoints: Checkpoints | None) -> Tuned:
        """Tune on some of the clips, and encode all of them anew.

        Args:
            clips: whose groups the encoder may see, but for those held out among them.
            checkpoints: of the tuning.

        Returns:
            All clips, in their order; the splits of `tuning` count among `clips`.
        """
        tail = self._tail()
        learnt, kept = subset(self._gathered, clips), [self._kept[clip] for clip in clips]
        tuning = tune(learnt, kept, tail, self._features.recipe.rate, self._options, self._listener, checkpoints)
        tail.close()
        recipe = replace(self._features.recipe, tuned=tuning.weights)
        self._listener.gathering_begun("encoding anew", len(self._gathered.features))
        features = replace(self._features, recipe=recipe)
        gathered, facts = gather(self._gathered.training_set, features, None, self._listener)
        if len(gathered.features) != len(self._gathered.features):
            problem = "a video that was decoded before cannot be decoded any more"
            raise UsageError("--tune-encoder", problem, "leave it out of the table")
        return Tuned(gathered, facts, tuning)

    def _tail(self) -> EncoderTail:
        return EncoderTail(self._features.recipe.encoder, self._options.tune_encoder or 0)


def refuse_untunable(training_set: TrainingSet, options: TrainOptions, init: Model | None) -> None:
    """Refuse to tune an encoder where there is none, or where it is not known which.

    Raises:
        UsageError: it cannot be done.
    """
    if options.tune_encoder is None:
        return
    if training_set.features is not None:
        problem = "features were made by an encoder that is not there"
        raise UsageError("--tune-encoder", problem, "give videos in place of files of features")
    if init is not None:
        problem = "starts from the published encoder, and the heads of --init were taught by another"
        raise UsageError("--tune-encoder", problem, "leave --init or --tune-encoder out")
