"""Features of a training set: computed once, read from files, or made as a model says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from heads.example_specs import pooled_spec, published_stream, save_example, step_spec, stream
from sounds import Clip, write_clip
from training.sets import example, read, training_set, write_features, write_table
from vidlabel.errors import InputError, UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.config import FeatureConfig, feature_blocks
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.stream_spec import StreamSpec, View
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.feature_options import FeatureOptions, feature_options
from vidlabel.training.features import (
    extract_features,
    extract_model_features,
    features_in_files,
    video_features,
)
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import SilentTrainListener

pytestmark = pytest.mark.usefixtures("shared_encoders")


class RecordingListener:
    """Records what it receives."""

    def __init__(self) -> None:
        self.moved: list[tuple[float, float, str]] = []
        self.ends: list[tuple[str, bool]] = []

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        self.moved.append((encoded_s, duration_s, name))

    def warn(self, text: str) -> None:
        raise AssertionError(text)

    def ended(self, name: str, failure: str | None) -> None:
        self.ends.append((name, failure is None))


def extractor(folder: Path) -> FeatureExtractor:
    config = FeatureConfig(rate=5.0, short_side=48)
    views: tuple[View, ...] = ("centre", "centre-flipped")
    return FeatureExtractor(config, feature_blocks(("frames", "motion"), views), FeatureCache(folder), "cpu", 2)


def test_features_of_videos_resume(tmp_path: Path) -> None:
    for number, name in enumerate(("a.mp4", "b.mp4")):
        write_video(tmp_path / name, Recipe(frames=20), range(number, number + 20))
    found = read_examples(write_table(tmp_path, "a.mp4,,,run\nb.mp4,,,walk\n"))
    extractor(tmp_path / "cache").features(tmp_path / "a.mp4")  # An earlier run was ended after the first video.
    listener = RecordingListener()
    dataset = video_features(found, extractor(tmp_path / "cache"), listener)
    assert listener.moved == [(0.6, 0.8, "b.mp4")]
    assert listener.ends == [("a.mp4", True), ("b.mp4", True)]
    assert dataset.training_set == found
    assert (dataset.stream_names, dataset.width) == (("frames", "motion"), 2560)
    assert [len(one.views) for one in dataset.features] == [2, 2]
    first = dataset.features[0]
    assert first.times.tolist() == [0.0, 0.2, 0.4, 0.6]
    assert first.views[0][:, dataset.columns["motion"]].shape == (4, 1280)
    again = video_features(found, extractor(tmp_path / "cache"), RecordingListener())
    for one, other in zip(dataset.features, again.features, strict=True):
        for view, same in zip(one.views, other.views, strict=True):
            np.testing.assert_array_equal(view, same)


def test_a_video_that_fails_meanwhile_is_left_out(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        write_video(tmp_path / name, Recipe(frames=20))
    found = read_examples(write_table(tmp_path, "a.mp4,,,run\nb.mp4,,,walk\nc.mp4,,,run\n"))
    (tmp_path / "b.mp4").write_bytes(b"no video any more")
    listener = RecordingListener()
    dataset = video_features(found, extractor(tmp_path / "cache"), listener)
    assert listener.ends == [("a.mp4", True), ("b.mp4", False), ("c.mp4", True)]
    left = dataset.training_set
    assert [example.video for example in left.examples] == ["a.mp4", "c.mp4"]
    assert [video.video for video in left.unusable] == ["b.mp4"]
    assert left.lost_labels == ("walk",)
    assert len(dataset.features) == 2


def test_where_all_fail_the_last_reason_is_given(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", Recipe(frames=20))
    found = read_examples(write_table(tmp_path, "a.mp4,,,run\n"))
    (tmp_path / "a.mp4").write_bytes(b"no video any more")
    with pytest.raises(InputError, match=r"a\.mp4"):
        video_features(found, extractor(tmp_path / "cache"), RecordingListener())


def test_files_of_features_are_taken_as_they_are(tmp_path: Path) -> None:
    found = read(tmp_path, "a.npz,,,run\nb.npz,,,walk\n")
    dataset = features_in_files(found, RecordingListener())
    assert dataset.streams == (StreamSpec(name="features", size=10, encoder=None),)
    assert dataset.width == 10
    with np.load(tmp_path / "b.npz") as archive:
        np.testing.assert_array_equal(dataset.features[1].views[0], archive["features"])
        np.testing.assert_array_equal(dataset.features[1].times, archive["times"])


ROWS = "a.npz,,,fight\nb.npz,,,shout\nc.npz,,,fight\nd.npz,,,shout\n"


def test_files_of_the_right_width_are_taken_with_the_streams_of_the_model(tmp_path: Path) -> None:
    streams = (stream(size=7), stream("motion", 3, lag_s=0.1))
    model = save_example(replace(pooled_spec(), streams=streams, rate=2.0), tmp_path / "m.safetensors")
    found = extract_model_features(model, read(tmp_path, ROWS), FeatureOptions(), SilentTrainListener())
    assert found.streams == streams
    stored = np.load(write_features(tmp_path / "other" / "b.npz"))["features"]
    np.testing.assert_array_equal(found.features[1].views[0], stored)


def test_files_of_another_width_are_refused(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match="these files hold 10 numbers a sample, and steps takes 6"):
        extract_model_features(model, read(tmp_path, ROWS), FeatureOptions(), SilentTrainListener())


def test_an_encoder_is_refused_where_features_have_one(tmp_path: Path) -> None:
    model = save_example(pooled_spec(), tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=r"--encoder: pooled has one already"):
        feature_options(TrainOptions(), None, None, encoder="efficientnet-lite0", model=model)
    found = read(tmp_path, "a.npz,,,run\n")
    options = feature_options(TrainOptions(), None, None, encoder="efficientnet-lite0")
    with pytest.raises(UsageError, match="--encoder: is for videos"):
        extract_features(found, options, None, SilentTrainListener())


def test_streams_that_no_video_has_are_refused(tmp_path: Path) -> None:
    model = save_example(replace(step_spec(), streams=(published_stream("smell", 6),)), tmp_path / "m.safetensors")
    videos = training_set(example("a.mp4", clip=("walk",)), labels=("walk",))
    with pytest.raises(UsageError, match="takes smell, which cannot be computed from videos"):
        extract_model_features(model, videos, FeatureOptions(), SilentTrainListener())


def test_some_videos_may_be_silent_but_not_all(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", Recipe(frames=20))
    write_clip(tmp_path / "b.mp4", Clip(video_lasts=1.0, sound_lasts=1.0))
    options = FeatureOptions(
        config=FeatureConfig(rate=5.0, short_side=48),
        streams=("frames", "audio"),
        cache=tmp_path / "cache",
        device="cpu",
    )
    both = read_examples(write_table(tmp_path, "a.mp4,,,run\nb.mp4,,,walk\n"))
    dataset, _ = extract_features(both, options, None, SilentTrainListener())
    assert [clip.missing for clip in dataset.features] == [{"audio"}, set()]
    assert dataset.width == 1280 + 1024
    silent, heard = (clip.views[0][:, dataset.columns["audio"]] for clip in dataset.features)
    assert not silent.any()
    assert heard.any()
    alone = read_examples(write_table(tmp_path, "a.mp4,,,run\n"))
    with pytest.raises(UsageError, match="--streams: no video has audio; leave it out"):
        extract_features(alone, options, None, SilentTrainListener())
