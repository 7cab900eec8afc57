"""The shipped models `objects` and `objects-coarse`: their numbers, their names, what they say about a video."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import vidlabel
from video.in_process import open_samples
from vidlabel.features.encoders.frame_encoder import Encoder, load_classifier, load_encoder
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.video.request import SampleRequest

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")

REPOSITORY = Path(__file__).parents[2]
WEIGHTS = REPOSITORY / "weights"
BOTTLES = REPOSITORY / "examples" / "bottle-detection.mp4"

Array = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def fine() -> Model:
    return load_model("objects")


@pytest.fixture(scope="module")
def coarse() -> Model:
    return load_model("objects-coarse")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="module")
def classes() -> list[dict[str, str]]:
    with (WEIGHTS / "imagenet_classes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def some_features(samples: int = 70) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).exponential(0.3, (samples, 1280)).astype(np.float32)


def scores(model: Model, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    scorer = make_scorer(model)
    return np.concatenate([scorer.push(features), scorer.finish()])


def expected_probabilities(features: npt.NDArray[np.float32]) -> Array:
    """Moving average, published classifier, temperature and softmax in plain NumPy and float64."""
    classifier = load_classifier()
    averages = [features[0].astype(np.float64)]
    for feature in features[1:]:
        averages.append(0.3 * feature + 0.7 * averages[-1])
    logits = (np.stack(averages) @ classifier.weight.T.astype(np.float64) + classifier.bias) / 0.65
    exponentials: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


def test_scores_are_the_published_classifier_over_a_moving_average(fine: Model) -> None:
    features = some_features()
    np.testing.assert_allclose(scores(fine, features), expected_probabilities(features), rtol=0, atol=5e-4)


def test_probabilities_sum_to_one(fine: Model, coarse: Model) -> None:
    for model in (fine, coarse):
        np.testing.assert_allclose(scores(model, some_features()).sum(axis=1), 1, atol=1e-5)


def test_a_group_has_the_probability_of_its_classes_together(
    fine: Model, coarse: Model, classes: list[dict[str, str]]
) -> None:
    features = some_features()
    single, together = scores(fine, features), scores(coarse, features)
    for column, group in enumerate(coarse.spec.labels):
        members = [index for index, row in enumerate(classes) if row["group"] == group]
        np.testing.assert_allclose(together[:, column], single[:, members].sum(axis=1), atol=1e-5)


def test_every_class_has_one_name_and_one_group(fine: Model, coarse: Model, classes: list[dict[str, str]]) -> None:
    assert [row["index"] for row in classes] == [str(index) for index in range(1000)]
    assert fine.spec.labels == tuple(row["name"] for row in classes)
    assert len({name.casefold() for name in fine.spec.labels}) == 1000
    assert set(coarse.spec.labels) == {row["group"] for row in classes}


def test_classes_stand_in_the_order_of_ilsvrc() -> None:
    """It is the order of the ids; some well-known places, as published by ILSVRC 2012."""
    with (WEIGHTS / "imagenet_classes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ids = [row["wnid"] for row in rows]
    assert ids == sorted(set(ids))
    known = {0: "n01440764", 207: "n02099601", 281: "n02123045", 817: "n04285008", 898: "n04557648", 999: "n15075141"}
    assert {index: ids[index] for index in known} == known


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("golden retriever", "dog"),
        ("tabby", "cat"),
        ("timber wolf", "wild dog"),
        ("sports car", "car"),
        ("school bus", "bus"),
        ("steam locomotive", "train"),
        ("airliner", "aircraft"),
        ("canoe", "boat or ship"),
        ("water bottle", "bottle"),
        ("banana", "fruit"),
        ("pizza", "food"),
        ("violin", "musical instrument"),
        ("rocking chair", "seat"),
        ("goldfish", "fish"),
        ("king penguin", "water bird"),
    ],
)
def test_classes_are_in_the_group_that_people_would_put_them(
    classes: list[dict[str, str]], name: str, group: str
) -> None:
    assert [row["group"] for row in classes if row["name"] == name] == [group]


def test_what_has_no_group_is_never_shown(coarse: Model) -> None:
    assert coarse.spec.background is not None
    assert coarse.spec.labels[coarse.spec.background] == "other object"


def test_frames_of_bottles_are_bottles(encoder: Encoder) -> None:
    """The classifier's first choice for single frames, without smoothing."""
    classifier = load_classifier()
    with open_samples(BOTTLES, SampleRequest(rate=0.2)) as stream:
        frames = np.stack([sample.rgb for sample in stream])
    best = (encoder.encode(frames) @ classifier.weight.T + classifier.bias).argmax(axis=1)
    assert len(best) == 8
    assert (best == 898).sum() >= 5  # 898: water bottle


@pytest.mark.slow
def test_bottles_are_seen_for_the_whole_clip() -> None:
    """What `objects` sees there is what the first example of the command line shows."""
    segments = vidlabel.predict(str(BOTTLES), model="objects-coarse").segments
    assert {segment.label for segment in segments} == {"bottle"}
    assert sum(segment.end - segment.start for segment in segments) > 35


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_an_empty_picture_has_no_label(fine: Model, encoder: Encoder, colour: int) -> None:
    features = encoder.encode(np.full((4, 224, 398, 3), colour, np.uint8))
    assert scores(fine, features).max() < fine.spec.thresholds[0]


def test_the_files_are_what_their_script_builds(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(WEIGHTS / "build_objects.py"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    for name in ("objects.safetensors", "objects-coarse.safetensors"):
        assert (tmp_path / name).read_bytes() == (WEIGHTS / name).read_bytes()
