"""Video networks as models: in a stand-in, action k is the brightness of frame k of a clip; the video has a flash."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

import vidlabel
from command_line import call
from features.encoders.video_networks.stand_in import CLASSES, NAME, network
from vidlabel.errors import InstallationError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.training.features import training_blocks

__all__ = ["network"]

pytestmark = pytest.mark.usefixtures("shared_decoding")


@pytest.fixture(scope="module")
def flash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at 30 frames a second, dark but for the two frames from 2 s on."""
    path = tmp_path_factory.mktemp("flash") / "flash.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        for number in range(90):
            grey = np.full((128, 192, 3), 250 if number in (60, 61) else 10, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def test_an_action_is_that_of_the_frames_around_its_time(flash: Path, network: Path) -> None:
    result = vidlabel.predict(flash, NAME, rate=4, scores=True)
    (scores,) = result.scores
    # Of 16 slots of 1/15 s, number 8 holds the sample. The flash fills slot 30 of the video; the samples from 1.75 s on
    # are frames 53, 60, 68, 75, in slots 26, 30, 34, 37.
    assert [CLASSES[best] for best in scores.values.argmax(axis=1)[7:11]] == [
        f"action {8 + 30 - slot}" for slot in (26, 30, 34, 37)
    ]
    assert scores.times[7:11] == pytest.approx([53 / 30, 2, 68 / 30, 2.5])
    assert scores.labels == CLASSES
    assert (result.models[0].name, result.models[0].streams, result.run.runtime) == (NAME, (NAME,), "torch")


def test_a_window_gives_what_the_whole_video_gives(flash: Path, network: Path) -> None:
    whole, part = (
        vidlabel.predict(flash, NAME, rate=4, scores=True, start=start, end=end).scores[0]
        for start, end in ((0.0, None), (2.0, 2.6))
    )
    np.testing.assert_array_equal(part.values, whole.values[8:11])


def test_it_labels_beside_other_models_and_is_described(
    flash: Path, network: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "labels.json"
    assert call(capfd, "predict", str(flash), "-m", NAME, "-m", "objects", "-q", "-o", str(output)).status == 0
    assert [model["name"] for model in json.loads(output.read_text())["models"]] == ["objects", NAME]
    described = call(capfd, "info", NAME).output
    assert "The 400 actions of Kinetics" in described
    assert "16 frames at 15 per second around each sample" in described


def test_an_explanation_has_samples_and_no_pictures(
    flash: Path, network: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = call(capfd, "explain", str(flash), "-m", NAME, "--time", "2", "-o", str(tmp_path / "why"), "-q")
    assert (done.status, done.errors.count("\n")) == (0, 1)
    assert f"no pictures of {NAME}" in done.errors
    explained = json.loads((tmp_path / "why" / "explanation.json").read_text())
    assert (explained["label"], explained["evidence"]) == ("action 8", [])


def test_features_for_training_are_those_around_the_sample_mirrored_too(flash: Path, network: Path) -> None:
    config = FeatureConfig(rate=1, short_side=128)
    found = FeatureExtractor(config, training_blocks([NAME]), device="cpu").features(flash)
    for values in found.values:
        assert values.shape == (3, 512)
        assert values[2].argmax() == 8  # at 2 s the flash is the frame of the sample, in the middle of its clip


def test_what_was_not_pulled_names_the_command(flash: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path))
    with pytest.raises(InstallationError, match="run: vidlabel models pull mvit_v2_s"):
        vidlabel.predict(flash, "mvit_v2_s")
