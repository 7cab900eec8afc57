"""The people that the network finds: where they were drawn, and as the original network finds them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch

from features.drawn_people import Joints, drawn, standing
from features.encoders.movenet_reference import BLUE, GREEN, LEAST_SCORE, RED, known_pictures, reference_people
from vidlabel.features.encoders.hardware import UsedRuntime, is_openvino_installed
from vidlabel.features.encoders.movenet import MoveNet
from vidlabel.features.encoders.movenet_layers import movenet_layers
from vidlabel.features.encoders.pose_encoder import PeopleNetwork, PoseEncoder, load_pose_encoder
from vidlabel.features.encoders.shipped_weights import MOVENET, MOVENET_SCALING
from vidlabel.features.encoders.torch_networks import BatchedNetwork

RUNTIMES: tuple[UsedRuntime, ...] = ("torch", "openvino") if is_openvino_installed() else ("torch",)

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module", params=RUNTIMES)
def encoder(request: pytest.FixtureRequest) -> PoseEncoder:
    return load_pose_encoder(threads=2, runtime=request.param)


def people_in(encoder: PoseEncoder, picture: npt.NDArray[np.uint8]) -> Floats:
    """(P, 56) of those with a score, best first."""
    people = encoder.encode(picture[None]).reshape(6, 56)
    people = people[people[:, 55] >= LEAST_SCORE]
    return people[np.argsort(-people[:, 55])]


def keypoints(person: Floats) -> Floats:
    return person[:51].reshape(17, 3)[:, :2]


@pytest.mark.parametrize(
    ("size", "arms"),
    [((224, 224), (0.3, 0.3)), ((224, 398), (2.6, 2.6)), ((225, 301), (0.4, 2.2)), ((300, 224), (2.2, 0.4))],
)
def test_joints_are_where_they_were_drawn(
    encoder: PoseEncoder, size: tuple[int, int], arms: tuple[float, float]
) -> None:
    """In pixels of the picture, whatever padding it needs; left and right are the person's own."""
    joints, torso = standing(size[0] / 2 + 5, size[1] / 2 - 8, 46, arms), 46
    (person,) = people_in(encoder, drawn(*size, (joints, RED)))
    assert person[55] > 0.5
    errors = np.linalg.norm(keypoints(person) - joints, axis=1) / torso
    assert errors.max() < 0.2
    assert errors.mean() < 0.08


@pytest.mark.parametrize(("size", "torso"), [((480, 640), 95), ((719, 540), 110), ((300, 410), 60)])
def test_large_pictures_are_no_worse(encoder: PoseEncoder, size: tuple[int, int], torso: float) -> None:
    """The network was trained on small ones, and misses large people."""
    joints = standing(size[0] / 2 + 5, size[1] / 2 - 8, torso)
    (person,) = people_in(encoder, drawn(*size, (joints, RED)))
    assert person[55] > 0.6
    assert np.linalg.norm(keypoints(person) - joints, axis=1).max() < 0.2 * torso


def test_boxes_hold_the_people(encoder: PoseEncoder) -> None:
    where = [standing(115, 90, 45), standing(118, 280, 45)]
    people = people_in(encoder, drawn(224, 398, (where[0], GREEN), (where[1], BLUE)))
    assert len(people) == 2
    for person, joints in zip(sorted(people, key=lambda person: float(person[52])), where, strict=True):
        top, left, bottom, right = person[51:55]
        assert np.allclose([(top + bottom) / 2, (left + right) / 2], [115, joints[11:13, 1].mean()], atol=15)
        assert top < joints[0, 0]
        assert bottom > joints[13:15, 0].max()
        assert left < joints[:, 1].min() + 5
        assert right > joints[:, 1].max() - 5


@pytest.mark.parametrize("name", list(known_pictures()))
def test_people_are_those_of_the_original_network(encoder: PoseEncoder, name: str) -> None:
    picture, expected = known_pictures()[name], reference_people()[name]
    found = people_in(encoder, picture)
    assert len(found) == len(expected)
    sizes = np.ones(56)
    sizes[[*range(0, 51, 3), 51, 53]], sizes[[*range(1, 51, 3), 52, 54]] = picture.shape[:2]
    np.testing.assert_allclose(found / sizes, expected, rtol=0, atol=1e-3)


def test_nobody_scores_where_nobody_is(encoder: PoseEncoder) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    for picture in (np.zeros((2, 2, 3), np.uint8), np.full((224, 224, 3), 255, np.uint8), drawn(100, 160), noise):
        people = encoder.encode(picture[None])
        assert people.shape == (1, 336)
        assert np.isfinite(people).all()
        assert people.reshape(6, 56)[:, 55].max() < LEAST_SCORE


def test_bytes_depend_on_nothing_beside_a_picture(encoder: PoseEncoder) -> None:
    pictures = np.stack([drawn(120, 160, (standing(60, 40 + 20 * n, 25), RED)) for n in range(5)])
    together = encoder.encode(pictures)
    assert together.dtype == np.float32
    for number in (0, 3):
        assert encoder.encode(pictures[number : number + 1])[0].tobytes() == together[number].tobytes()
    again = load_pose_encoder(threads=1, runtime=encoder.runtime).encode(pictures[:, :, ::-1][:, :, ::-1])
    assert again.tobytes() == together.tobytes()


def test_no_pictures_give_no_rows(encoder: PoseEncoder) -> None:
    assert encoder.encode(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, encoder.feature_size)


def batched(pictures: npt.NDArray[np.uint8], precision: torch.dtype) -> Floats:
    """What a GPU does, on the CPU."""
    network = MoveNet(movenet_layers(MOVENET.read())).eval().requires_grad_(False)
    own = PeopleNetwork(BatchedNetwork(network, "cpu", precision, batch_size=2, scaling=MOVENET_SCALING))
    return own.run(pictures).reshape(-1, 6, 56)


def test_batches_on_a_gpu_give_the_same_people() -> None:
    where: Sequence[Joints] = [standing(60, 40 + 20 * number, 25) for number in range(3)]
    pictures = np.stack([drawn(120, 160, (joints, RED)) for joints in where])
    alone = load_pose_encoder(threads=1, runtime="torch").encode(pictures).reshape(-1, 6, 56)
    present = alone[..., 55] >= LEAST_SCORE
    whole, half = batched(pictures, torch.float32), batched(pictures, torch.float16)
    np.testing.assert_allclose(whole[present], alone[present], rtol=0, atol=1e-2)
    np.testing.assert_array_equal(half[..., 55] >= LEAST_SCORE, present)
    np.testing.assert_allclose(half[present][:, 55], alone[present][:, 55], rtol=0, atol=0.02)
    for person, joints in zip(half[:, 0], where, strict=True):
        assert np.linalg.norm(keypoints(person) - joints, axis=1).max() < 0.25 * 25
