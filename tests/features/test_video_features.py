"""Features of videos: computed once, taken from the cache afterwards, the same either way."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import vidlabel.features.encoders.frame_encoder
from corpus import Recipe, write_video
from video.in_process import open_samples
from vidlabel.errors import VideoError
from vidlabel.features.cache import CachedBlock, FeatureCache
from vidlabel.features.config import FeatureBlock, FeatureConfig, feature_blocks
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.encoders.hardware import Device
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.features.streams import registry
from vidlabel.features.streams.base import Inputs, StreamEncoder
from vidlabel.features.streams.pictures import EncodedAlone, PictureStream
from vidlabel.features.streams.registry import describe_streams
from vidlabel.features.video_features import FeatureExtractor, VideoFeatures
from vidlabel.stream_spec import EncoderInfo, StreamSpec, View
from vidlabel.video.request import ReadReport, Sample, SampleRequest

CONFIG = FeatureConfig(rate=5.0, short_side=64)


class RecordingListener:
    """Records what it receives."""

    def __init__(self) -> None:
        self.encoded: list[tuple[float, float, str]] = []
        self.warnings: list[str] = []

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        self.encoded.append((encoded_s, duration_s, name))

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "clip.mp4", Recipe(frames=25))


def extractor(folder: Path | None, *views: View) -> FeatureExtractor:
    cache = FeatureCache(folder) if folder is not None else None
    return FeatureExtractor(CONFIG, feature_blocks(("frames", "motion"), views or ("centre",)), cache, "cpu", 2)


def assert_same(first: VideoFeatures, second: VideoFeatures) -> None:
    assert first.blocks == second.blocks
    assert first.times.tolist() == second.times.tolist()
    for one, other in zip(first.values, second.values, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.report == second.report


def test_features_are_those_of_the_samples(video: Path) -> None:
    found = extractor(None).features(video)
    with open_samples(video, SampleRequest(rate=5.0, short_side=64)) as taken:
        pictures = [(sample.time_s, sample.rgb) for sample in taken]
    assert found.times.tolist() == [time_s for time_s, _ in pictures] == [0.0, 0.2, 0.4, 0.6, 0.8]
    height, width = pictures[0][1].shape[:2]
    left = (width - height) // 2
    squares = np.stack([rgb[:, left : left + height] for _, rgb in pictures])
    np.testing.assert_array_equal(found.joined(feature_blocks(("frames",))), load_encoder(threads=2).encode(squares))
    assert found.joined(feature_blocks(("motion", "frames"))).shape == (5, 2560)
    np.testing.assert_array_equal(found.joined(feature_blocks(("motion", "frames")))[:, 1280:], found.values[0])


def test_a_gpu_is_given_full_batches(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many samples at once as it encodes at once, in all blocks together; the features stay the same."""
    encoder, given = load_encoder(threads=2), []

    class OnGpu:
        """Takes batches of 32, as a GPU does."""

        feature_size, batch_size = 1280, 32

        def encode(self, frames: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
            given.append(len(frames))
            return encoder.encode(frames)

    expected = FeatureExtractor(
        replace(CONFIG, rate=25.0), feature_blocks(("frames", "motion")), device="cpu"
    ).features(video)
    monkeypatch.setattr(vidlabel.features.encoders.frame_encoder, "load_encoder", lambda *_: OnGpu())
    found = FeatureExtractor(replace(CONFIG, rate=25.0), feature_blocks(("frames", "motion")), device="cpu").features(
        video
    )
    assert given == [50]
    assert_same(found, expected)


def test_a_second_time_nothing_is_computed(video: Path, tmp_path: Path) -> None:
    first_listener, second_listener = RecordingListener(), RecordingListener()
    first = extractor(tmp_path).features(video, first_listener, "clip")
    copy = tmp_path / "renamed.mkv"
    shutil.copy(video, copy)
    second = extractor(tmp_path).features(copy, second_listener, "clip")
    assert_same(first, second)
    assert first_listener.encoded[-1] == (0.8, 1.0, "clip")
    assert second_listener.encoded == []


def test_only_missing_views_are_added(video: Path, tmp_path: Path) -> None:
    extractor(tmp_path, "centre").features(video)
    entries = set(tmp_path.rglob("*.safetensors"))
    times = {path: path.stat().st_mtime_ns for path in entries}
    both = extractor(tmp_path, "centre", "centre-flipped").features(video)
    assert len(set(tmp_path.rglob("*.safetensors")) - entries) == 2
    assert {path: path.stat().st_mtime_ns for path in entries} == times
    assert_same(both, extractor(tmp_path / "other", "centre", "centre-flipped").features(video))


def test_a_damaged_entry_is_computed_again(video: Path, tmp_path: Path) -> None:
    first = extractor(tmp_path).features(video)
    for path in tmp_path.rglob("*.safetensors"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 64
        path.write_bytes(content)
    listener = RecordingListener()
    assert_same(first, extractor(tmp_path).features(video, listener))
    assert listener.encoded
    assert_same(first, extractor(tmp_path).features(video))


def test_a_cache_that_cannot_be_written_is_warned_of_once(video: Path, tmp_path: Path) -> None:
    expected = extractor(tmp_path / "cache").features(video)
    (tmp_path / "file").touch()
    for folder, problem in (
        (tmp_path / "file" / "cache", "cannot be written (Not a directory)"),
        (None, "has no place, since the user has no home folder"),
    ):
        listener = RecordingListener()
        cache = FeatureCache(folder)
        unkept = FeatureExtractor(CONFIG, feature_blocks(("frames", "motion")), cache, "cpu", 2)
        for _ in range(2):
            assert_same(expected, unkept.features(video, listener, "clip"))
        assert len(listener.warnings) == 1
        assert problem in listener.warnings[0]
        assert listener.warnings[0].endswith("; name a folder with --cache-dir")


def test_what_was_read_in_part_is_used_and_not_kept(tmp_path: Path) -> None:
    video = write_video(tmp_path / "damaged.mp4", Recipe(frames=60))
    content = video.read_bytes()
    third = len(content) // 3
    video.write_bytes(content[:third] + bytes(third) + content[2 * third :])
    found = extractor(tmp_path / "cache").features(video)
    assert found.report.decoded_ratio < 1
    assert len(found.times) > 0
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("Dear diary\n" * 100)
    with pytest.raises(VideoError, match=r"notes\.mp4"):
        extractor(tmp_path).features(path)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_stream_that_the_video_lacks_is_known_to_be_missing(video: Path, tmp_path: Path) -> None:
    """And not looked for again, whether it was asked for with others or after them."""
    extractor(tmp_path, "centre").features(video)
    both = FeatureExtractor(CONFIG, feature_blocks(("frames", "audio")), cache=FeatureCache(tmp_path), device="cpu")
    found = both.features(video)
    assert [values.shape[1] for values in found.values] == [1280, 0]
    assert found.missing == {"audio"}
    audio = replace(describe_streams(CONFIG, ("audio",), "centre")[0], size=2)
    filled = found.filled(
        [*describe_streams(CONFIG, ("frames",), "centre"), audio], feature_blocks(("frames", "audio"))
    )
    np.testing.assert_array_equal(filled[:, 1280:], np.zeros((len(found.times), 2)))
    listener = RecordingListener()
    assert_same(found, both.features(video, listener))
    assert listener.encoded == []
    with pytest.raises(VideoError, match="has no sound"):
        FeatureExtractor(CONFIG, feature_blocks(("audio",)), device="cpu").features(video)


class Brightness:
    """A stream of its own: the mean of each colour, by an encoder that has nothing to do with pictures' own."""

    name, needs_earlier_frame, needs_sound, needs_text, clip = "brightness", False, False, False, None
    encoder_kind = "brightness"
    feature_size, batch_size = 3, 1

    def describe(self, config: FeatureConfig, view: View) -> StreamSpec:  # noqa: ARG002
        return StreamSpec(name="brightness", size=3, encoder=EncoderInfo(name="mean", sha256="ab" * 32))

    def problem(self, wanted: StreamSpec) -> str | None:  # noqa: ARG002
        return None

    def cache_key(self, config: FeatureConfig, view: View) -> tuple[str | float | None, ...]:  # noqa: ARG002
        return ("brightness", config.rate, config.short_side)

    def beside_video(self, path: Path, config: FeatureConfig) -> str:  # noqa: ARG002
        return ""

    def load_encoder(self, config: FeatureConfig, device: Device, threads: int | None) -> StreamEncoder:  # noqa: ARG002
        return self

    def prepare(self, samples: Sequence[Sample], views: Sequence[View]) -> list[Inputs]:
        return [np.stack([sample.rgb for sample in samples]) for _ in views]

    def encode(self, inputs: Inputs, /) -> npt.NDArray[np.float32]:
        means: npt.NDArray[np.float32] = inputs.mean(axis=(1, 2), dtype=np.float32)
        return means

    def start(self) -> EncodedAlone:
        return EncodedAlone()


def test_a_new_stream_is_a_class_in_the_registry(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Computed and kept beside the others, whatever its width and encoder."""
    monkeypatch.setitem(registry._BY_NAME, "brightness", Brightness())
    streams = ("brightness", "frames")
    found = FeatureExtractor(CONFIG, feature_blocks(streams), cache=FeatureCache(tmp_path), device="cpu").features(
        video
    )
    with open_samples(video, SampleRequest(rate=5.0, short_side=64)) as taken:
        means = np.stack([sample.rgb.reshape(-1, 3).mean(axis=0) for sample in taken])
    assert [values.shape[1] for values in found.values] == [3, 1280]
    joined = found.joined(feature_blocks(streams))
    np.testing.assert_allclose(joined[:, :3], means, atol=0.07)  # kept as half precision
    alone = FeatureExtractor(CONFIG, feature_blocks(("frames",)), cache=FeatureCache(tmp_path), device="cpu").features(
        video, RecordingListener()
    )
    np.testing.assert_array_equal(joined[:, 3:], alone.joined(feature_blocks(("frames",))))


def test_only_the_encoders_of_what_is_missing_are_loaded(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._BY_NAME, "brightness", Brightness())
    FeatureExtractor(CONFIG, feature_blocks(("frames",)), cache=FeatureCache(tmp_path), device="cpu").features(video)
    monkeypatch.setattr(PictureStream, "load_encoder", lambda *_: pytest.fail("loaded without need"))
    both = FeatureExtractor(
        CONFIG, feature_blocks(("frames", "brightness")), cache=FeatureCache(tmp_path), device="cpu"
    )
    assert [values.shape[1] for values in both.features(video).values] == [1280, 3]


def test_what_changes_another_stream_leaves_an_entry_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture encoder, its pixels and its runtime are nothing to a stream that does not use it."""
    monkeypatch.setitem(registry._BY_NAME, "brightness", Brightness())
    cache, block = FeatureCache(tmp_path), FeatureBlock("brightness", "centre")
    cache.keep("v", CONFIG, block, CachedBlock(np.zeros(1), np.ones((1, 3), np.float32), ReadReport("pyav")))
    tuned = FinetunedWeights(blocks=1, published_sha256="0" * 64, sha256="1" * 64, tensors={})
    for changed in (
        {"encoder": "efficientnet-lite1"},
        {"tuned": tuned},
        {"scaling": PixelScaling(0.0, 255.0)},
        {"runtime": "torch"},
        {"lag_s": 0.2},
        {"decoder": "pyav"},
    ):
        assert cache.load("v", replace(CONFIG, **changed), block) is not None
    assert cache.load("v", replace(CONFIG, rate=9.0), block) is None
