"""What every stream that is computed from videos promises to the pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.encoders.video_networks import stand_in
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.base import FeatureStream
from vidlabel.features.streams.registry import VIDEO_STREAMS, find_stream, reading_request
from vidlabel.stream_spec import VIEWS
from vidlabel.video.request import Sample

CONFIG = FeatureConfig(rate=5.0, short_side=48, runtime="torch")


@pytest.fixture(params=[*VIDEO_STREAMS, stand_in.NAME])
def stream(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStream:
    if request.param == stand_in.NAME:
        stand_in.put_torchvision(monkeypatch)
        stand_in.put_weights(tmp_path, monkeypatch, stand_in.make_weights())
    return find_stream(request.param)


@pytest.fixture
def samples(stream: FeatureStream) -> list[Sample]:
    """Three, of which the first has no earlier frame, as in every video."""
    shown = np.random.default_rng(0).integers(0, 256, (4, 48, 64, 3), np.uint8)
    earlier = [None, *shown[:2]] if stream.needs_earlier_frame else [None] * 3
    sound = np.random.default_rng(1).normal(0, 0.1, (3, 15600)).astype(np.float32) if stream.needs_sound else [None] * 3
    text = ["one line", "", "another line"] if stream.needs_text else [None] * 3
    clip = None if stream.clip is None else tuple(shown[number % 4] for number in range(stream.clip.count))
    return [
        Sample(number / 5, shown[number + 1], before, heard, read, clip_rgb=clip and clip[number:] + clip[:number])
        for number, (before, heard, read) in enumerate(zip(earlier, sound, text, strict=True))
    ]


def test_it_is_found_under_the_name_that_it_says(stream: FeatureStream) -> None:
    assert find_stream(stream.name) is stream
    assert stream.describe(CONFIG, "centre").name == stream.name


def test_the_reading_pass_gives_what_it_needs_and_no_more(stream: FeatureStream) -> None:
    asked = reading_request(CONFIG, (stream.name,))
    assert (asked.lag_s is not None) == stream.needs_earlier_frame
    assert asked.sound == stream.needs_sound
    assert asked.text == stream.needs_text
    assert asked.clip == stream.clip


def test_inputs_of_a_sample_do_not_depend_on_those_beside_it(stream: FeatureStream, samples: list[Sample]) -> None:
    together = stream.prepare(samples, VIEWS)
    assert [len(inputs) for inputs in together] == [3] * len(VIEWS)
    for number, sample in enumerate(samples):
        for inputs, alone in zip(together, stream.prepare([sample], VIEWS), strict=True):
            np.testing.assert_array_equal(inputs[number], alone[0])


def test_an_encoding_has_the_same_bytes_alone_and_a_feature_the_size_that_is_described(
    stream: FeatureStream, samples: list[Sample], shared_encoders: None
) -> None:
    encoder = stream.load_encoder(CONFIG, "cpu", 1)
    (inputs,) = stream.prepare(samples, ("centre",))
    found = encoder.encode(inputs)
    assert found.shape == (3, encoder.feature_size)
    assert found.dtype == np.float32
    for number in range(3):
        np.testing.assert_array_equal(encoder.encode(inputs[number : number + 1])[0], found[number])
    times, stage = np.array([sample.time_s for sample in samples]), stream.start()
    features = stream.start().push(found, times)
    assert features.shape == (3, stream.describe(CONFIG, "centre").size)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    pieces = [stage.push(found[number : number + 1], times[number : number + 1]) for number in range(3)]
    np.testing.assert_array_equal(np.concatenate(pieces), features)


def test_what_it_describes_it_can_compute(stream: FeatureStream) -> None:
    assert stream.problem(stream.describe(CONFIG, "centre")) is None


def test_what_changes_its_numbers_changes_its_key(stream: FeatureStream) -> None:
    usual = stream.cache_key(CONFIG, "centre")
    assert usual == stream.cache_key(CONFIG, "centre")
    assert usual != stream.cache_key(replace(CONFIG, rate=6.0), "centre")
