"""Which pictures an encoder is tuned on, and that they are those of the samples."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from features.encoders.plain_network import plainly
from heads.example_specs import published_stream
from training.sets import training_set
from video.in_process import open_samples
from vidlabel.errors import VideoError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.trainable_tail import EncoderTail
from vidlabel.features.streams.pictures import view_picture
from vidlabel.training.dataset.examples import Example
from vidlabel.training.dataset.feature_dataset import ExampleFeatures, FeatureDataset
from vidlabel.training.finetune.activations import LEAST_SAMPLES, PictureKeeper, chosen_samples
from vidlabel.training.train import SilentTrainListener
from vidlabel.video.request import SampleRequest

NAME = "efficientnet-lite0"
RATE, SIDE = 5.0, 64


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4", Recipe(frames=14, rate=Fraction(10)))


def gathered_at(clip: Path, *times: float) -> FeatureDataset:
    """A training set of one video that has samples at these times; their features are of no matter."""
    known = Example("clip.mp4", clip, "g", 1.4, ("painted",), ())
    values = np.zeros((len(times), 1280), np.float32)
    features = ExampleFeatures(np.array(times), (values, values), "pyav", times[-1] + 1)
    return FeatureDataset(training_set(known, labels=("painted",)), (features,), (published_stream(),))


def keeper() -> PictureKeeper:
    config = FeatureConfig(rate=RATE, short_side=SIDE)
    return PictureKeeper(config, ("frames",), ("centre", "centre-flipped"), EncoderTail(NAME, 1))


def test_kept_pictures_are_the_samples_before_the_tail(clip: Path) -> None:
    network, tail = load_network(NAME).requires_grad_(False), EncoderTail(NAME, 1)
    with open_samples(clip, SampleRequest(rate=RATE, short_side=SIDE)) as samples:
        taken = list(samples)
    dataset = gathered_at(clip, *(sample.time_s for sample in taken))
    squares = np.stack([view_picture(sample.rgb, "centre") for sample in taken])
    (kept,) = keeper().keep(dataset, SilentTrainListener())
    assert kept.samples.tolist() == list(range(7))
    for view, pictures in enumerate((squares, squares[:, :, ::-1])):
        (found,) = tail.features([kept.values[view][0]])
        expected = plainly(network, pictures.copy()).numpy()
        np.testing.assert_allclose(found.numpy(), expected, atol=0.02)  # half precision


def test_a_video_that_has_changed_meanwhile_is_refused(clip: Path) -> None:
    with pytest.raises(VideoError, match="now gives other pictures"):
        keeper().keep(gathered_at(clip, 50.0, 51.0), SilentTrainListener())


def test_memory_is_shared_out_among_videos() -> None:
    assert [len(found) for found in chosen_samples([10, 30], 100, 0)] == [10, 30]
    assert [len(found) for found in chosen_samples([100, 300], 100, 0)] == [25, 75]
    few = chosen_samples([5, 1, 4000], 4, 1)
    assert [found.tolist() for found in few[:2]] == [[1, 2, 3, 4], [0]]
    assert (len(few[2]), few[2][0], few[2][-1]) == (LEAST_SAMPLES, 1, 3999)
