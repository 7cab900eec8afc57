from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.frame_encoder import Encoder, load_encoder
from vidlabel.features.pipeline import BlockSet, EncodedBlock, FeaturePipeline, Features, encode_samples, encode_sets
from vidlabel.features.streams.frames import FramesStream
from vidlabel.stream_spec import View
from vidlabel.video.request import Sample


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(threads=2)


def some_samples(count: int, height: int = 48, width: int = 64) -> list[Sample]:
    pictures = np.random.default_rng(3).integers(0, 256, (count + 1, height, width, 3), dtype=np.uint8)
    earlier = [None, *pictures[:count]]
    return [Sample(k / 4, pictures[k], earlier[k]) for k in range(count)]


def extract(
    samples: Iterable[Sample],
    encoder: Encoder,
    streams: Sequence[str] = ("frames",),
    view: View = "whole",
    batch_size: int = 8,
) -> Iterator[Features]:
    blocks = [FeatureBlock(stream, view) for stream in streams]
    return encode_samples(samples, dict.fromkeys(streams, encoder), blocks, batch_size)


def values(pieces: Iterator[Features]) -> npt.NDArray[np.float32]:
    return np.concatenate([piece.joined() for piece in pieces])


def test_every_sample_gives_its_time_and_its_feature(encoder: Encoder) -> None:
    samples = some_samples(5)
    (features,) = extract(samples, encoder)
    assert features.times.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert features.times.dtype == np.float64
    np.testing.assert_array_equal(features.joined(), encoder.encode(np.stack([s.rgb for s in samples])))


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_piece_size_changes_no_bit(encoder: Encoder, batch_size: int) -> None:
    whole = values(extract(some_samples(5), encoder, batch_size=5))
    pieces = list(extract(some_samples(5), encoder, batch_size=batch_size))
    assert max(len(piece.times) for piece in pieces) <= batch_size
    assert values(iter(pieces)).tobytes() == whole.tobytes()


def test_streams_are_joined_in_the_order_asked_for(encoder: Encoder) -> None:
    samples = some_samples(2)
    changed = np.clip(128 + 2 * (samples[1].rgb.astype(int) - samples[0].rgb.astype(int)), 0, 255).astype(np.uint8)
    motion = encoder.encode(np.stack([np.full_like(changed, 128), changed]))
    frames = encoder.encode(np.stack([sample.rgb for sample in samples]))
    both = values(extract(samples, encoder, ("frames", "motion")))
    np.testing.assert_array_equal(both, np.concatenate([frames, motion], axis=1))
    np.testing.assert_array_equal(values(extract(samples, encoder, ("motion",))), motion)


def test_views_that_share_their_inputs_are_encoded_once() -> None:
    class Counting:
        feature_size, batch_size, seen = 1, 1, 0

        def encode(self, inputs: npt.NDArray[np.float32], /) -> npt.NDArray[np.float32]:
            self.seen += len(inputs)
            return inputs[:, :1]

    encoder, picture = Counting(), np.zeros((32, 32, 3), np.uint8)
    samples = [Sample(float(k), picture, sound=np.full(15600, k, np.float32)) for k in range(3)]
    blocks = [FeatureBlock("audio", "centre"), FeatureBlock("audio", "centre-flipped")]
    (features,) = encode_samples(samples, {"audio": encoder}, blocks)
    assert [block[:, 0].tolist() for block in features.blocks] == [[0, 1, 2], [0, 1, 2]]
    assert encoder.seen == 3


def test_centre_crop_looks_at_the_middle_only(encoder: Encoder) -> None:
    samples = some_samples(2)
    middle = np.stack([sample.rgb[:, 8:56] for sample in samples])
    np.testing.assert_array_equal(values(extract(samples, encoder, view="centre")), encoder.encode(middle))


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


def test_a_stream_that_nothing_computes_is_refused(encoder: Encoder) -> None:
    with pytest.raises(UsageError, match="stream smell"):
        next(extract(some_samples(1), encoder, ("frames", "smell")))


