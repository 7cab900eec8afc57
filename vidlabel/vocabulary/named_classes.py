"""Labels without a model of pictures and words: through the names of the classes that shipped classifiers know."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from vidlabel.errors import UsageError
from vidlabel.features.encoders.shipped_weights import CLASS_NAMES
from vidlabel.features.encoders.sound_encoder import load_sound_classifier
from vidlabel.features.encoders.text_encoders import MINILM, resolve_text_encoder
from vidlabel.heads.config import MemberSpec
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import LabelClass, LabelClasses
from vidlabel.stream_spec import StreamSpec
from vidlabel.vocabulary.class_names import ClassNames, ClassSource
from vidlabel.vocabulary.class_scores import ClassWeights, ExclusiveClasses, LabelScores, OverlappingClasses
from vidlabel.vocabulary.matching import (
    LEAST_SIMILARITY,
    LEAST_WEIGHT,
    SIMILARITY_SCALE,
    LabelMatch,
    MatchedClass,
    match_labels,
)
from vidlabel.vocabulary.model import NAME, VocabularyModel

THRESHOLD = 0.5
"""That of `objects-coarse` and `sounds`."""
ONE_OBJECT_THRESHOLD = 0.4
"""Of a label that one object stands for: that of `objects`. Sums over many small probabilities rise without cause."""
MOST_SHOWN = 10
"""Classes of a label that a result names; an animal is 399."""
MOST_WARNED = 10
"""Labels that resemble no class and have a warning of their own."""
REMEDY = "name things to see or sounds to hear, in English"


@functools.lru_cache(maxsize=1)
def match_names(labels: tuple[str, ...]) -> tuple[LabelMatch, ...]:
    """The classes that stand for labels; kept, since a run asks once to show them and once to use them.

    Raises:
        UsageError: no class stands for any of them.
        InstallationError: the names or the encoder of text are damaged.
    """
    matches = match_labels(labels, ClassNames.load())
    if not any(match.classes for match in matches):
        lost = ", ".join(repr(label) for label in labels[:3]) + (" and others" if len(labels) > 3 else "")
        raise UsageError("--labels", f"no class resembles {lost}", REMEDY)
    return matches


def load_named_classes(labels: tuple[str, ...]) -> VocabularyModel:
    """A model of labels in words, by the names of the classes of `objects` and `sounds`.

    Raises:
        UsageError: no class stands for any of the labels.
        InstallationError: what it is made of is missing or damaged.
    """
    matches = match_names(labels)
    used = [source for source in _SOURCES if any(one.source == source for match in matches for one in match.classes)]
    models: dict[ClassSource, Model] = {source: load_model(source) for source in used}
    streams = {source: model.spec.streams[0] for source, model in models.items()}
    heads, scores = zip(*(_SOURCES[source](matches, models[source]) for source in used), strict=True)
    return VocabularyModel(
        spec=_spec(matches, models, streams),
        heads=heads,
        projections=(),
        path=CLASS_NAMES.path,
        sha256=_digest(labels, [model.sha256 for model in models.values()]),
        label_scores=scores,
        label_streams=tuple(frozenset(streams[one.source].name for one in match.classes) for match in matches),
        label_classes=tuple(_shown_classes(match) for match in matches),
    )


def _object_scores(matches: Sequence[LabelMatch], objects: Model) -> tuple[NumpyHead, LabelScores]:
    (head,), (member,) = objects.heads, objects.spec.members
    weights = [_weights_of(_classes_of(match, "objects")) for match in matches]
    return head, ExclusiveClasses(weights, head.config.outputs, member.temperature)


def _sound_scores(matches: Sequence[LabelMatch], sounds: Model) -> tuple[NumpyHead, LabelScores]:
    """The shipped head has three rows of the classifier: these are those of the labels' classes."""
    own = [_classes_of(match, "sounds") for match in matches]
    rows = sorted({one.index for classes in own for one in classes})
    classifier = load_sound_classifier()
    config = replace(sounds.heads[0].config, outputs=len(rows))
    head = NumpyHead(config, {"output.weight": classifier.weight[rows], "output.bias": classifier.bias[rows]})
    places = {row: place for place, row in enumerate(rows)}
    weights = [_weights_of([replace(one, index=places[one.index]) for one in classes]) for classes in own]
    return head, OverlappingClasses(weights)


