"""What a trained model says about itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.weights import PUBLISHED_SCALING, PixelScaling
from vidlabel.heads.config import MemberSpec
from vidlabel.heads.encoder_info import UNKNOWN, EncoderInfo, TensorInfo, TunedEncoder
from vidlabel.heads.spec import ModelSpec, Preprocessing, Stream
from vidlabel.training.dataset.examples import BACKGROUND
from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.thresholds import DecisionRule
from vidlabel.training.fitting.validation import Validation
from vidlabel.training.options import TrainOptions

UNKNOWN_ENCODER = EncoderInfo(name=UNKNOWN, sha256="0" * 64)
"""Of features that were made elsewhere: the model can score such features, and no videos."""

_STREAMS: tuple[Stream, ...] = ("frames", "motion", "audio", "text", "features")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFacts:
    """How the features were made that a model learns from, and must be given."""

    encoder: EncoderInfo
    preprocessing: Preprocessing
    rate: float
    """Samples per second."""
    lag_s: float | None
    """Of the motion stream."""
    tuned: FinetunedWeights | None = None
    """Of the encoder, where they are not the published ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """What came out of tuning."""

    weights: FinetunedWeights
    held_out: list[Fold]
    """One split: clips that the encoder was tuned on, and those that it was not. Empty where no group can be held out:
    then there is nothing that figures could come from."""
    histories: Mapping[str, tuple[EpochFigures, ...]]
    """Epochs of the encoder."""


def facts_of_recipe(recipe: FeatureConfig) -> FeatureFacts:
    """Of features of videos, seen in the square in the middle."""
    return FeatureFacts(
        encoder=_encoder_info(recipe),
        tuned=recipe.tuned,
        preprocessing=_preprocessing(recipe.short_side, recipe.scaling, whole=False),
        rate=recipe.rate,
        lag_s=recipe.lag_s,
    )


def facts_of_files(gathered: FeatureDataset) -> FeatureFacts:
    """Of files of features, as far as they say."""
    kind = gathered.training_set.features
    if kind is None:
        raise ValueError("these are videos")
    settings = kind.settings
    if settings is None:
        return FeatureFacts(
            encoder=UNKNOWN_ENCODER,
            preprocessing=_preprocessing(224, PUBLISHED_SCALING, whole=False),
            rate=kind.rate,
            lag_s=None,
        )
    return FeatureFacts(
        encoder=EncoderInfo(name=settings.encoder, sha256=settings.encoder_sha256),
        preprocessing=_preprocessing(settings.short_side, PUBLISHED_SCALING, whole=settings.view == "whole"),
        rate=kind.rate,
        lag_s=settings.lag_s,
    )


def build_spec(
    gathered: FeatureDataset,
    facts: FeatureFacts,
    options: TrainOptions,
    members: Sequence[MemberSpec],
    decisions: DecisionRule,
    window_s: float,
    validation: Validation | None,
    histories: Mapping[str, tuple[EpochFigures, ...]],
) -> ModelSpec:
    """All that the model file says, but for its name, origin and licence.

    Args:
        gathered: what was learnt from, of the streams that were chosen.
        facts: how its features were made.
        options: how it was trained.
        members: of the model.
        decisions: of its labels, without the background that was learnt without examples.
        window_s: length of the windows, if a member needs them.
        validation: its figures.
        histories: epochs of the members, by their names.
    """
    training_set = gathered.training_set
    labels, background = training_set.labels, training_set.background
    thresholds, durations = decisions.thresholds, decisions.minimum_durations_s
    if any(member.role == "background" for member in members):
        labels, background = (*labels, BACKGROUND), len(labels)
        thresholds, durations = (*thresholds, 0.0), (*durations, 0.0)
    return ModelSpec(
        name="trained",
        labels=labels,
        task=training_set.task,
        members=tuple(members),
        encoder=facts.encoder,
        preprocessing=facts.preprocessing,
        feature_size=gathered.width,
        streams=_model_streams(gathered.streams),
        stream_sizes=gathered.stream_sizes,
        decoder=_usual_decoder(gathered),
        rate=facts.rate,
        thresholds=thresholds,
        minimum_durations_s=durations,
        licence="",
        created="",
        lag_s=facts.lag_s if "motion" in gathered.streams else None,
        background=background,
        projection=True,
        window_s=window_s if any(member.needs_window for member in members) else None,
        metrics=_metrics(validation),
        data=_data_summary(gathered),
        training={"options": asdict(options), "mirrored": gathered.mirrored, "history": _history(histories)},
    )


def _encoder_info(recipe: FeatureConfig) -> EncoderInfo:
    tuned = None
    if recipe.tuned is not None:
        tensors = tuple(TensorInfo(name=n, shape=t.shape) for n, t in sorted(recipe.tuned.tensors.items()))
        tuned = TunedEncoder(blocks=recipe.tuned.blocks, sha256=recipe.tuned.sha256, tensors=tensors)
    return EncoderInfo(name=recipe.encoder, sha256=recipe.encoder_sha256, tuned=tuned)


def _usual_decoder(gathered: FeatureDataset) -> str:
    """The library that decoded most clips; why it was chosen stands after a colon."""
    names = Counter(clip.decoder.partition(":")[0].strip() for clip in gathered.features)
    return names.most_common(1)[0][0] or "unknown"


def _model_streams(names: Sequence[str]) -> tuple[Stream, ...]:
    found = tuple(stream for name in names for stream in _STREAMS if stream == name)
    if len(found) != len(names):
        raise UsageError("--streams", f"{', '.join(names)}: one of them is not known", f"use {', '.join(_STREAMS)}")
    return found


def _preprocessing(short_side: int, scaling: PixelScaling, *, whole: bool) -> Preprocessing:
    return Preprocessing(
        short_side=short_side,
        crop="none" if whole else "centre",
        mean=scaling.mean,
        scale=scaling.scale,
        resize_filter="bicubic",
    )


def _metrics(validation: Validation | None) -> dict[str, object]:
    if validation is None:
        return {}
    return {
        "validation": {
            "split": _split(validation),
            "accuracy": round(validation.accuracy, 4),
            "calibration_error": round(validation.calibration_error, 4),
            "baselines": {
                "mean": round(validation.baseline_accuracy, 4),
                "majority": round(validation.majority_accuracy, 4),
            },
        }
    }


def _split(validation: Validation) -> str:
    if validation.folds == 1:
        return f"{len(validation.clips)} clips of groups held out, of the clips that were trained on afterwards"
    return f"{validation.folds} folds by group, of the clips that were trained on afterwards"


def _data_summary(gathered: FeatureDataset) -> dict[str, object]:
    examples = gathered.training_set.examples
    return {
        "clips": len(examples),
        "groups": len({example.group for example in examples}),
        "seconds": round(sum(example.duration_s for example in examples), 3),
        "clips_of_label": {
            label: sum(label in example.labels for example in examples) for label in gathered.training_set.labels
        },
    }


def _history(histories: Mapping[str, tuple[EpochFigures, ...]]) -> dict[str, object]:
    return {
        name: {
            figure: [None if value is None else round(value, 5) for value in (getattr(e, figure) for e in epochs)]
            for figure in EpochFigures.__slots__
        }
        for name, epochs in histories.items()
    }