def test_all_blocks_come_from_one_pass(encoder: Encoder) -> None:
    pictures = np.random.default_rng(5).integers(0, 256, (4, 40, 56, 3), dtype=np.uint8)
    samples = [Sample(k / 2, pictures[k], pictures[k - 1] if k else None) for k in range(3)]
    blocks = [
        FeatureBlock("motion", "right"),
        FeatureBlock("frames", "centre-flipped"),
        FeatureBlock("motion", "centre-flipped"),
    ]
    pieces = list(encode_samples(iter(samples), {"frames": encoder, "motion": encoder}, blocks, batch_size=2))
    assert [len(piece.times) for piece in pieces] == [2, 1]
    right, mirrored, moving = (np.concatenate([piece.blocks[i] for piece in pieces]) for i in range(3))
    change = np.clip(128 + 2 * (pictures[1:3].astype(int) - pictures[:2]), 0, 255).astype(np.uint8)
    motion = np.concatenate([np.full_like(change[:1], 128), change])
    np.testing.assert_array_equal(right, encoder.encode(np.ascontiguousarray(motion[:, :, 16:])))
    np.testing.assert_array_equal(mirrored, encoder.encode(np.ascontiguousarray(pictures[:3, :, 8:48][:, :, ::-1])))
    np.testing.assert_array_equal(moving, encoder.encode(np.ascontiguousarray(motion[:, :, 8:48][:, :, ::-1])))


