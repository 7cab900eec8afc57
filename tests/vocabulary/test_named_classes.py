"""Labels in words on a video: what they are found by, and that it is what the shipped models see and hear."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest

import vidlabel
from vidlabel.errors import UsageError
from vidlabel.features.encoders.minilm import MinilmEmbedder
from vidlabel.features.encoders.shipped_weights import CLASS_NAMES
from vidlabel.labels.result import Result
from vidlabel.vocabulary import named_classes
from vidlabel.vocabulary.class_names import ClassNames
from vidlabel.vocabulary.named_classes import load_named_classes, match_names

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "speech-and-music.mp4"

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")


def rows(name: str) -> list[dict[str, str]]:
    with (REPOSITORY / "weights" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scores_of(result: Result, model: str) -> dict[str, list[float]]:
    (scores,) = (scores for scores in result.scores if scores.model == model)
    return {label: scores.values[:, column].tolist() for column, label in enumerate(scores.labels)}


def test_the_shipped_names_are_those_of_the_tables() -> None:
    names = ClassNames.load()
    assert names.titles["objects"] == tuple(row["name"] for row in rows("imagenet_classes.csv"))
    assert names.titles["sounds"] == tuple(row["name"] for row in rows("audioset_classes.csv"))
    own = [[] for _ in range(1000)]  # type: list[list[str]]
    for number, name in names.pairs["objects"].tolist():
        own[number].append(names.names[name])
    for row, found in zip(rows("imagenet_classes.csv"), own, strict=True):
        assert row["name"] in found
        assert row["group"] in {*found, "other object", "group", "person", "structure"}
    assert hashlib.sha256(CLASS_NAMES.path.read_bytes()).hexdigest() == CLASS_NAMES.sha256


def test_their_vectors_are_those_of_the_encoder_to_eight_bits(minilm: MinilmEmbedder) -> None:
    names = ClassNames.load()
    for name in ("water bottle", "Bark"):
        exact = minilm.embed(name)
        assert np.abs(names.minilm[names.names.index(name)] - exact).max() <= np.abs(exact).max() / 250


def test_labels_score_as_the_classes_that_they_name() -> None:
    """In one reading with the shipped models, whose own scores are computed from their own files."""
    labels = ("speech", "music", "water bottle", "bottle", "a person falls")
    with pytest.warns(UserWarning, match="no class resembles 'a person falls'"):
        result = vidlabel.predict(EXAMPLE, ("objects", "sounds"), labels=labels, scores=True, start=5, end=8)
    found, objects, sounds = (scores_of(result, name) for name in ("labels", "objects", "sounds"))
    assert found["speech"] == pytest.approx(sounds["speech"], abs=1e-6)
    assert found["music"] == pytest.approx(sounds["music"], abs=1e-6)
    assert found["water bottle"] == pytest.approx(objects["water bottle"], abs=1e-6)
    bottles = [row["name"] for row in rows("imagenet_classes.csv") if row["group"] == "bottle"]
    assert len(bottles) == 7
    assert found["bottle"] == pytest.approx(np.sum([objects[name] for name in bottles], axis=0), abs=1e-6)
    assert set(found["a person falls"]) == {0.0}
    assert [(one.start, one.end) for one in result.segments if one.label == "speech" and one.model == "labels"] == [
        (one.start, one.end) for one in result.segments if one.label == "speech" and one.model == "sounds"
    ]
    described = {own.label: own for own in result.models[-1].classes}
    assert described["bottle"].count == 7
    assert described["a person falls"].classes == ()


def test_only_the_streams_that_labels_need_are_read() -> None:
    result = vidlabel.predict(EXAMPLE, labels=["a dog barks"], start=5, end=7)
    assert [(model.name, model.streams) for model in result.models] == [("labels", ("audio",))]
    assert load_named_classes(("water bottle",)).spec.stream_names == ("frames",)


def test_labels_near_nothing_alone_are_refused() -> None:
    with pytest.raises(UsageError, match="no class resembles 'a person falls', 'politics'"):
        match_names(("a person falls", "politics"))


def test_a_thousand_labels_near_nothing_do_not_make_a_thousand_warnings() -> None:
    labels = ("dog", *(f"politics {number}" for number in range(999)))
    lines, warnings = named_classes.describe_names(match_names(labels))
    assert len(lines) == 2
    assert len(warnings) == 11
    assert warnings[-1] == "labels: of 1000, 989 more resemble no class: they will not be found"


def test_the_digest_stands_for_labels_and_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_named_classes(("dog", "car")).sha256
    others = {load_named_classes(("car", "dog")).sha256, load_named_classes(("dog",)).sha256}
    monkeypatch.setattr("vidlabel.features.encoders.text_encoders.is_minilm_installed", lambda: False)
    match_names.cache_clear()
    others.add(load_named_classes(("dog", "car")).sha256)
    match_names.cache_clear()
    assert len({first, *others}) == 4
    assert "only words that look alike" in named_classes.describe_names(())[1][0]
