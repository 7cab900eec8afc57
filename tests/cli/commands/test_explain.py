"""`vidlabel explain`, on files of features and on videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

import vidlabel
from command_line import Ended, call
from corpus import Recipe, write_video
from explanation.kept import linear_model
from heads.example_specs import save_example, video_spec
from onnx_files import OnnxRecipe, node, write_onnx
from vidlabel.explanation.explanation_json import explanation_schema
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import describe_streams
from vidlabel.prediction.encoder_choice import with_encoder

RATE = 4.0
WEIGHTS = [3.0, 1.0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two numbers, and a recording in which it finds `fall` from 2 to 4 s and from 7 to 8 s."""
    folder = tmp_path_factory.mktemp("explained")
    linear_model(folder / "m.safetensors", WEIGHTS, bias=-1.0)
    features = np.zeros((40, 2), np.float32)
    features[8:16, 0] = 1
    features[10:12, 1] = 8  # from 2.5 to 3 s much more speaks for it
    features[28:32, 1] = 2
    np.savez(folder / "a.npz", features=features, times=np.arange(40) / RATE)
    return folder


def explained(folder: Path) -> Any:  # noqa: ANN401 - JSON
    content = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(explanation_schema()).validate(content)
    return content


def test_the_segment_with_the_highest_score(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    ended = call(capfd, "explain", folder / "a.npz", "-m", folder / "m.safetensors", "-o", tmp_path / "o")
    assert (ended.status, ended.errors) == (0, "")
    assert ended.output.splitlines() == [
        "fall 2.0-4.0 s (score 0.91, model linear): decided by features (100 %); the samples at 2.5-3.0 s count most",
        "  completeness: attributions sum to +5.000 of +5.000 log-odds (gap 0.00%, 16 path steps)",
        f"  written to {tmp_path / 'o'}",
    ]
    content = explained(tmp_path / "o")
    # Of 8 samples all have 3 log-odds of the first number, 2 have 8 of the second.
    assert content["log_odds"] == pytest.approx((8 * 2 + 2 * 8) / 8)
    assert content["baseline"]["log_odds"] == -1
    assert (content["segment"], content["start"], content["end"]) == (1, 2.0, 4.0)
    values = dict(zip(content["times"], content["integrated_gradients"]["log_odds"]["features"], strict=True))
    assert (values[2.0], values[2.5], values[1.75]) == (pytest.approx(3 / 8), pytest.approx(11 / 8), 0)


@pytest.mark.parametrize(
    ("options", "segment", "start"),
    [
        (["--segment", "2"], 2, 7.0),
        (["--time", "7.5"], 2, 7.0),
        (["--time", "5"], None, 5.0),
        (["--label", "fall"], 1, 2.0),
    ],
)
def test_another_segment(
    capfd: pytest.CaptureFixture[str],
    folder: Path,
    tmp_path: Path,
    options: list[str],
    segment: int | None,
    start: float,
) -> None:
    for _ in range(2):  # the second explanation replaces the first
        ended = call(capfd, "explain", folder / "a.npz", "-m", folder / "m.safetensors", "-o", tmp_path, "-q", *options)
        assert ended == Ended(0, "", "")
    assert (explained(tmp_path)["segment"], explained(tmp_path)["start"]) == (segment, start)


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--label", "hug"], 2, "error: --label: linear does not know the label 'hug'; labels: fall\n"),
        (["--segment", "3"], 2, "error: --segment: 3 is not possible: 2 segments were found; give 1 to 2\n"),
        (
            ["--time", "10"],
            2,
            "error: --time: 10 s lies beyond the end of the video at 10.000 s; give an earlier one\n",
        ),
        (["--time", "1", "--segment", "1"], 2, "error: --time: contradicts --segment; leave one of the two out\n"),
        (["-m", "no-such"], 2, "error: --model: there is no model called 'no-such'"),
    ],
)
def test_wrong_usage_writes_nothing(
    capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, options: list[str], status: int, message: str
) -> None:
    output = tmp_path / "new" / "o"
    ended = call(capfd, "explain", folder / "a.npz", "-m", folder / "m.safetensors", "-o", output, *options)
    assert (ended.status, ended.output) == (status, "")
    assert ended.errors.startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_not_touched(
    capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    ended = call(capfd, "explain", folder / "a.npz", "-m", folder / "m.safetensors", "-o", tmp_path)
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith(f"error: {tmp_path}: holds notes.txt, which no explanation wrote; ")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_no_folder_is_wrong_usage(capfd: pytest.CaptureFixture[str], folder: Path) -> None:
    assert call(capfd, "explain", folder / "a.npz").status == 2
    assert call(capfd, "explain", folder / "a.npz", "-o", "").errors == "error: --output: is empty; give a folder\n"


def test_a_video_in_which_no_label_holds(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "still.npz", features=np.zeros((8, 2)), times=np.arange(8) / RATE)
    ended = call(
        capfd, "explain", tmp_path / "still.npz", "-m", folder / "m.safetensors", "-o", tmp_path / "o"
    )  # fmt: skip
    remedy = "no label holds in it; name a moment with --time"
    assert (ended.status, ended.errors) == (1, f"error: {tmp_path / 'still.npz'}: {remedy}\n")


@pytest.mark.parametrize("name", ["none.mp4", "text.mp4", "."])
def test_what_is_no_video(capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    ended = call(capfd, "explain", tmp_path / name, "-m", "objects", "-o", tmp_path / "o")
    assert ended.status == 1
    assert ended.errors.startswith("error: ")
    assert ended.errors.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_a_video(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=75, width=96, height=64))
    save_example(video_spec(), tmp_path / "m.safetensors", seed=3)
    model = tmp_path / "m.safetensors"
    ended = call(capfd, "explain", clip, "-m", model, "--time", "1.6", "--label", "walk", "-o", tmp_path / "o")
    assert (ended.status, ended.errors) == (0, "")
    content = explained(tmp_path / "o")
    scores = vidlabel.predict(clip, model, scores=True).scores[0]
    times = scores.times
    chosen = (times >= content["start"] - 0.0005) & (times < content["end"] - 0.0005)
    assert content["score"] == pytest.approx(scores.values[chosen, 0].mean(), abs=1e-6)
    assert content["times"] == pytest.approx(times[: len(content["times"])], abs=0.001)
    (*_, written) = ended.output.splitlines()
    assert written == f"  written to {tmp_path / 'o'}"
    files = [one["file"] for one in content["evidence"]]
    assert 1 <= len(files) <= 5
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == sorted(["explanation.json", *files])
    for one in content["evidence"]:
        assert one["summary"] in ended.output
        assert one["details"]["seen"] == pytest.approx([1 / 6, 0, 5 / 6, 1], abs=0.01)  # a square of 96 x 64
        with Image.open(tmp_path / "o" / one["file"]) as image:
            assert min(image.size) >= 448


def test_an_encoder_in_a_file_that_lies_elsewhere(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The model lies alone, and the file is named, as with `predict`."""
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=10))
    declared = {"short_side": 32, "mean": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]}
    means = OnnxRecipe(
        nodes=(node("ReduceMean", ["x"], "y", axes=[2, 3], keepdims=0),),
        shape=("b", 3, "h", "w"),
        metadata={"vidlabel.preprocessing": json.dumps(declared)},
    )
    encoder = write_onnx(tmp_path / "my.onnx", means)
    (stream,) = describe_streams(with_encoder(FeatureConfig(rate=5.0), str(encoder)), ("frames",), "centre")
    model = tmp_path / "alone" / "m.safetensors"
    model.parent.mkdir()
    save_example(video_spec(stream), model, seed=5)
    asked = ("explain", clip, "-m", model, "--time", "0.2", "--label", "walk", "-o", tmp_path / "o")
    assert call(capfd, *asked).status == 1
    ended = call(capfd, *asked, "--encoder", encoder)
    no_maps = "no heat maps of frames, since my.onnx is no encoder that vidlabel knows"
    assert (ended.status, ended.errors) == (0, f"warning: {clip}: {no_maps}\n")
    scores = vidlabel.predict(clip, model, encoder=encoder, scores=True).scores[0]
    content = explained(tmp_path / "o")
    chosen = (scores.times >= content["start"] - 0.0005) & (scores.times < content["end"] - 0.0005)
    assert content["score"] == pytest.approx(scores.values[chosen, 0].mean(), abs=1e-6)


def test_the_same_pictures_again(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=30, width=96, height=64))
    save_example(video_spec(), tmp_path / "m.safetensors", seed=3)
    for name in ("a", "b"):
        vidlabel.explain(clip, tmp_path / "m.safetensors", time=0.6, label="walk", output=tmp_path / name)
    first, second = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())} for name in ("a", "b")
    )
    assert first == second
    assert len(first) > 1


def test_the_same_video_gives_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    for name in ("a", "b"):
        vidlabel.explain(folder / "a.npz", folder / "m.safetensors", output=tmp_path / name)
    first, second = ((tmp_path / name / "explanation.json").read_bytes() for name in ("a", "b"))
    assert first == second


def test_of_a_long_segment_a_part_is_explained(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "long.npz", features=np.ones((3000, 2)), times=np.arange(3000) / RATE)
    ended = call(capfd, "explain", tmp_path / "long.npz", "-m", folder / "m.safetensors", "-o", tmp_path / "o")
    part = "250.000 to 500.000 s of a longer segment are explained; --time names another part"
    assert (ended.status, ended.errors) == (0, f"warning: {tmp_path / 'long.npz'}: {part}\n")
    assert len(explained(tmp_path / "o")["times"]) == 1016
