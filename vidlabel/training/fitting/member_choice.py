"""Which kinds of head a model has, and what each of its streams gives alone, by the inner cross-validation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting.calibration import HeldOutLogits, right_share
from vidlabel.training.fitting.mixture import Mixture, average_mixture, fit_mixture, groups_of_rows, mixture_scores
from vidlabel.training.fitting.plans import Member, MemberKind


def kinds_of(members: Sequence[Member]) -> list[MemberKind]:
    """The kinds of some members, each once, in their order."""
    return list(dict.fromkeys(member.plan.kind for member in members))


def usual_kinds(members: Sequence[Member]) -> set[MemberKind]:
    """The kinds that models of one stream have, or all where there are none of these."""
    return {"recurrent", "linear"}.intersection(kinds_of(members)) or set(kinds_of(members))


def one_of_each(members: Sequence[Member]) -> list[Member]:
    """Heads that differ by their random start alone are alike: one of them is enough to calibrate all."""
    return list({member.plan.kind: member for member in reversed(members)}.values())[::-1]


def best_mixture(dataset: FeatureDataset, outcome: HeldOutLogits, kinds: Sequence[MemberKind]) -> Mixture | None:
    """The mixture of kinds that a model of several streams has: see `average_mixture`.

    Args:
        dataset: with the streams that there are.
        outcome: logits for clips that the heads were not trained on.
        kinds: of all candidates; those without held-out logits cannot be chosen.

    Returns:
        None where no clip that was held out has a stream of those that were learnt from.
    """
    known = [kind for kind in kinds if kind in outcome.logits and outcome.speaks(kind).any()]
    groups, task = groups_of_rows(dataset, outcome), dataset.training_set.task
    return average_mixture(outcome, known, groups, task) if known else None


def stream_accuracies(dataset: FeatureDataset, outcome: HeldOutLogits) -> dict[str, float]:
    """What the heads of each stream alone get right, of the rows of clips that have it; empty for one stream."""
    found, task = {}, dataset.training_set.task
    for stream in dataset.stream_names:
        kinds = [kind for kind in _kinds_of_stream(outcome.logits, stream) if outcome.speaks(kind).any()]
        if kinds:
            scores = mixture_scores(outcome, fit_mixture(outcome, kinds, task), task)
            found[stream] = right_share(outcome, scores, outcome.speaks(kinds[0]), task)
    return found


def _kinds_of_stream(kinds: Iterable[MemberKind], stream: str) -> list[MemberKind]:
    return [kind for kind in kinds if kind.endswith(f" {stream}")]
