"""A model whose streams have encoders, sizes and inputs of their own, through the commands that take it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_line import call
from corpus import Recipe, write_video
from features.origins import ORIGIN, SETTINGS, write_feature_file
from heads.example_specs import published_stream
from vidlabel.heads.model_file import read_spec
from vidlabel.stream_spec import EncoderInfo, StreamSpec

FRAMES = published_stream(size=4)
POSE = published_stream("pose", 3, EncoderInfo(name="movenet", sha256="ab" * 32), short_side=256, view="whole")
TEXT = StreamSpec(name="text", size=2, encoder=EncoderInfo(name="minilm", sha256="cd" * 32))
QUICK = ("--head", "mean", "--epochs", "60", "--inner-folds", "0", "--quiet")


def write_clip(path: Path, number: int, *streams: StreamSpec) -> Path:
    """Features of 3 s; the first number of `pose`, which is the last stream but one, says whether `number` is odd."""
    values = np.random.default_rng(number).normal(0, 0.3, (12, sum(one.size for one in streams))).astype(np.float32)
    values[:, -5] += 4 * (number % 2)
    origin = replace(ORIGIN, settings=replace(SETTINGS, streams=streams), duration_s=3.0)
    write_feature_file(path, "npz", np.arange(12) / 4, values, origin)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    rows = ["video,start,end,label,group"]
    for number in range(8):
        write_clip(folder / f"{number}.npz", number, FRAMES, POSE, TEXT)
        rows.append(f"{number}.npz,,,{('even', 'odd')[number % 2]},g{number // 2}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder / "labels.csv"


def test_each_stream_keeps_what_is_its_own(capfd: pytest.CaptureFixture[str], tmp_path: Path, table: Path) -> None:
    model = tmp_path / "m.safetensors"
    ended = call(capfd, "train", table, "-o", model, "--streams", "frames,pose,text", *QUICK)
    assert (ended.status, ended.errors) == (0, "")
    assert read_spec(model).streams == (FRAMES, POSE, TEXT)

    shown = call(capfd, "info", model).output.splitlines()
    assert [line for line in shown if line.startswith(("  encoder", "  pictures", "  videos", "  rate"))] == [
        "  encoder     efficientnet-lite0 (57934424), streams frames",
        "  pictures    the square in the middle of 224 pixels (bicubic), (value - 127) / 128",
        "  encoder     movenet (abababab), streams pose",
        "  pictures    all of 256 pixels (bicubic), (value - 127) / 128",
        "  encoder     minilm (cdcdcdcd), streams text",
        "  videos      cannot be labelled here: m takes 4 numbers of efficientnet-lite0, which gives 1280",
        "  rate        4 samples/s, trained on frames from pyav",
    ]
    described = json.loads(call(capfd, "info", model, "--json").output)["streams"]
    assert [one["encoder"]["name"] for one in described] == ["efficientnet-lite0", "movenet", "minilm"]

    for number, label in ((10, "even"), (11, "odd")):
        clip = write_clip(tmp_path / f"{number}.npz", number, FRAMES, POSE, TEXT)
        found = json.loads(call(capfd, "predict", clip, "-m", model, "--threshold", "0").output)
        assert [segment["label"] for segment in found["segments"]] == [label]
        assert found["models"][0]["encoders"] == ["efficientnet-lite0", "movenet", "minilm"]
    measured = json.loads(call(capfd, "evaluate", table, "-m", model, "--json", "--quiet").output)
    assert measured["model"]["streams"] == ["frames", "pose", "text"]


def test_what_a_model_of_one_stream_takes_is_found_in_any_file(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, table: Path
) -> None:
    model = tmp_path / "m.safetensors"
    assert call(capfd, "train", table, "-o", model, "--streams", "pose", *QUICK).status == 0
    assert read_spec(model).streams == (POSE,)
    clip = write_clip(tmp_path / "more.npz", 11, published_stream("audio", 7), POSE, TEXT)
    found = json.loads(call(capfd, "predict", clip, "-m", model, "--threshold", "0").output)
    assert [segment["label"] for segment in found["segments"]] == ["odd"]

    other = replace(POSE, encoder=EncoderInfo(name="movenet", sha256="12" * 32))
    clip = write_clip(tmp_path / "other.npz", 11, FRAMES, other, TEXT)
    ended = call(capfd, "predict", clip, "-m", model)
    assert ended.status == 1
    assert ended.errors == (
        f"error: {clip}: holds pose of the encoder movenet (12121212), and m takes it of the encoder movenet "
        "(abababab); give files of the features that it was trained on\n"
    )
    video = write_video(tmp_path / "clip.mp4", Recipe(frames=10))
    ended = call(capfd, "predict", video, "-m", model)
    assert ended.status == 2
    assert "m takes 3 numbers of movenet (abababab), and this version has 99 of movenet-multipose" in ended.errors
