"""When and in which frequencies: a tone at a known time makes the score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from corpus import Recipe, write_video
from explanation.linear_score import LinearScore
from sounds import Clip, write_clip
from vidlabel.explanation.sample_reading import SampleReader
from vidlabel.explanation.sound_evidence import SoundEvidence, find_sound_evidence
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.log_mel import band_edges_hz
from vidlabel.features.encoders.sound_encoder import load_sound_encoder
from vidlabel.features.streams.audio import FEATURE_SIZE
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import SOUND_RATE, SOUND_WINDOW

CONFIG = FeatureConfig(rate=2)
TONE_HZ = 1000


def burst_weights(start_s: float, end_s: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """What a tone in a window around 2 s adds to the feature of a silent one."""
    times = 2 + (np.arange(SOUND_WINDOW) - SOUND_WINDOW / 2) / SOUND_RATE
    tone = 0.5 * np.sin(2 * np.pi * TONE_HZ * times) * ((times >= start_s) & (times < end_s))
    noise = np.random.default_rng(0).normal(0, 1e-3, SOUND_WINDOW)
    shown, empty = load_sound_encoder(runtime="torch").encode(np.stack([tone + noise, noise]).astype(np.float32))
    weights: np.ndarray[tuple[int], np.dtype[np.float32]] = shown - empty
    return weights


def test_the_tone_is_found_in_time_and_frequency(decode_pool: DecodePool, tmp_path: Path) -> None:
    start_s, end_s = 2.1, 2.4
    video = write_clip(tmp_path / "tone.mp4", Clip(bursts=((start_s, end_s),)))
    score = LinearScore("audio", burst_weights(start_s, end_s), np.arange(8) / 2, step=4, config=CONFIG)
    (found,) = find_sound_evidence(score, "audio", [4], SampleReader(video, CONFIG, decode_pool, print), tmp_path)
    assert isinstance(found.details, SoundEvidence)
    measured = found.details
    assert (measured.start, measured.end) == pytest.approx((2 - 0.4875, 2 + 0.4875), abs=1e-3)
    assert measured.peak_start < end_s + 0.06
    assert measured.peak_end > start_s - 0.06
    assert measured.peak_low_hz < 1.5 * TONE_HZ
    assert measured.peak_high_hz > TONE_HZ / 1.5
    assert np.array(measured.occlusion).shape == (8, 8)
    assert found.file is not None
    with Image.open(tmp_path / found.file) as image:
        across, up = image.width / 480, image.height / 64
        picture = np.asarray(image.convert("L")).astype(int)
    # The drawn stretch begins two windows of 0.96 s before that of the sample; the tone is the brightest.
    loud = picture[:, round(across * (192 + 96 * (2.25 - measured.start) / 0.975))]
    band = int(np.searchsorted(band_edges_hz(), TONE_HZ)) - 1
    assert abs(int(loud.argmax()) - up * (64 - band)) < 6 * up


def test_a_video_whose_sound_is_gone_is_no_evidence(decode_pool: DecodePool, tmp_path: Path) -> None:
    video = write_video(tmp_path / "silent.mp4", Recipe(frames=25))
    score = LinearScore("audio", np.ones(FEATURE_SIZE, np.float32), np.array([0.0, 0.52]), step=1, config=CONFIG)
    assert find_sound_evidence(score, "audio", [1], SampleReader(video, CONFIG, decode_pool, print), tmp_path) == []


def test_bands_have_the_edges_that_are_published() -> None:
    """64 bands from 125 to 7500 Hz, evenly on the mel scale 1127 ln(1 + f / 700)."""
    edges = band_edges_hz()
    assert len(edges) == 66
    assert (edges[0], edges[-1]) == pytest.approx((125, 7500))
    mels = 1127 * np.log(1 + edges / 700)
    np.testing.assert_allclose(np.diff(mels), (mels[-1] - mels[0]) / 65)
