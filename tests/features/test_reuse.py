"""Features of similar pictures are taken again, by a rule that is told here in plain loops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.features.extraction import extract
from vidlabel.features.reuse import MOST_CHANGE, TILE, Reuse
from vidlabel.video.sample import Sample

Pictures = npt.NDArray[np.uint8]


class CountingEncoder:
    """The feature of a picture is its mean colour and how many pictures came before it."""

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, frames: Pictures) -> npt.NDArray[np.float32]:
        numbers = self.seen + np.arange(len(frames), dtype=np.float32)
        self.seen += len(frames)
        return np.column_stack([frames.mean(axis=(1, 2, 3)), numbers]).astype(np.float32)


def expected_sources(pictures: Pictures) -> list[int]:
    """Number of the picture whose feature each one takes."""
    sources = [0]
    for number in range(1, len(pictures)):
        one, other = pictures[number].astype(float), pictures[sources[-1]].astype(float)
        changes = [
            abs(
                one[top : top + TILE, left : left + TILE].mean((0, 1))
                - other[top : top + TILE, left : left + TILE].mean((0, 1))
            ).mean()
            for top in range(0, pictures.shape[1], TILE)
            for left in range(0, pictures.shape[2], TILE)
        ]
        sources.append(sources[-1] if max(changes) < MOST_CHANGE else number)
    return sources


def drifting(count: int = 60) -> Pictures:
    """Pictures, not of whole tiles, that change by steps of every size, some of them in one corner only."""
    chance = np.random.default_rng(1)
    pictures = [chance.integers(40, 200, (43, 61, 3))]
    for _ in range(count - 1):
        step = np.zeros((43, 61, 3), int)
        step[chance.integers(43) :, chance.integers(61) :] = chance.integers(-6, 7)
        pictures.append(np.clip(pictures[-1] + step, 0, 255))
    return np.stack(pictures).astype(np.uint8)


@pytest.mark.parametrize("size", [1, 7, 60])
def test_a_picture_takes_the_feature_of_the_last_one_encoded_if_it_is_like_it(size: int) -> None:
    pictures = drifting()
    sources = expected_sources(pictures)
    reuse, encoder = Reuse(), CountingEncoder()
    values = np.concatenate([reuse.encode(encoder, [pictures[at : at + size]])[0] for at in range(0, 60, size)])
    fresh = sorted(set(sources))
    assert 10 < len(fresh) < 50
    assert values[:, 1].tolist() == [fresh.index(source) for source in sources]
    np.testing.assert_allclose(values[:, 0], [pictures[source].mean() for source in sources], rtol=1e-6)
    assert (encoder.seen, reuse.samples) == (len(fresh), 60 - len(fresh))


def test_a_small_object_in_a_still_picture_is_seen() -> None:
    still = np.full((3, 224, 398, 3), 100, np.uint8)
    still[1, 216:, 392:] += 60  # A piece of a tile in the corner.
    reuse, encoder = Reuse(), CountingEncoder()
    reuse.encode(encoder, [still])
    assert (encoder.seen, reuse.samples) == (3, 0)


def test_noise_of_a_camera_is_not() -> None:
    noise = np.random.default_rng(2).normal(0, 5, (20, 224, 398, 3))
    encoder = CountingEncoder()
    Reuse().encode(encoder, [np.clip(120 + noise, 0, 255).astype(np.uint8)])
    assert encoder.seen == 1


def test_each_stream_is_compared_for_itself() -> None:
    """In a still picture after a moving one, the motion is gone while the picture stays."""
    rgb = np.full((4, 32, 32, 3), 90, np.uint8)
    earlier = rgb.copy()
    earlier[0] += 30
    samples = [Sample(k / 2, rgb[k], earlier[k]) for k in range(4)]
    encoder, reuse = CountingEncoder(), Reuse()
    pieces = list(extract(samples, encoder, ("frames", "motion"), batch_size=3, reuse=reuse))
    values = np.concatenate([piece.values for piece in pieces])
    assert values[:, 0].tolist() == [90] * 4
    assert values[:, 2].tolist() == [68, 128, 128, 128]
    assert (encoder.seen, reuse.samples) == (3, 2)