_SOURCES: Mapping[ClassSource, Callable[[Sequence[LabelMatch], Model], tuple[NumpyHead, LabelScores]]] = {
    "objects": _object_scores,
    "sounds": _sound_scores,
}
"""What makes the head and the scores of a source, in the order of the streams."""


def _classes_of(match: LabelMatch, source: ClassSource) -> list[MatchedClass]:
    return [one for one in match.classes if one.source == source]


def _weights_of(classes: Sequence[MatchedClass]) -> ClassWeights:
    return np.array([one.index for one in classes], np.intp), np.array([one.weight for one in classes], np.float32)


def _spec(
    matches: Sequence[LabelMatch], models: dict[ClassSource, Model], streams: dict[ClassSource, StreamSpec]
) -> ModelSpec:
    specs = [model.spec for model in models.values()]
    members = tuple(
        MemberSpec(head=replace(spec.members[0].head, outputs=len(matches)), streams=(streams[source].name,))
        for source, spec in zip(models, specs, strict=True)
    )
    return ModelSpec(
        name=NAME,
        description="Labels in words, by the names of the 1000 objects and 521 sounds that are known.",
        labels=tuple(match.label for match in matches),
        task="multi",
        members=members,
        streams=tuple(streams.values()),
        decoder=specs[0].decoder,
        rate=max(spec.rate for spec in specs),
        thresholds=tuple(_threshold(match) for match in matches),
        minimum_durations_s=tuple(_least_duration_s(match, models) for match in matches),
        licence=" ".join(spec.licence for spec in specs),
        created=max(spec.created for spec in specs),
    )


def _threshold(match: LabelMatch) -> float:
    is_one_object = len(match.classes) == 1 and match.classes[0].source == "objects"
    return ONE_OBJECT_THRESHOLD if is_one_object else THRESHOLD


def _least_duration_s(match: LabelMatch, models: dict[ClassSource, Model]) -> float:
    """That of the shipped models whose classes stand for the label: of things that make sounds, the longer one."""
    sources = {one.source for one in match.classes}
    return max((models[source].spec.minimum_durations_s[0] for source in sources), default=0.0)


def _shown_classes(match: LabelMatch) -> LabelClasses:
    shown = match.classes[:MOST_SHOWN]
    classes = tuple(LabelClass(one.title, one.source, round(one.similarity, 2), round(one.weight, 2)) for one in shown)
    return LabelClasses(match.label, len(match.classes), classes)


def _digest(labels: tuple[str, ...], models: Sequence[str]) -> str:
    """SHA-256 of all that the scores depend on beside the features."""
    encoder = resolve_text_encoder("auto")
    parts = [labels, encoder.sha256, CLASS_NAMES.sha256, models, LEAST_SIMILARITY[encoder.name]]
    text = json.dumps([*parts, SIMILARITY_SCALE, LEAST_WEIGHT, THRESHOLD, ONE_OBJECT_THRESHOLD], ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def describe_names(matches: Sequence[LabelMatch]) -> tuple[list[str], list[str]]:
    """What people have to know of labels that are found by names.

    Returns:
        Lines that say what stands for each label, and warnings of those that will not be found.
    """
    lines = ["labels are found by the names of 1000 objects and 521 sounds, and nothing else is known"]
    warnings = []
    if resolve_text_encoder("auto") != MINILM:
        warnings.append("labels: only words that look alike are matched; for meaning, pip install 'vidlabel[text]'")
    lines += [f"  {match.label}: {_listed(match.classes)}" for match in matches if match.classes]
    lost = [match for match in matches if not match.classes]
    for match in lost[:MOST_WARNED]:
        near = f"{match.nearest.title} at {match.nearest.similarity:.2f}"
        warnings.append(f"no class resembles {match.label!r} (nearest: {near}): it will not be found")
    if lost[MOST_WARNED:]:
        more = len(lost) - MOST_WARNED
        warnings.append(f"labels: of {len(matches)}, {more} more resemble no class: they will not be found")
    return lines, warnings


def _listed(classes: Sequence[MatchedClass]) -> str:
    """The first classes of each source."""
    parts = []
    for source in _SOURCES:
        own = [one for one in classes if one.source == source]
        if own:
            named = ", ".join(f"{one.title} {one.similarity:.2f}" for one in own[:3])
            parts.append(f"{source} {named}" + (f" and {len(own) - 3} more" if len(own) > 3 else ""))
    return "; ".join(parts)
