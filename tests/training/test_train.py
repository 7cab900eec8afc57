"""Training in Python: what it takes from a model that it continues from, and the keywords that the command has, too."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
import torch

import vidlabel
from corpus import Recipe, write_video
from evaluation.evaluated import telling_table
from heads.example_specs import save_example, step_spec
from vidlabel.errors import DeviceError, UsageError
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.train import label_options_from

quick_train = partial(vidlabel.train, head="mean", epochs=2, inner_folds=0)
quick_evaluate = partial(vidlabel.evaluate, head="mean", epochs=2, inner_folds=0, folds=2)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Feature files of six clips of each of two labels, in a folder for each label."""
    telling_table(tmp_path / "all")
    for number in range(12):
        folder = tmp_path / "clips" / ("left", "right")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(tmp_path / "all" / f"{number}.npz", folder / f"{number}.npz")
    return tmp_path / "clips"


def test_folders_in_place_of_a_table(tmp_path: Path, clips: Path) -> None:
    model = quick_train(None, tmp_path / "m.safetensors", from_folders=clips, licence="CC0-1.0")
    assert (model.spec.shown_labels, model.spec.licence) == (("left", "right"), "CC0-1.0")
    evaluation = quick_evaluate(from_folders=clips)
    assert [Path(video.video).parent.name for video in evaluation.tested.videos] == ["left"] * 6 + ["right"] * 6


def test_a_table_and_folders_are_refused(clips: Path) -> None:
    for function, name in ((quick_train, "train"), (quick_evaluate, "evaluate")):
        with pytest.raises(UsageError, match=f"^{name}: needs a table of labels, or --from-folders"):
            function("labels.csv", from_folders=clips)


def test_the_device_is_the_one_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for number, name in enumerate(("left/a.mp4", "left/b.mp4", "right/c.mp4", "right/d.mp4")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_video(tmp_path / name, Recipe(frames=10 + number))
    for function in (quick_train, quick_evaluate):
        with pytest.raises(DeviceError, match="--device cuda"):
            function(from_folders=tmp_path, device="cuda")


def test_files_that_are_left_out_are_warned_of(tmp_path: Path, clips: Path) -> None:
    (clips / "left" / "broken.npz").write_bytes(b"no archive")
    with pytest.warns(UserWarning, match=r"left out: .*broken\.npz") as warned:
        quick_train(None, tmp_path / "m.safetensors", from_folders=clips)
    assert [warning.filename for warning in warned] == [__file__]


def test_a_model_that_is_measured_has_its_own_rate(tmp_path: Path, clips: Path) -> None:
    model = save_example(step_spec(), tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match="--rate: cannot be changed for a model that is measured"):
        vidlabel.evaluate(from_folders=clips, model=model.path, rate=2)


def test_files_of_features_come_at_the_rate_of_the_model(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "m.safetensors")
    asked = LabelOptions(task="single")
    assert label_options_from(model, asked) == LabelOptions(task="single", rate=4.0)
    assert label_options_from(model, LabelOptions(rate=2.0)).rate == 2.0
    assert label_options_from(None, asked) == asked
