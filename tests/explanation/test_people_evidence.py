"""The person and the joint that make the score are named, and drawn where they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from explanation.linear_score import LinearScore
from features.drawn_people import drawn, standing
from features.encoders.movenet_reference import GREEN, RED
from features.streams.stick_figures import people, row
from vidlabel.explanation.people_evidence import BONES, JOINTS, PeopleEvidence, find_people_evidence, upright
from vidlabel.explanation.sample_reading import SampleReader
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.pose import POSE_NUMBERS, bodies_of, moving_bodies
from vidlabel.features.streams.pose_geometry import person_numbers
from vidlabel.features.streams.pose_tracks import Tracker
from vidlabel.video.isolation.pool import DecodePool

HIGHEST_WRIST = 79 + 3
"""The number that is the largest, over everybody, of how far the higher wrist is above its shoulder, in torsos."""


def write_frames(path: Path, frame: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], count: int) -> Path:
    """One picture again and again, 4 a second."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=4, options={"crf": "12"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frame.shape[:2]
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            shown = av.VideoFrame.from_ndarray(frame, format="rgb24")
            shown.pts, shown.time_base = number, Fraction(1, 4)
            output.mux(stream.encode(shown))
        output.mux(stream.encode(None))
    return path


def test_an_upright_joint_is_that_of_somebody_who_stands_still() -> None:
    """Of somebody who stands with hanging arms nothing changes by more than how people differ."""
    tracker = Tracker()
    joints = standing(200, 100, 40, (3.0, 0.1), 0.1)
    for step in range(3):
        tracks = tracker.push(bodies_of(people(row(np.add(joints, (0, 6 * step))))), step / 8)
    (moving,), _ = moving_bodies(tracks)
    before = person_numbers(moving)
    hanging = upright(moving, JOINTS.index("right_wrist"))
    raised = upright(moving, JOINTS.index("left_wrist"))
    assert np.linalg.norm(hanging.body.places - moving.body.places, axis=1).max() < 0.35 * 40
    assert np.linalg.norm(raised.body.places - moving.body.places, axis=1).max() > 1.2 * 40
    assert np.abs(raised.velocities[JOINTS.index("left_wrist")]).max() == 0
    assert np.abs(moving.velocities).max() == pytest.approx(48)
    assert person_numbers(raised)[3] < before[3] - 1  # the higher wrist
    assert person_numbers(hanging)[3] == before[3]


def test_bones_join_the_joints_of_coco() -> None:
    assert len(JOINTS) == 17
    pairs = {(JOINTS[first], JOINTS[second]) for first, second in BONES}
    assert {("left_elbow", "left_wrist"), ("right_hip", "right_knee"), ("left_shoulder", "right_shoulder")} <= pairs


def test_who_raises_an_arm_and_by_which_wrist(decode_pool: DecodePool, tmp_path: Path) -> None:
    height, width = 224, 336
    still = standing(130, 90, 48, (0.3, 0.3))
    raising = standing(130, 240, 48, (0.3, 2.6))
    video = write_frames(tmp_path / "people.mp4", drawn(height, width, (still, RED), (raising, GREEN)), 3)
    weights = np.zeros(POSE_NUMBERS, np.float32)
    weights[HIGHEST_WRIST] = 1
    config = FeatureConfig(rate=4)
    score = LinearScore("pose", weights, np.array([0, 0.25, 0.5]), step=2, config=config)
    (found,) = find_people_evidence(score, "pose", [2], SampleReader(video, config, decode_pool, print), tmp_path)
    assert isinstance(found.details, PeopleEvidence)
    first, second = sorted(found.details.people, key=lambda person: person.box[0])
    assert second.log_odds > 0.5
    assert abs(first.log_odds) < 0.1
    assert max(second.joints, key=second.joints.__getitem__) == "right_wrist"
    wrist = raising[JOINTS.index("right_wrist")]
    x, y = second.places["right_wrist"]
    assert np.hypot(x * width - wrist[1], y * height - wrist[0]) < 0.35 * 48
    left, top, right, bottom = second.box
    assert left * width < 240 < right * width
    assert top * height < 130 < bottom * height
    assert "right wrist" in found.summary
    assert found.kind == "people"
    assert found.file is not None
    with Image.open(tmp_path / found.file) as image:
        assert image.size == (2 * width, 2 * height)


def test_nobody_is_no_evidence(decode_pool: DecodePool, tmp_path: Path) -> None:
    video = write_frames(tmp_path / "empty.mp4", np.full((64, 96, 3), 120, np.uint8), 2)
    config = FeatureConfig(rate=4, short_side=64)
    score = LinearScore("pose", np.ones(POSE_NUMBERS, np.float32), np.array([0.0, 0.25]), step=1, config=config)
    assert find_people_evidence(score, "pose", [1], SampleReader(video, config, decode_pool, print), tmp_path) == []
    assert list(tmp_path.iterdir()) == [video]
