"""Evaluation as a whole: no leak from group to group or from test to training, the same bytes, clear refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import vidlabel
from heads.example_specs import mixed_spec, save_example, step_spec
from training.learnable import FACTS, coloured_clips, feature_dataset
from training.sets import read, write_table
from vidlabel.errors import AnnotationError, UsageError
from vidlabel.evaluation.folds import FoldCheckpoints, outer_folds, train_fold
from vidlabel.evaluation.predictions import evaluation_classes
from vidlabel.evaluation.request import EvaluationRequest, fold_count, label_options_for, request_warnings
from vidlabel.heads.model import Model
from vidlabel.labels.metrics.evaluation import Evaluation
from vidlabel.labels.metrics.evaluation_json import evaluation_schema, evaluation_text
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.dataset.splits import FoldCount
from vidlabel.training.fitting.seeded_runs import SilentListener
from vidlabel.training.options import TrainOptions

pytestmark = pytest.mark.usefixtures("short_windows")

HUG_ROWS = "a.npz,,,hug\nb.npz,,,push\nc.npz,,,hug\nd.npz,,,push\n"


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """It knows hug, push and background."""
    return save_example(mixed_spec(), tmp_path / "m.safetensors")


def test_two_options_name_one_number_of_folds() -> None:
    assert fold_count(None, leave_one_group_out=False) == "auto"
    assert fold_count(3, leave_one_group_out=False) == 3
    assert fold_count(None, leave_one_group_out=True) == "groups"
    with pytest.raises(UsageError, match="leave --folds out"):
        fold_count(3, leave_one_group_out=True)


def test_a_table_means_what_the_model_takes_it_for(tmp_path: Path, model: Model) -> None:
    asked = LabelOptions(unlabelled="ignore")
    assert label_options_for(None, asked) == asked
    assert label_options_for(model, asked) == LabelOptions(unlabelled="ignore", task="single", rate=4.0)
    assert label_options_for(model, LabelOptions(task="binary")).task == "binary"


def test_a_table_is_about_the_label_of_a_binary_model(tmp_path: Path) -> None:
    spec = step_spec()
    head = replace(spec.members[0].head, outputs=1)
    binary = replace(
        spec,
        labels=("fall",),
        task="binary",
        thresholds=(0.5,),
        minimum_durations_s=(0.0,),
        background=None,
        members=(replace(spec.members[0], head=head),),
    )
    model = save_example(binary, tmp_path / "b.safetensors")
    assert label_options_for(model, LabelOptions()) == LabelOptions(task="binary", positive="fall", rate=4.0)
    assert label_options_for(model, LabelOptions(positive="walk")).positive == "walk"


@pytest.mark.parametrize("tolerance", [-0.1, float("inf"), float("nan")])
def test_a_tolerance_that_is_no_time_is_refused(tmp_path: Path, tolerance: float) -> None:
    with pytest.raises(UsageError, match="--tolerance"):
        EvaluationRequest(training_set=read(tmp_path, HUG_ROWS), source="labels.csv", tolerance_s=tolerance)


def test_a_model_file_is_neither_trained_nor_split(tmp_path: Path, model: Model) -> None:
    training_set = read(tmp_path, HUG_ROWS)
    with pytest.raises(UsageError, match="not trained"):
        EvaluationRequest(training_set=training_set, source="x", model=model, options=TrainOptions(epochs=3))
    with pytest.raises(UsageError, match="without folds"):
        EvaluationRequest(training_set=training_set, source="x", model=model, folds=3)


def test_labels_that_the_model_does_not_know_are_named(tmp_path: Path, model: Model) -> None:
    training_set = read(tmp_path, HUG_ROWS.replace("push", "wave"))
    request = EvaluationRequest(training_set=training_set, source="labels.csv", model=model)
    assert request_warnings(request) == ("mixed has no label wave: it cannot predict it",)


@pytest.mark.parametrize(
    ("data", "command"),
    [({"clips": 4, "groups": 4, "seconds": 40.0}, ""), ({}, "vidlabel train labels.csv -o m.safetensors")],
)
def test_videos_that_the_model_was_trained_on_are_recognised(
    tmp_path: Path, data: dict[str, object], command: str
) -> None:
    spec = replace(mixed_spec(), data=data, command=command)
    model = save_example(spec, tmp_path / "m.safetensors")
    request = EvaluationRequest(training_set=read(tmp_path, HUG_ROWS), source="labels.csv", model=model)
    assert any("was trained on these videos" in warning for warning in request_warnings(request))
    other = save_example(replace(step_spec(), data={**data, "clips": 5}), tmp_path / "n.safetensors")
    request = replace(request, model=other)
    assert not any("was trained on these videos" in warning for warning in request_warnings(request))


QUICK = {"hidden": 4, "members": 1, "epochs": 12, "inner_folds": 0}
"""Options of training; without inner folds."""
VALIDATOR = jsonschema.Draft202012Validator(evaluation_schema())
Values = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def write_set(folder: Path, clips: Sequence[tuple[str, str]], values: Callable[[int], Values]) -> Path:
    """A table of clips with these groups and labels, and files of their features."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(len(clips)):
        features = values(number).astype(np.float32)
        np.savez(folder / f"{number}.npz", features=features, times=np.arange(len(features)) / 2)
    rows = "".join(f"{number}.npz,,,{label},{group}\n" for number, (group, label) in enumerate(clips))
    return write_table(folder, rows, columns="video,start,end,label,group")


