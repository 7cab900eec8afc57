"""`--tune-encoder`, as a user runs it: one tuned model, and every command that takes it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cli.commands.test_train import feature_table, write_clips
from command_line import call
from vidlabel.features.feature_file import read_feature_file
from vidlabel.heads.model import load_model
from vidlabel.stream_spec import EncoderInfo

SETTINGS = ("--rate", "3", "--streams", "frames", "--head", "mean", "--inner-folds", "2")
TUNED = (*SETTINGS, "--epochs", "2", "--tune-encoder", "1")


@pytest.mark.usefixtures("in_one_process")
def test_a_tuned_model_goes_through_all_commands(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 4)
    data, cache = ("--from-folders", tmp_path / "clips"), ("--cache-dir", tmp_path / "cache")
    model, video = tmp_path / "my.safetensors", tmp_path / "clips" / "moving" / "0.mp4"

    ended = call(capfd, "train", *data, "-o", model, *TUNED, *cache)
    assert ended.status == 0
    assert "tuning the encoder: 2 epochs" in ended.errors
    assert "encoding anew: 4 videos" in ended.errors
    assert "in one split by group" in ended.output
    (tuned,) = load_model(model).spec.tuned_encoders
    assert not list(tmp_path.glob("*.training"))

    shown = call(capfd, "info", model).output
    assert f"efficientnet-lite0, last block tuned (57934424, {tuned.sha256[:8]})" in shown
    assert call(capfd, "predict", video, "-m", model, "--quiet").status == 0
    measured = call(capfd, "evaluate", *data, "-m", model, "--json", "--quiet", *cache)
    assert json.loads(measured.output)["model"]["encoder"] == "efficientnet-lite0, last block tuned"

    more = tmp_path / "more.safetensors"
    assert call(capfd, "train", *data, "--init", model, "-o", more, "--epochs", "1", "--quiet", *cache).status == 0
    assert load_model(more).spec.streams == load_model(model).spec.streams

    features = {}
    for name, encoder in (("tuned", str(model)), ("published", "efficientnet-lite0")):
        out = tmp_path / name
        assert call(capfd, "features", video, "-o", out, "--encoder", encoder, "--rate", "3", "--quiet").status == 0
        features[name] = read_feature_file(out / "0.mp4.npz")
    assert np.abs(features["tuned"].values - features["published"].values).max() > 1e-3
    origin = features["tuned"].origin
    assert origin is not None
    (frames,) = origin.settings.streams
    assert frames.encoder == EncoderInfo(name="efficientnet-lite0-tuned", sha256=tuned.sha256)


@pytest.mark.slow
def test_an_evaluation_tunes_in_every_fold(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 4)
    command = ("evaluate", "--from-folders", tmp_path / "clips", "--folds", "2", "--json", *TUNED)
    ended = call(capfd, *command, "--cache-dir", tmp_path / "cache")
    assert ended.status == 0
    assert ended.errors.count("encoding anew") == 2
    found = json.loads(ended.output)["model"]
    assert found["encoder"] == "efficientnet-lite0, last block tuned"
    assert found["options"]["tune_encoder"] == 1


@pytest.mark.parametrize("blocks", ["0", "17", "-1"])
def test_blocks_that_are_not_there(capfd: pytest.CaptureFixture[str], blocks: str) -> None:
    ended = call(capfd, "train", "x.csv", "--tune-encoder", blocks)
    assert ended.status == 2
    assert "--tune-encoder" in ended.errors
    assert "1 to 16" in ended.errors


def test_files_of_features_have_no_encoder_to_tune(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (("train", "-o", tmp_path / "m.safetensors"), ("evaluate", "--folds", "2")):
        ended = call(capfd, command[0], feature_table(tmp_path), *command[1:], "--tune-encoder", "1", "--quiet")
        assert ended.status == 2
        assert "give videos in place of files of features" in ended.errors


def test_streams_without_the_encoder_of_pictures(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 4)
    data = ("--from-folders", tmp_path / "clips", "-o", tmp_path / "m.safetensors", "--quiet")
    ended = call(capfd, "train", *data, "--streams", "frames,pose", "--tune-encoder", "1")
    assert ended.status == 2
    assert "--tune-encoder: tunes the encoder of pictures, which pose does not use; give --streams" in ended.errors


def test_going_on_from_a_model_leaves_its_encoder(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 4)
    data = ("--from-folders", tmp_path / "clips", "--cache-dir", tmp_path / "cache", "--quiet")
    model = tmp_path / "m.safetensors"
    assert call(capfd, "train", *data, "-o", model, *SETTINGS, "--epochs", "1").status == 0
    ended = call(capfd, "train", *data, "--init", model, "-o", tmp_path / "n.safetensors", "--tune-encoder", "1")
    assert ended.status == 2
    assert "leave --init or --tune-encoder out" in ended.errors
