"""What an evaluation is asked for: what the options mean, what they refuse, and what is warned of beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heads.example_specs import mixed_spec, save_example, step_spec
from training.sets import read
from vidlabel.errors import UsageError
from vidlabel.evaluation.request import (
    EvaluationRequest,
    fold_count,
    label_options_for,
    request_warnings,
)
from vidlabel.heads.model import Model
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.options import TrainOptions

ROWS = "a.npz,,,hug\nb.npz,,,push\nc.npz,,,hug\nd.npz,,,push\n"


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
        EvaluationRequest(training_set=read(tmp_path, ROWS), source="labels.csv", tolerance_s=tolerance)


def test_a_model_file_is_neither_trained_nor_split(tmp_path: Path, model: Model) -> None:
    training_set = read(tmp_path, ROWS)
    with pytest.raises(UsageError, match="not trained"):
        EvaluationRequest(training_set=training_set, source="x", model=model, options=TrainOptions(epochs=3))
    with pytest.raises(UsageError, match="without folds"):
        EvaluationRequest(training_set=training_set, source="x", model=model, folds=3)


def test_labels_that_the_model_does_not_know_are_named(tmp_path: Path, model: Model) -> None:
    training_set = read(tmp_path, ROWS.replace("push", "wave"))
    request = EvaluationRequest(training_set=training_set, source="labels.csv", model=model)
    assert request_warnings(request) == ("mixed does not know wave: it cannot be right there",)


@pytest.mark.parametrize(
    ("data", "command"),
    [({"clips": 4, "groups": 4, "seconds": 40.0}, ""), ({}, "vidlabel train labels.csv -o m.safetensors")],
)
def test_videos_that_the_model_was_trained_on_are_recognised(
    tmp_path: Path, data: dict[str, object], command: str
) -> None:
    spec = replace(mixed_spec(), data=data, command=command)
    model = save_example(spec, tmp_path / "m.safetensors")
    request = EvaluationRequest(training_set=read(tmp_path, ROWS), source="labels.csv", model=model)
    assert any("was trained on these videos" in warning for warning in request_warnings(request))
    other = save_example(replace(step_spec(), data={**data, "clips": 5}), tmp_path / "n.safetensors")
    request = replace(request, model=other)
    assert not any("was trained on these videos" in warning for warning in request_warnings(request))
