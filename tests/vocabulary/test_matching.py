"""Which classes stand for a label: by a table made here, and by the encoders of text on names that people use."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vidlabel.features.encoders.text_encoders import NGRAMS, resolve_text_encoder
from vidlabel.vocabulary.class_names import ClassNames
from vidlabel.vocabulary.matching import match_label, match_labels


def made_names() -> ClassNames:
    """Three objects and two sounds; `pet` is another word for two of the objects."""
    pairs = {"objects": np.array([[0, 0], [0, 2], [1, 1], [1, 2], [2, 3]]), "sounds": np.array([[0, 4], [1, 1]])}
    return ClassNames(
        names=("tabby", "dog", "pet", "car", "bark"),
        titles={"objects": ("tabby", "dog", "car"), "sounds": ("bark", "dog")},
        pairs={"objects": pairs["objects"].astype(np.int32), "sounds": pairs["sounds"].astype(np.int32)},
        minilm=np.zeros((5, 384), np.float32),
    )


def test_a_class_is_as_near_as_its_nearest_name_and_weighs_by_its_distance_from_the_best() -> None:
    similarities = np.array([0.1, 0.9, 0.85, 0.2, 0.5], np.float32)
    found = match_label("puppy", similarities, made_names(), 0.7)
    assert [(one.source, one.title, round(one.similarity, 2)) for one in found.classes] == [
        ("objects", "dog", 0.9),
        ("sounds", "dog", 0.9),
        ("objects", "tabby", 0.85),
    ]
    # 0.05 below the best: 1/e. The bark, 0.4 below, would weigh 0.0003, and is left out.
    assert [one.weight for one in found.classes] == pytest.approx([1, 1, math.exp(-1)], rel=1e-5)


def test_a_label_near_nothing_has_no_class_and_names_the_nearest() -> None:
    found = match_label("falls", np.array([0.1, 0.3, 0.2, 0.69, 0.5], np.float32), made_names(), 0.7)
    assert found.classes == ()
    assert (found.nearest.title, round(found.nearest.similarity, 2)) == ("car", 0.69)


def test_the_sentence_encoder_finds_what_people_mean() -> None:
    labels = (
        "a dog barks",
        "puppy",
        "the Persian cat",
        "a bottle of water",
        "crying baby",
        "a person falls",
        "gunshot",
    )
    matches = {match.label: match for match in match_labels(labels, ClassNames.load())}
    first = {label: match.classes[0].title if match.classes else None for label, match in matches.items()}
    assert first["a dog barks"] == "Bark"
    assert first["a bottle of water"] == "water bottle"
    assert first["the Persian cat"] == "Persian cat"  # whose own `an` stays
    assert first["crying baby"] == "Baby cry, infant cry"
    assert first["gunshot"] == "Gunshot, gunfire"
    assert first["a person falls"] is None
    puppy = [one for one in matches["puppy"].classes if one.source == "objects"]
    assert len(puppy) >= 118
    assert {"Chihuahua", "Great Dane"} <= {one.title for one in puppy}


def test_ngrams_find_the_same_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidlabel.features.encoders.text_encoders.is_minilm_installed", lambda: False)
    assert resolve_text_encoder("auto") == NGRAMS
    bottle, puppy = match_labels(("a water bottle", "puppy"), ClassNames.load())
    assert [one.title for one in bottle.classes] == ["water bottle"]
    assert puppy.classes == ()  # `mud puppy`, a salamander, looks alike