class Counting:
    """Remembers the shapes of what it was given; a picture's feature is its first pixel."""

    feature_size = 3
    batch_size = 1

    def __init__(self) -> None:
        self.given: list[tuple[int, ...]] = []

    def encode(self, frames: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        self.given.append(frames.shape)
        return frames[:, 0, 0].astype(np.float32)


def test_pictures_of_one_size_are_encoded_in_one_call() -> None:
    pictures = np.random.default_rng(6).integers(0, 256, (3, 40, 56, 3), dtype=np.uint8)
    encoder, samples = Counting(), [Sample(float(k), pictures[k]) for k in range(3)]
    blocks = [FeatureBlock("frames", view) for view in ("centre", "whole", "right", "whole-flipped")]
    (piece,) = encode_samples(samples, {"frames": encoder}, blocks)
    assert encoder.given == [(6, 40, 40, 3), (6, 40, 56, 3)]
    corners = [pictures[:, 0, column] for column in (8, 0, 16, 55)]
    for own, corner in zip(piece.blocks, corners, strict=True):
        np.testing.assert_array_equal(own, corner)


def test_streams_have_encoders_of_their_own() -> None:
    """Each stream's numbers come from its encoder alone, whatever their widths."""

    class Mean(Counting):
        feature_size = 1

        def encode(self, frames: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
            self.given.append(frames.shape)
            means: npt.NDArray[np.float32] = frames.mean(axis=(1, 2, 3), dtype=np.float32)[:, None]
            return means

    samples = some_samples(2)
    first, second = Counting(), Mean()
    blocks = [FeatureBlock("motion", "whole"), FeatureBlock("frames", "whole")]
    (piece,) = encode_samples(samples, {"frames": first, "motion": second}, blocks)
    assert first.given == second.given == [(2, 48, 64, 3)]
    np.testing.assert_array_equal(piece.blocks[1], np.stack([sample.rgb[0, 0] for sample in samples]))
    assert piece.blocks[0][0] == 128
    assert piece.joined().shape == (2, 4)


def test_one_encoder_serves_all_streams_of_pictures() -> None:
    pipeline = FeaturePipeline(FeatureConfig(), ("motion", "frames"), "cpu", threads=1)
    loaded = pipeline.load(("motion", "frames"))
    assert list(loaded) == ["motion", "frames"]
    assert loaded["motion"] is loaded["frames"] is pipeline.load(["frames"])["frames"]


def test_a_pipeline_of_an_unknown_stream_is_refused() -> None:
    with pytest.raises(UsageError, match="stream smell"):
        FeaturePipeline(FeatureConfig(), ("frames", "smell"), "cpu")


class Changes:
    """The stage of a made stream: seconds and brightness since the first sample of the video, two numbers."""

    def __init__(self) -> None:
        self.first: tuple[float, float] | None = None

    def push(self, encoded: npt.NDArray[np.float32], times: npt.NDArray[np.float64], /) -> npt.NDArray[np.float32]:
        self.first = self.first or (float(times[0]), float(encoded[0, 0]))
        return np.stack([times - self.first[0], encoded[:, 0] - self.first[1]], axis=1).astype(np.float32)


def test_what_a_stream_knows_of_a_video_goes_from_piece_to_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each block by itself, and not to the next video."""
    monkeypatch.setattr(FramesStream, "start", lambda self: Changes())
    pictures = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 40, 40, 3), np.uint8)
    pictures[:, :, 20:] *= 10
    samples = [Sample(2 + k / 4, pictures[k]) for k in range(1, 5)]
    blocks = [FeatureBlock("frames", "whole"), FeatureBlock("frames", "whole-flipped")]
    for _ in range(2):
        pieces = list(encode_samples(samples, {"frames": Counting()}, blocks, batch_size=3))
        plain, flipped = (np.concatenate([piece.blocks[number] for piece in pieces]) for number in range(2))
        np.testing.assert_array_equal(plain, [[0, 0], [0.25, 1], [0.5, 2], [0.75, 3]])
        np.testing.assert_array_equal(flipped[:, 1], [0, 10, 20, 30])


def test_what_sets_have_in_common_is_encoded_once_and_of_the_samples_that_are_wanted() -> None:
    pictures = np.random.default_rng(7).integers(0, 256, (6, 40, 56, 3), dtype=np.uint8)
    masks = (3, 2, 1, 2, 2, 3)
    samples = [
        Sample(float(k), pictures[k], pictures[k - 1] if k else None, rate_mask=mask) for k, mask in enumerate(masks)
    ]
    first, second = Counting(), Counting()
    frames, motion = (EncodedBlock(FeatureBlock(name, "whole"), first) for name in ("frames", "motion"))
    other = EncodedBlock(frames.block, second)
    sets = [BlockSet((frames,), 1), BlockSet((frames, motion), 2), BlockSet((other,), 1)]
    pieces = list(encode_sets(iter(samples), sets, batch_size=3))
    assert first.given == [(3 + 2, 40, 56, 3), (3 + 3, 40, 56, 3)]
    assert second.given == [(2, 40, 56, 3), (1, 40, 56, 3)]
    for own, mask in zip(zip(*pieces, strict=True), (1, 2, 1), strict=True):
        rows = [k for k in range(6) if masks[k] & mask]
        found = [piece for piece in own if piece is not None]
        assert np.concatenate([piece.times for piece in found]).tolist() == rows
        np.testing.assert_array_equal(np.concatenate([piece.blocks[0] for piece in found]), pictures[rows, 0, 0])


def test_a_set_without_samples_in_a_piece_gives_nothing_there() -> None:
    block = EncodedBlock(FeatureBlock("frames", "whole"), Counting())
    samples = [replace(sample, rate_mask=1 + (k == 3)) for k, sample in enumerate(some_samples(4))]
    pieces = list(encode_sets(samples, [BlockSet((block,), 1), BlockSet((block,), 2)], batch_size=2))
    assert [[piece is None for piece in own] for own in pieces] == [[False, True], [False, False]]


def test_streams_that_remember_see_the_samples_of_one_rate_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted:
        """Counts the samples."""

        def __init__(self) -> None:
            self.seen = 0

        def push(self, encoded: npt.NDArray[np.float32], times: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
            numbers = self.seen + np.arange(len(times), dtype=np.float32)
            self.seen += len(times)
            assert len(encoded) == len(times)
            return numbers[:, None]

    monkeypatch.setattr(FramesStream, "start", lambda _: Counted())
    block = EncodedBlock(FeatureBlock("frames", "whole"), Counting())
    samples = [replace(sample, rate_mask=1 if k % 2 else 3) for k, sample in enumerate(some_samples(7))]
    sets = [BlockSet((block,), 1), BlockSet((block,), 2)]
    pieces = list(encode_sets(samples, sets, batch_size=3))
    numbers = [np.concatenate([own[k].blocks[0][:, 0] for own in pieces if own[k] is not None]) for k in (0, 1)]  # type: ignore[union-attr]
    assert [found.tolist() for found in numbers] == [[0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3]]
