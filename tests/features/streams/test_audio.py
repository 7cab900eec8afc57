"""The stream `audio`: a feature of what is heard around each sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sounds import Clip, tones, write_clip
from vidlabel.errors import VideoError
from vidlabel.features.config import FeatureConfig, feature_blocks
from vidlabel.features.encoders.sound_encoder import load_sound_encoder
from vidlabel.features.streams.registry import check_has_streams, find_stream
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, View
from vidlabel.video.isolation.messages import Probed
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import SOUND_WINDOW, Sample, SampleRequest
from vidlabel.video.samples import isolated_probe

PCM = Clip("pcm_s16le", 16000, "mono", video_lasts=2.0, sound_lasts=2.0, bursts=((0.2, 0.5), (1.0, 1.9)))
CONFIG = FeatureConfig(rate=2.0, short_side=64, runtime="torch")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("audio") / "clip.mov", PCM)


def test_features_are_those_of_the_sound_around_each_sample(video: Path) -> None:
    """The windows are cut by hand out of the sound that was put into the file."""
    found = FeatureExtractor(CONFIG, feature_blocks(("audio",)), device="cpu").features(video)
    assert found.times.tolist() == [0.0, 0.52, 1.0, 1.52]
    heard = np.concatenate([np.zeros(7800), np.trunc(tones(PCM) * 32767) / 32768, np.zeros(16000)]).astype(np.float32)
    windows = np.stack([heard[round(time * 16000) :][:15600] for time in found.times])
    expected = load_sound_encoder(runtime="torch").encode(windows)
    np.testing.assert_allclose(found.joined(feature_blocks(("audio",))), expected, rtol=0, atol=1e-3)


def test_all_views_hear_the_same(video: Path) -> None:
    views: tuple[View, ...] = ("centre", "centre-flipped", "left")
    found = FeatureExtractor(CONFIG, feature_blocks(("frames", "audio"), views), device="cpu").features(video)
    assert len({found.joined(feature_blocks(("audio",), (view,))).tobytes() for view in views}) == 1
    assert found.joined(feature_blocks(("frames", "audio"), ("left",))).shape == (4, 1280 + 1024)


@pytest.fixture(scope="module")
def facts(video: Path) -> VideoMetadata:
    return isolated_probe(video).facts


@pytest.mark.parametrize(
    ("streams", "number", "words"),
    [
        (0, None, "has no sound, which the stream audio is made of"),
        (0, 0, "has no sound, which the stream audio is made of"),
        (2, 2, "has no audio stream 2, which the stream audio is made of"),
        (2, 1, None),
        (1, None, None),
    ],
)
def test_a_video_without_that_sound_is_refused(
    facts: VideoMetadata, streams: int, number: int | None, words: str | None
) -> None:
    facts, request = replace(facts, audio_streams=streams), SampleRequest(sound=True, audio_stream=number)
    if words is None:
        check_has_streams("a.mp4", Probed(facts, 0, 1, ()), request)
        return
    with pytest.raises(VideoError, match=f"^a.mp4: {words}; "):
        check_has_streams("a.mp4", Probed(facts, 0, 1, ()), request)


def test_features_of_a_video_without_sound_are_an_error(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "one.mp4", replace(PCM, codec="aac", video_lasts=0.4, sound_lasts=0.4))
    other = replace(CONFIG, audio_stream=3)
    with pytest.raises(VideoError, match=r"one\.mp4: has no audio stream 3"):
        FeatureExtractor(other, feature_blocks(("audio",)), device="cpu").features(path)


def test_only_this_version_s_sound_is_taken() -> None:
    stream = find_stream("audio")
    own = stream.describe(CONFIG, "whole")
    assert stream.problem(own) is None
    assert own == stream.describe(replace(CONFIG, short_side=96), "left-flipped")
    pictures = PicturePreprocessing(short_side=96, view="whole", mean=0.0, scale=255.0, resize_filter="bicubic")
    for changed, problem in (
        (replace(own, encoder=None), "an unknown encoder"),
        (replace(own, encoder=EncoderInfo(name="vggish", sha256="0" * 64)), "of vggish, and this version has"),
        (replace(own, encoder=EncoderInfo(name="yamnet", sha256="0" * 64)), "other weights"),
        (replace(own, pictures=pictures), "other weights"),
        (replace(own, size=128), "128 numbers of yamnet, which gives 1024"),
    ):
        assert problem in str(stream.problem(changed))


def test_only_what_changes_the_sound_changes_the_place_in_the_cache() -> None:
    stream = find_stream("audio")
    key = stream.cache_key(CONFIG, "centre")
    assert key == stream.cache_key(replace(CONFIG, short_side=96, lag_s=0.2, encoder="efficientnet-lite1"), "left")
    for changed in ({"rate": 3.0}, {"audio_stream": 1}, {"decoder": "pyav"}, {"runtime": "openvino"}):
        assert key != stream.cache_key(replace(CONFIG, **changed), "centre")


def window(amplitude: float) -> npt.NDArray[np.float32]:
    """A tone: the root mean square of a sine is 3.01 dB below its amplitude."""
    return (amplitude * np.sin(np.arange(SOUND_WINDOW) * 2 * np.pi * 440 / 16000)).astype(np.float32)


@pytest.mark.parametrize(("dbfs", "silent"), [(-90.0, True), (-60.5, True), (-59.5, False), (-20.0, False)])
def test_sound_of_60_db_below_full_scale_is_silent(dbfs: float, silent: bool) -> None:
    sound = window(2**0.5 * 10 ** (dbfs / 20))
    sample = Sample(time_s=0.0, rgb=np.zeros((8, 8, 3), np.uint8), sound=sound.copy())
    (heard,) = find_stream("audio").prepare([sample], ["whole"])
    np.testing.assert_array_equal(heard[0], np.zeros(SOUND_WINDOW) if silent else sound)
