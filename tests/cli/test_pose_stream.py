"""The stream `pose` as a user meets it: people in videos, features of them, and labels learnt from them alone."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

import vidlabel
from command_line import call
from features.drawn_people import drawn, standing
from vidlabel.features.feature_file import read_feature_file

pytestmark = pytest.mark.usefixtures("short_windows")

SHIRTS = ((150, 40, 50), (60, 120, 60), (40, 60, 150), (140, 130, 60))


def write_person(path: Path, *, waves: bool, number: int, frames: int = 16, width: int = 160, left: int = 70) -> Path:
    """A video of ten frames a second of somebody who waves with both arms, or stands and moves as little as it gets.

    Args:
        path: of the file.
        waves: whether the arms move.
        number: decides size, height in the picture, shirt, and how arms are at first.
        frames: of the video.
        width: of the picture, which is 160 pixels high.
        left: where somebody stands, in pixels, or up to 18 beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, 160, "yuv420p"
        for frame in range(frames):
            arm = 1.2 + 0.9 * np.sin(1.5 * frame + number) if waves else 0.3 + 0.01 * (frame % 2)
            joints = standing(84, left + 6 * (number % 4), 32 + number % 3, arms=(arm, arm))
            picture = drawn(160, width, (joints, SHIRTS[number % 4]))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        file.mux(stream.encode(None))
    return path


@pytest.mark.slow
def test_features_of_pictures_and_people_side_by_side(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    video = write_person(tmp_path / "wave.mp4", waves=True, number=0)
    command = ("--rate", "5", "--short-side", "160", "--quiet")
    for streams in ("frames,pose", "pose"):
        ended = call(capfd, "features", video, "-o", tmp_path / streams, "--streams", streams, *command)
        assert (ended.status, ended.output, ended.errors) == (0, "", "")
    both, alone = (read_feature_file(tmp_path / name / "wave.mp4.npz") for name in ("frames,pose", "pose"))
    assert both.values.shape == (8, 1280 + 99)
    assert both.origin is not None
    frames, pose = both.origin.settings.streams
    assert (frames.name, frames.size, pose.name, pose.size) == ("frames", 1280, "pose", 99)
    assert pose.encoder is not None
    assert pose.encoder.name == "movenet-multipose-lightning"
    np.testing.assert_array_equal(both.values[:, 1280:], alone.values)
    assert (alone.values[:, 50] > 0.4).all()  # somebody is there
    assert (alone.values[:, 51] == 0).all()  # and nobody else
    assert alone.values[:, 8].max() > 1  # wrists move by more than a torso a second


@pytest.mark.slow
def test_labels_are_learnt_from_people(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """From clips to a model, and to the labels of clips that it has not seen, of people beside the middle square."""
    for number in range(4):
        label = "wave" if number % 2 else "stand"
        write_person(
            tmp_path / "clips" / label / f"{number}.mp4", waves=label == "wave", number=number, width=352, left=42
        )
    model = tmp_path / "people.safetensors"
    settings = ("--rate", "5", "--streams", "pose", "--hidden", "8", "--members", "1", "--inner-folds", "0")
    data = ("--from-folders", tmp_path / "clips", "--cache-dir", tmp_path / "cache", "-o", model)
    ended = call(capfd, "train", *data, *settings, "--epochs", "30", "--quiet")
    assert (ended.status, ended.errors) == (0, "")
    for waves, label in ((True, "wave"), (False, "stand")):
        result = vidlabel.predict(
            write_person(tmp_path / f"{label}.mp4", waves=waves, number=10, width=352, left=42), model
        )
        assert result.status == "ok"
        assert [segment.label for segment in result.segments] == [label]
