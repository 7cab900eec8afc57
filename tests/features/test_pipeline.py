from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vidlabel.errors import UsageError
from vidlabel.features.encoders.frame_encoder import Encoder, load_encoder
from vidlabel.features.pipeline import Features, extract
from vidlabel.video.request import Sample


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(threads=2)


def some_samples(count: int, height: int = 48, width: int = 64) -> list[Sample]:
    pictures = np.random.default_rng(3).integers(0, 256, (count + 1, height, width, 3), dtype=np.uint8)
    earlier = [None, *pictures[:count]]
    return [Sample(k / 4, pictures[k], earlier[k]) for k in range(count)]


def joined(pieces: Iterator[Features]) -> Features:
    found = list(pieces)
    return Features(np.concatenate([f.times for f in found]), np.concatenate([f.values for f in found]))


def test_every_sample_gives_its_time_and_its_feature(encoder: Encoder) -> None:
    samples = some_samples(5)
    features = joined(extract(samples, encoder))
    assert features.times.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert features.times.dtype == np.float64
    np.testing.assert_array_equal(features.values, encoder.encode(np.stack([s.rgb for s in samples])))


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_piece_size_changes_no_bit(encoder: Encoder, batch_size: int) -> None:
    whole = joined(extract(some_samples(5), encoder, batch_size=5))
    pieces = list(extract(some_samples(5), encoder, batch_size=batch_size))
    assert max(len(piece.times) for piece in pieces) <= batch_size
    assert np.concatenate([piece.values for piece in pieces]).tobytes() == whole.values.tobytes()


def test_streams_are_joined_in_the_order_asked_for(encoder: Encoder) -> None:
    samples = some_samples(2)
    changed = np.clip(128 + 2 * (samples[1].rgb.astype(int) - samples[0].rgb.astype(int)), 0, 255).astype(np.uint8)
    motion = encoder.encode(np.stack([np.full_like(changed, 128), changed]))
    frames = encoder.encode(np.stack([sample.rgb for sample in samples]))
    both = joined(extract(samples, encoder, ("frames", "motion"))).values
    np.testing.assert_array_equal(both, np.concatenate([frames, motion], axis=1))
    np.testing.assert_array_equal(joined(extract(samples, encoder, ("motion",))).values, motion)


def test_centre_crop_looks_at_the_middle_only(encoder: Encoder) -> None:
    samples = some_samples(2)
    middle = np.stack([sample.rgb[:, 8:56] for sample in samples])
    np.testing.assert_array_equal(joined(extract(samples, encoder, crop="centre")).values, encoder.encode(middle))


def test_no_more_samples_are_taken_than_a_piece_holds(encoder: Encoder) -> None:
    taken = 0

    def endless() -> Iterator[Sample]:
        nonlocal taken
        while True:
            yield Sample(float(taken), some_samples(1)[0].rgb)
            taken += 1

    pieces = extract(endless(), encoder, batch_size=2)
    next(pieces)
    next(pieces)
    assert taken <= 4


def test_no_samples_give_no_pieces(encoder: Encoder) -> None:
    assert list(extract([], encoder)) == []


def test_stream_that_is_no_picture_is_refused(encoder: Encoder) -> None:
    with pytest.raises(UsageError, match="stream audio"):
        next(extract(some_samples(1), encoder, ("frames", "audio")))
