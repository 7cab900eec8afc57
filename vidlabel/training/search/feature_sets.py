"""The features of all clips at the rates and with the encoders that are tried.

What was computed at the highest rate is thinned for lower ones where that gives the same samples; streams whose
features depend on earlier samples are computed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vidlabel.errors import InputError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import hardware_of
from vidlabel.features.streams.pictures import EncodedAlone, PictureStream
from vidlabel.features.streams.registry import find_stream
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.training.dataset.examples import TrainingSet
from vidlabel.training.dataset.feature_dataset import (
    ExampleFeatures,
    FeatureDataset,
    FeatureFacts,
    first_view,
    select_streams,
    subset,
)
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.features import FeatureListener, extract_features, training_blocks, video_features
from vidlabel.training.fitting.inner_cv import InnerFold, inner_folds, learn_inner_whitenings
from vidlabel.training.fitting.tensors import fill_first_motion, learn_whitening
from vidlabel.training.fitting.whitening import Whitening, WhiteningMemory
from vidlabel.training.options import TrainOptions

THINNINGS = (1, 2, 4)
"""The rates that are tried: the highest one divided by these."""
LEAST_RATE = 0.5
"""Samples per second."""
LEAST_SAMPLES = 4
"""In a clip of the usual length."""
_ROUNDING_SAMPLES = 1e-3
"""Share of a sample that times may lie too early by rounding."""


def thinned(dataset: FeatureDataset, rate: float) -> FeatureDataset:
    """The samples that a lower rate has, which divides the rate of the dataset.

    A sample is the first frame at or after a multiple of 1 / rate, so that those of a divisor are among them. Files of
    features count from their first sample on.
    """
    from_first = dataset.training_set.features is not None
    features = tuple(_thinned_clip(clip, rate, from_first=from_first) for clip in dataset.features)
    return replace(dataset, features=features)


def _thinned_clip(clip: ExampleFeatures, rate: float, *, from_first: bool) -> ExampleFeatures:
    kept = kept_samples(clip.times - (clip.times[0] if from_first else 0.0), rate)
    return replace(clip, times=clip.times[kept], views=tuple(view[kept] for view in clip.views))


def kept_samples(times: npt.NDArray[np.float64], rate: float) -> npt.NDArray[np.intp]:
    """Which of some samples (T,) in seconds are samples of a lower rate, too."""
    targets = np.floor(times * rate + _ROUNDING_SAMPLES)
    return np.flatnonzero(np.diff(targets, prepend=-1.0) > 0)


@dataclass(frozen=True, slots=True, eq=False)
class FoldedFeatures:
    """Features of some clips at one rate, with what was learnt of them before any head."""

    dataset: FeatureDataset
    """With the first motion filled in."""
    facts: FeatureFacts
    whitening: Whitening
    folds: tuple[InnerFold, ...]
    memory: WhiteningMemory

    def select(self, streams: Sequence[str]) -> FoldedFeatures:
        """The same of some streams alone."""
        names = [name for name in self.dataset.stream_names if name in streams]
        numbers = [self.dataset.stream_names.index(name) for name in names]
        folds = tuple(InnerFold(inner.fold, inner.whitening.select(numbers)) for inner in self.folds)
        dataset = select_streams(self.dataset, names)
        return FoldedFeatures(dataset, self.facts, self.whitening.select(numbers), folds, self.memory)


class FeatureSets:
    """Features of all clips, each kind computed when it is first asked for.

    Args:
        full: at the highest rate and with the first encoder.
        facts: how these were made.
        candidates: how features are made with each encoder, the first one's first; without pictures that alone counts.
    """

    def __init__(self, full: FeatureDataset, facts: FeatureFacts, candidates: Sequence[FeatureOptions]) -> None:
        self.full, self.facts = full, facts
        of_files = full.training_set.features is not None
        kinds = set() if of_files else {find_stream(name).encoder_kind for name in full.stream_names}
        tried = candidates if PictureStream.encoder_kind in kinds else candidates[:1]
        self.candidates = {"" if of_files else own.encoder or own.config.encoder: own for own in tried}
        """How features are made with each encoder that can be tried, by its name; of files of features, it is empty."""
        self._found: dict[tuple[str, float, bool], FeatureDataset] = {
            (self.encoders[0], self.facts.rate, False): self.full
        }

    @staticmethod
    def extract(
        training_set: TrainingSet, candidates: Sequence[FeatureOptions], listener: FeatureListener
    ) -> FeatureSets:
        """The features of some clips as `train` has them.

        Raises:
            InputError, UsageError, InstallationError: as `extract_features`.
            DeviceError: there is no GPU.
        """
        for options in candidates if training_set.features is None else ():
            hardware_of(options.config, options.device)  # before hours of decoding for the first one
        return FeatureSets(*extract_features(training_set, candidates[0], None, listener), candidates)

    @property
    def encoders(self) -> tuple[str, ...]:
        """The names of those that can be tried."""
        return tuple(self.candidates)

    @property
    def encoder_digests(self) -> tuple[tuple[str, str, str], ...]:
        """Name, SHA-256 of the weights, and that of the tuned ones among them."""
        configs = {name: options.config for name, options in self.candidates.items()}
        return tuple(
            (name, config.network.sha256, "" if config.tuned is None else config.tuned.sha256)
            for name, config in configs.items()
        )

    def facts_of(self, encoder: str, rate: float) -> FeatureFacts:
        """How the features that `get` gives were made."""
        return replace(self.facts, rate=rate, tuned=self.candidates[encoder].config.tuned)

    @property
    def rates(self) -> tuple[float, ...]:
        """That can be tried, the highest first."""
        usual = float(np.median([len(clip.times) for clip in self.full.features]))
        rate = self.facts.rate
        kept = [step for step in THINNINGS[1:] if rate / step >= LEAST_RATE and usual / step >= LEAST_SAMPLES]
        return (rate, *(rate / step for step in kept))

    def get(self, encoder: str, rate: float, streams: Sequence[str], listener: FeatureListener) -> FeatureDataset:
        """The features of all clips: of these streams at least.

        Raises:
            InputError: a clip cannot be read now that could be read before.
        """
        anew = self._depend_on_rate(streams) if rate < self.facts.rate else []
        key = (encoder, rate, bool(anew))
        if key not in self._found:
            self._found[key] = self._computed(encoder, rate, anew, listener)
        return self._found[key]

    def _depend_on_rate(self, streams: Sequence[str]) -> list[str]:
        """Those of some streams whose features depend on the samples before."""
        if self.full.training_set.features is not None:
            return []
        return [name for name in streams if not isinstance(find_stream(name).start(), EncodedAlone)]

    def _computed(self, encoder: str, rate: float, anew: Sequence[str], listener: FeatureListener) -> FeatureDataset:
        if rate == self.facts.rate:
            return self._extracted(encoder, listener)
        low = thinned(self.get(encoder, self.facts.rate, (), listener), rate)
        if not anew:
            return low
        options = self.candidates[encoder]
        cache = FeatureCache(cache_folder(options.cache))
        blocks = training_blocks(anew)
        extractor = FeatureExtractor(replace(options.config, rate=rate), blocks, cache, options.device)
        own = video_features(self.full.training_set, extractor, listener)
        self._check_same(own)
        return _with_streams(low, own)

    def _extracted(self, encoder: str, listener: FeatureListener) -> FeatureDataset:
        options = replace(self.candidates[encoder], streams=self.full.stream_names)
        dataset, _ = extract_features(self.full.training_set, options, None, listener)
        self._check_same(dataset)
        return dataset

    def _check_same(self, dataset: FeatureDataset) -> None:
        lost = dataset.training_set.unusable[len(self.full.training_set.unusable) :]
        if lost:
            raise InputError(lost[0].video, "could be read before, and cannot be read now", "look at the file")


def _with_streams(dataset: FeatureDataset, others: FeatureDataset) -> FeatureDataset:
    """The same with some streams replaced.

    Raises:
        InputError: the samples differ, as they may where a damaged file was read to another place.
    """
    features = []
    pairs = zip(dataset.training_set.examples, dataset.features, others.features, strict=True)
    for example, clip, other in pairs:
        if not np.array_equal(clip.times, other.times):
            raise InputError(example.video, "has other samples when it is read anew", "look at the file")
        views = []
        for number, view in enumerate(clip.views):
            filled = view.copy()
            for name, columns in others.columns.items():
                filled[:, dataset.columns[name]] = other.views[number][:, columns]
            views.append(filled)
        features.append(replace(clip, views=tuple(views)))
    return replace(dataset, features=tuple(features))


def fold_features(
    dataset: FeatureDataset, facts: FeatureFacts, clips: Sequence[int], options: TrainOptions, *, mirrored: bool
) -> FoldedFeatures:
    """Split some of the clips into folds by group, and learn the whitening of each.

    Args:
        dataset: all clips.
        facts: how their features were made.
        clips: those that may be learnt from.
        options: with the number of folds, and the seed that splits.
        mirrored: whether mirrored pictures are learnt from, too.
    """
    own = subset(dataset, clips)
    own = fill_first_motion(own if mirrored else first_view(own))
    memory = WhiteningMemory()
    folds = learn_inner_whitenings(own, inner_folds(own.training_set.examples, options), memory)
    return FoldedFeatures(own, facts, learn_whitening(own, memory=memory), tuple(folds), memory)