def noisy(number: int, centre: Values) -> Values:
    return (centre + np.random.default_rng(number).normal(0, 0.1, (8, len(centre)))).astype(np.float32)


def telling(folder: Path) -> Path:
    """Twelve clips in six groups; the first number of their features tells the label."""
    clips = [(f"g{number // 2}", ("left", "right")[number % 2]) for number in range(12)]
    return write_set(folder, clips, lambda n: noisy(n, np.eye(6, dtype=np.float32)[n % 2]))


def evaluate(table: Path, **options: object) -> Evaluation:
    return vidlabel.evaluate(table, **{**QUICK, **options})  # type: ignore[arg-type]


def value(evaluation: Evaluation, name: str) -> float:
    figure = evaluation.metrics[name]
    assert figure is not None
    return figure.value


@pytest.mark.slow
def test_what_tells_the_group_alone_does_not_help(tmp_path: Path) -> None:
    """The features encode the group, whose clips all have one label, given at random."""
    centres = np.random.default_rng(1).normal(0, 3, (24, 96)).astype(np.float32)
    honest = []
    for draw in range(3):
        labels = np.random.default_rng(draw).permutation(["left", "right"] * 12).tolist()
        clips = [(f"g{number // 2:02d}", labels[number // 2]) for number in range(48)]
        table = write_set(tmp_path, clips, lambda number: noisy(number, centres[number // 2]))
        honest.append(value(evaluate(table, folds=6, head="mean", epochs=15), "accuracy"))
    # The standard deviation of guessing 72 groups is 0.06. Below one half is no wonder: as many groups have one label
    # as the other, so that those which are left lean away from those which are tested.
    assert np.mean(honest) < 0.62
    # The same with every clip in a group of its own: the other clip of its group gives the label away.
    rows = "".join(f"{number}.npz,,,{label}\n" for number, (_, label) in enumerate(clips))
    leaking = evaluate(write_table(tmp_path, rows), folds=6, head="mean", epochs=15)
    assert value(leaking, "accuracy") > 0.8


def test_the_labels_of_the_test_part_change_nothing_that_is_said_about_it(tmp_path: Path) -> None:
    def scores(first_labels: tuple[str, str]) -> Values:
        clips = [(f"g{number // 2}", ("left", "right")[number % 2]) for number in range(8)]
        clips[:2] = [("g0", label) for label in first_labels]
        table = write_set(tmp_path / first_labels[0], clips, lambda n: noisy(n, np.eye(6, dtype=np.float32)[n % 2]))
        return evaluate(table, leave_one_group_out=True, epochs=3, inner_folds=2).predictions.scores[:2]

    np.testing.assert_array_equal(scores(("left", "right")), scores(("right", "left")))


def test_features_that_tell_the_label_give_perfect_figures_and_the_schema_holds(tmp_path: Path) -> None:
    evaluation = evaluate(telling(tmp_path), folds=2, inner_folds=2, epochs=20)
    document = json.loads(evaluation_text(evaluation))
    VALIDATOR.validate(document)
    assert value(evaluation, "accuracy") == 1.0
    assert document["data"]["per_label"] == {"left": 6, "right": 6}
    assert document["confusion"] == [[6, 0], [0, 6]]
    assert document["baselines"]["majority"]["accuracy"]["value"] == 0.5
    assert document["baselines"]["mean"]["accuracy"]["value"] == 1.0
    assert document["matched_groups"] is None
    assert {curve.form for curve in evaluation.curves} == {"recurrent", "linear", "baseline"}


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(evaluation_schema())


def test_each_video_is_tested_once_and_groups_stay_whole(tmp_path: Path) -> None:
    evaluation = evaluate(telling(tmp_path), leave_one_group_out=True, head="mean")
    folds = [video.fold for video in evaluation.tested.videos]
    assert folds == [1 + number // 2 for number in range(12)]
    assert evaluation.split == "leave one group out: 6 folds"
    assert evaluation.baselines["mean"] == evaluation.metrics


def test_models_are_asked_about_the_streams_that_they_chose() -> None:
    clips = coloured_clips(24, ("blue", "red"))
    both = feature_dataset(
        [(example, replace(own, views=(np.tile(own.views[0], 2),))) for example, own in clips],
        ("blue", "red"),
        streams=("frames", "motion"),
    )
    fold = outer_folds(both.training_set.examples, 3, 0)[0]
    options = TrainOptions(epochs=12, hidden=4, members=1, folds=0, streams=("motion",))
    classes = evaluation_classes(both, None)
    models = train_fold(both, fold, FACTS, options, classes, SilentListener(), FoldCheckpoints(None, None))
    assert models.spec.stream_names == ("motion",)
    truth = [both.training_set.examples[place].clip_labels[0] for place in fold.test_indices]
    for predictions in (models.predictions, models.baseline):
        assert [classes.labels[own.scores.argmax()] for own in predictions] == truth


def test_groups_with_several_labels_are_told_apart(tmp_path: Path) -> None:
    clips = [("a", "left"), ("a", "right"), ("b", "right"), ("b", "left"), ("c", "left"), ("d", "right")]
    places = [0 if label == "left" else 1 for _, label in clips]
    places[4] = 1  # the clip of group c looks like the other label
    table = write_set(tmp_path, clips, lambda n: noisy(n, np.eye(6, dtype=np.float32)[places[n]]))
    evaluation = evaluate(table, leave_one_group_out=True, head="mean", epochs=30)
    assert value(evaluation, "accuracy") == pytest.approx(5 / 6)
    matched = evaluation.matched
    assert matched is not None
    assert (matched.videos, matched.groups) == (4, 2)
    figure = matched.metrics["accuracy"]
    assert figure is not None
    assert figure.value == 1.0


def test_labels_with_times(tmp_path: Path) -> None:
    """Label `on` holds while the first number is high."""

    def values(number: int) -> Values:
        features = np.random.default_rng(number).normal(0, 0.1, (40, 6)).astype(np.float32)
        features[10 : 20 + number, 0] += 3
        return features

    for number in range(6):
        np.savez(tmp_path / f"{number}.npz", features=values(number), times=np.arange(40) / 2)
    rows = "".join(f"{number}.npz,5,{10 + number / 2},on\n" for number in range(6))
    evaluation = vidlabel.evaluate(
        write_table(tmp_path, rows), folds=2, inner_folds=0, hidden=8, members=1, epochs=30, task="single", rate=2.0
    )
    VALIDATOR.validate(json.loads(evaluation_text(evaluation)))
    assert evaluation.data.unit == "sample"
    assert evaluation.tested.labels == ("on", "background")
    for name in ("accuracy", "f1@50", "event_recall", "map"):
        assert value(evaluation, name) > 0.75, name
    majority = evaluation.baselines["majority"]
    assert majority is not None
    figure = majority["f1@10"]
    assert figure is not None
    assert figure.value == 0.0


def test_figures_of_segments_where_no_time_is_left_to_ignore(tmp_path: Path) -> None:
    for number in range(6):
        features = np.random.default_rng(number).normal(0, 0.1, (40, 6)).astype(np.float32)
        features[: 10 + number, 0] += 3
        np.savez(tmp_path / f"{number}.npz", features=features, times=np.arange(40) / 2)
    rows = "".join(f"{n}.npz,0,{5 + n / 2},on\n{n}.npz,{5 + n / 2},20,off\n" for n in range(6))
    evaluation = evaluate(write_table(tmp_path, rows), folds=2, epochs=20, unlabelled="ignore")
    VALIDATOR.validate(json.loads(evaluation_text(evaluation)))
    for name in ("edit", "f1@10", "f1@50"):
        assert value(evaluation, name) > 0.75, name


def test_a_model_file(tmp_path: Path) -> None:
    table = telling(tmp_path)
    model = vidlabel.train(table, tmp_path / "m.safetensors", hidden=4, members=1, epochs=40, inner_folds=0).path
    evaluation = vidlabel.evaluate(table, model=model)
    VALIDATOR.validate(json.loads(evaluation_text(evaluation)))
    assert value(evaluation, "accuracy") == 1.0
    assert evaluation.tested.labels == ("left", "right")
    assert evaluation.baselines["mean"] is None
    assert any("was trained on these videos" in warning for warning in evaluation.warnings)
    others = write_set(
        tmp_path / "others",
        [("a", "left"), ("b", "right"), ("c", "up")],
        lambda n: noisy(n + 50, np.eye(6, dtype=np.float32)[n]),
    )
    evaluation = vidlabel.evaluate(others, model=model)
    assert value(evaluation, "accuracy") == pytest.approx(2 / 3)
    assert any("has no label up" in warning for warning in evaluation.warnings)
    assert not any("was trained on" in warning for warning in evaluation.warnings)


@pytest.mark.parametrize(("groups", "labels", "folds", "problem"), [
    ("aabbccdd", "xyxyxyxy", 5, "5 folds cannot be made of 4 groups"),
    ("aabbccdd", "xyxyxyxz", 2, "group 'd': holds all examples of label 'z'"),
    ("aabbccdd", "xyxyxyxz", "groups", "group 'd': holds all examples of label 'z'"),
    ("aaaa", "xyxy", "groups", "is the only group"),
    ("aaaa", "xyxy", "auto", "is the only group"),
])  # fmt: skip
def test_groups_that_cannot_be_split(tmp_path: Path, groups: str, labels: str, folds: FoldCount, problem: str) -> None:
    table = write_set(tmp_path, list(zip(groups, labels, strict=True)), lambda n: noisy(n, np.ones(6, np.float32)))
    with pytest.raises((UsageError, AnnotationError), match=problem):
        outer_folds(read_examples(table).examples, folds, 0)


def test_a_label_that_would_be_tested_without_being_learnt(tmp_path: Path) -> None:
    """Three labels, each in two of three groups: of two folds, one holds both groups of some label."""
    clips = [("a", "x"), ("b", "x"), ("b", "y"), ("c", "y"), ("c", "z"), ("a", "z")]
    table = write_set(tmp_path, clips, lambda n: noisy(n, np.ones(6, np.float32)))
    examples = read_examples(table).examples
    with pytest.raises(AnnotationError, match=r"is in fold . alone.*--leave-one-group-out"):
        outer_folds(examples, 2, 0)
    assert len(outer_folds(examples, "groups", 0)) == 3


@pytest.mark.parametrize(("options", "problem"), [
    ({"model": "objects", "folds": 3}, "without folds"),
    ({"model": "objects", "epochs": 3}, "not trained"),
    ({"folds": 3, "leave_one_group_out": True}, "leave --folds out"),
    ({"tolerance": -1.0}, "out of range"),
])  # fmt: skip
def test_options_that_contradict_each_other(tmp_path: Path, options: dict[str, object], problem: str) -> None:
    table = telling(tmp_path)
    with pytest.raises(UsageError, match=problem):
        vidlabel.evaluate(table, **options)  # type: ignore[arg-type]
