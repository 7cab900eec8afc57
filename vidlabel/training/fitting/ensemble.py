"""From trained heads to a model: its members, decision rules and description.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from vidlabel.heads.config import MemberSpec
from vidlabel.heads.model import Network
from vidlabel.heads.recurrent import Head
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec
from vidlabel.training.dataset.examples import BACKGROUND
from vidlabel.training.dataset.feature_dataset import (
    AvailableFeatures,
    ExampleFeatures,
    FeatureDataset,
    FeatureFacts,
    is_whole,
)
from vidlabel.training.fitting.calibration import Validation
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.mixture import Mixture, even_mixture, member_weights
from vidlabel.training.fitting.plans import MemberKind, MemberPlan
from vidlabel.training.fitting.thresholds import (
    UNKNOWN_FOOTAGE,
    DecisionRule,
    HeldOutClip,
    Scores,
    best_minimum_durations,
    best_thresholds,
    clip_minimum_durations,
)
from vidlabel.training.options import TrainOptions

UNDECIDED = 0.5
"""Threshold of labels of their own where no clips could be held out."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedMember:
    """A head that has learnt."""

    plan: MemberPlan
    head: Head
    history: tuple[EpochFigures, ...]

    @property
    def knows_background(self) -> bool:
        """Whether background is its last output."""
        return self.plan.form == "background"


def calibrated_members(trained: Sequence[TrainedMember], mixture: Mixture) -> list[MemberSpec]:
    """The members of a model, with the shares and temperatures of their kinds.

    Args:
        trained: the heads.
        mixture: of the kinds that distinguish the labels; background is known evenly by all that know it.
    """
    background = even_mixture(dict.fromkeys(one.plan.kind for one in trained if one.knows_background))
    shares = {**mixture.shares, **background.shares}
    temperatures = {**mixture.temperatures, **background.temperatures}
    plans = [one.plan for one in trained]
    weights = member_weights([plan.kind for plan in plans], shares)
    return [plan.member(weight, temperatures[plan.kind]) for plan, weight in zip(plans, weights, strict=True)]


def decide(dataset: FeatureDataset, validation: Validation | None, *, knows_background: bool) -> DecisionRule:
    """Thresholds and minimum durations of the labels; none of the latter where nothing was held out to choose them on.

    Args:
        dataset: what was learnt from.
        validation: scores of clips that were not.
        knows_background: whether there are heads that learnt background without examples of it.
    """
    training_set = dataset.training_set
    labels, background = training_set.labels, training_set.background
    if training_set.task == "single":
        thresholds = (UNKNOWN_FOOTAGE if knows_background else 0.0,) * len(labels)
    elif validation is None:
        thresholds = (UNDECIDED,) * len(labels)
    else:
        thresholds = best_thresholds(validation.scores, validation.targets, validation.mask)
    if is_whole(dataset):
        durations = clip_minimum_durations(dataset, labels)
    elif validation is None:
        durations = (0.0,) * len(labels)
    else:
        durations = best_minimum_durations(
            _tested(dataset, validation), labels, thresholds, training_set.task, background
        )
    return DecisionRule(thresholds, durations)


def with_durations_as_learnt(network: Network, dataset: FeatureDataset) -> Network:
    """The same model with minimum durations chosen on the very videos that it learnt from, for want of others.

    Args:
        network: of labels with times.
        dataset: what it learnt from.
    """
    spec = network.spec
    pairs = zip(dataset.training_set.examples, dataset.features, strict=True)
    predicted = [
        HeldOutClip(example, features.times, _scores(network, features))
        for example, features in pairs
        if network.spec.can_score(set(network.spec.stream_names).difference(features.missing))
    ]
    durations = best_minimum_durations(predicted, spec.labels, spec.thresholds, spec.task, spec.background)
    return replace(network, spec=replace(spec, minimum_durations_s=durations))


def member_histories(
    trained: Sequence[TrainedMember], validation: Mapping[MemberKind, tuple[EpochFigures, ...]]
) -> Mapping[str, tuple[EpochFigures, ...]]:
    """Epochs of the heads by their names, and by kind, as `validation ...`, the means of the inner cross-validation."""
    means = {f"validation {kind}": own for kind, own in validation.items()}
    return {one.plan.name: one.history for one in trained} | means


def _scores(network: Network, features: ExampleFeatures) -> Scores:
    available = AvailableFeatures.of(features, network.spec.streams)
    scorer = make_scorer(network, available=available.streams)
    return np.concatenate([scorer.push(available.values), scorer.finish()])


def _tested(dataset: FeatureDataset, validation: Validation) -> list[HeldOutClip]:
    scores = np.split(validation.scores, np.cumsum(validation.rows_of_clip)[:-1])
    return [
        HeldOutClip(dataset.training_set.examples[clip], dataset.features[clip].times, own)
        for clip, own in zip(validation.clips, scores, strict=True)
    ]


def build_spec(
    dataset: FeatureDataset,
    facts: FeatureFacts,
    options: TrainOptions,
    members: Sequence[MemberSpec],
    decisions: DecisionRule,
    window_s: float,
    validation: Validation | None,
    histories: Mapping[str, tuple[EpochFigures, ...]],
    projected_sizes: Sequence[int],
) -> ModelSpec:
    """Make the description of the model, without its name, origin and licence.

    Args:
        dataset: what was learnt from, of the streams that were chosen.
        facts: how its features were made.
        options: how it was trained.
        members: of the model.
        decisions: of its labels, without the background that was learnt without examples.
        window_s: length of the windows, if a member needs them.
        validation: its figures.
        histories: epochs of the members, by their names.
        projected_sizes: inputs of each stream.
    """
    training_set = dataset.training_set
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
        streams=dataset.streams,
        decoder=_usual_decoder(dataset),
        rate=facts.rate,
        thresholds=thresholds,
        minimum_durations_s=durations,
        licence="",
        created="",
        background=background,
        projected_sizes=tuple(projected_sizes),
        window_s=window_s if any(member.needs_window for member in members) else None,
        metrics=_metrics(validation),
        data=_data_summary(dataset),
        training={"options": asdict(options), "mirrored": dataset.mirrored, "history": _history(histories)},
    )


def _usual_decoder(dataset: FeatureDataset) -> str:
    """The library that decoded most clips; why it was chosen stands after a colon."""
    names = Counter(clip.decoder.partition(":")[0].strip() for clip in dataset.features)
    return names.most_common(1)[0][0] or "unknown"


def _metrics(validation: Validation | None) -> dict[str, object]:
    if validation is None:
        return {}
    figures: dict[str, object] = {
        "split": _split(validation),
        "accuracy": round(validation.accuracy, 4),
        "calibration_error": round(validation.calibration_error, 4),
        "baselines": {
            "mean": round(validation.baseline_accuracy, 4),
            "majority": round(validation.majority_accuracy, 4),
        },
    }
    if validation.stream_accuracies:
        figures["streams"] = {name: round(share, 4) for name, share in validation.stream_accuracies.items()}
    return {"validation": figures}


def _split(validation: Validation) -> str:
    if validation.folds == 1:
        return f"{len(validation.clips)} clips of groups held out, of the clips that were trained on afterwards"
    return f"{validation.folds} folds by group, of the clips that were trained on afterwards"


def _data_summary(dataset: FeatureDataset) -> dict[str, object]:
    examples = dataset.training_set.examples
    return {
        "clips": len(examples),
        "groups": len({example.group for example in examples}),
        "seconds": round(sum(example.duration_s for example in examples), 3),
        "clips_of_label": {
            label: sum(label in example.labels for example in examples) for label in dataset.training_set.labels
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
