"""`vidlabel train`, as a user runs it: labels and videos in, a model that `predict` uses out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import vidlabel
from command_line import call
from corpus import Recipe, write_video
from heads.example_specs import external_stream, published_stream
from training.sets import write_features, write_table
from vidlabel.heads.model_file import read_spec

pytestmark = pytest.mark.usefixtures("short_windows")

RECIPE = Recipe(frames=14, rate=Fraction(10))
QUICK = ("--hidden", "8", "--members", "1", "--inner-folds", "2", "--quiet")

SETTINGS = ("--rate", "5", "--streams", "motion", "--epochs", "20")


def still(number: int) -> Iterable[int]:
    return [number] * 14


def moving(number: int) -> Iterable[int]:
    return [(number * 7 + 5 * frame) % 128 for frame in range(14)]


def write_clips(folder: Path, clips: int) -> None:
    """Folders `moving` and `still`, with clips that differ in nothing else."""
    for number in range(clips):
        kind, numbers = ("still", still(number)) if number % 2 else ("moving", moving(number))
        (folder / kind).mkdir(parents=True, exist_ok=True)
        write_video(folder / kind / f"{number}.mp4", RECIPE, numbers)


def feature_table(folder: Path) -> Path:
    """Eight files of features; what holds in the second half of them shows in their first number."""
    names = [f"{number}.npz" for number in range(8)]
    rows = "".join(f"{name},,,{'odd' if number % 2 else 'even'}\n" for number, name in enumerate(names))
    table = write_table(folder, rows)
    for number, name in enumerate(names):
        write_features(folder / name)
        with np.load(folder / name) as archive:
            values, times = archive["features"], archive["times"]
        values[:, 0] += 4 * (number % 2)
        np.savez(folder / name, features=values, times=times)
    return table


def test_from_folders_of_clips_to_the_label_of_a_new_one(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 6)
    model = tmp_path / "my.safetensors"
    cache = ("--cache-dir", tmp_path / "cache")
    command = (
        "train",
        "--from-folders",
        tmp_path / "clips",
        "-o",
        model,
        *SETTINGS,
        *QUICK,
        "--inner-folds",
        "0",
        *cache,
    )
    ended = call(capfd, *command)
    assert (ended.status, ended.errors) == (0, "")
    assert not list(tmp_path.glob("*.training"))
    spec = read_spec(model)
    assert (spec.name, spec.labels, spec.rate) == ("my", ("moving", "still", "background"), 5.0)
    assert spec.streams == (published_stream("motion", lag_s=0.1),)
    assert spec.command.startswith("vidlabel train --from-folders")
    history = spec.training["history"]
    assert isinstance(history, dict)
    assert len(history["recurrent-0"]["loss"]) == 20
    for name, numbers in (("moving", moving(60)), ("still", still(60))):
        result = vidlabel.predict(write_video(tmp_path / f"{name}.mp4", RECIPE, numbers), model=model, threshold=0)
        assert [segment.label for segment in result.segments] == [name]


def test_files_of_features_and_the_figures_that_are_shown(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = feature_table(tmp_path)
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK[:-1], "--epochs", "30")
    assert ended.status == 0
    lines = [line.split() for line in ended.output.splitlines()]
    shown = {words[0]: words[1] for words in lines if words and words[0] in ("gru+mean", "mean", "majority")}
    assert shown == {"gru+mean": "100.0%", "mean": "100.0%", "majority": "50.0%"}
    assert "validating" in ended.errors
    assert f"{tmp_path / 'm.safetensors'}: 2 labels and background, gru+mean, streams features" in ended.output
    spec = read_spec(tmp_path / "m.safetensors")
    assert spec.streams == (external_stream(10),)
    described = call(capfd, "info", tmp_path / "m.safetensors").output
    found = re.search(r"  validation  accuracy 1\.0, calibration error ([\d.]+), split 2 folds", described)
    assert found is not None
    assert 0 < float(found[1]) < 0.2  # eight of eight are no certainty


def test_check_only_counts(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = feature_table(tmp_path)
    ended = call(capfd, "train", table, "--check", "-o", tmp_path / "m.safetensors")
    assert ended.status == 0
    assert [line.split()[:3] for line in ended.output.splitlines()[2:]] == [["even", "4", "4"], ["odd", "4", "4"]]
    assert not (tmp_path / "m.safetensors").exists()
    write_table(tmp_path, "0.npz,,,even\n1.npz,,,even\n")
    ended = call(capfd, "train", table, "--check")
    assert ended.status == 1
    assert "only one label, 'even'" in ended.errors


def test_one_label_is_refused_before_anything_is_computed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = write_table(tmp_path, "0.npz,,,even\n1.npz,,,even\n", ["0.npz", "1.npz"])
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 1
    assert "only one label" in ended.errors


@pytest.mark.parametrize(("arguments", "problem"), [
    ((), "needs a table of labels"),
    (("x.csv", "--head", "mean", "--layers", "2"), "one layer"),
    (("x.csv", "--activation", "relu"), "only --head rnn"),
    (("x.csv", "--inner-folds", "1"), "leaves nothing"),
    (("x.csv", "--dropout", "1"), "out of range"),
    (("--from-folders", "nowhere"), "is not a folder"),
])  # fmt: skip
def test_wrong_usage(capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str) -> None:
    ended = call(capfd, "train", "--quiet", *arguments)
    assert ended.status == 2
    assert problem in ended.errors


def test_from_python(tmp_path: Path) -> None:
    table = feature_table(tmp_path)
    model = vidlabel.train(
        table, tmp_path / "m.safetensors", head="lstm", hidden=4, epochs=8, inner_folds=2, task="multi"
    )
    assert (model.spec.task, model.spec.labels) == ("multi", ("even", "odd"))
    assert json.loads(model.spec.to_json())["training"]["options"]["head"] == "lstm"
    more = vidlabel.train(table, tmp_path / "n.safetensors", init=model.path, epochs=2, inner_folds=0, task="multi")
    assert more.spec.head_name == "lstm"


def test_scores_that_nothing_calibrated_are_warned_of(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 4)
    groups = tmp_path / "groups.csv"
    folders = ("moving", "still") * 2
    groups.write_text(
        "video,group\n" + "".join(f"clips/{kind}/{number}.mp4,{kind}\n" for number, kind in enumerate(folders))
    )
    model = tmp_path / "my.safetensors"
    data = ("--from-folders", tmp_path / "clips", "--groups", groups)
    settings = ("--head", "mean", "--rate", "3", "--streams", "frames", "--epochs", "1")
    ended = call(capfd, "train", *data, "-o", model, *settings, "--quiet")
    assert ended.status == 0
    assert "too few groups to hold one out: scores are not calibrated" in ended.errors
    assert "validation" not in call(capfd, "info", model).output
    # Whoever asks for no validation knows.
    ended = call(capfd, "train", *data, "-o", model, *settings, "--quiet", "--inner-folds", "0")
    assert "calibrated" not in ended.errors
