"""Encoders of clips: a stand-in for torchvision's networks, and these themselves where torchvision is installed."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from features.encoders.video_networks.stand_in import NAME, make_weights, network, put_torchvision, put_weights
from vidlabel.errors import InstallationError
from vidlabel.features.encoders import torchvision_pair
from vidlabel.features.encoders.video_networks.clip_encoder import load_clip_encoder
from vidlabel.features.encoders.video_networks.pictures import network_picture
from vidlabel.features.encoders.video_networks.table import VIDEO_NETWORKS
from vidlabel.features.encoders.video_networks.torchvision_networks import class_names

__all__ = ["network"]

TINY = VIDEO_NETWORKS[NAME]
CLIPS = np.random.default_rng(0).integers(0, 256, (3, 16, 112, 112, 3), np.uint8)

needs_torchvision = pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed beside this torch"
)


def test_a_feature_is_that_of_the_scaled_clip(network: Path) -> None:
    encoder = load_clip_encoder(TINY, "cpu", 2)
    mean, deviation = np.array([0.43216, 0.394666, 0.37645]), np.array([0.22803, 0.22145, 0.216989])
    expected = ((CLIPS / 255 - mean) / deviation).mean(axis=(2, 3, 4))
    found = encoder.encode(CLIPS)
    np.testing.assert_allclose(found[:, :16], expected, atol=1e-5)
    assert found.shape == (3, 512)
    assert found.dtype == np.float32
    assert encoder.encode(CLIPS[:0]).shape == (0, 512)


def test_weights_that_changed_are_refused(network: Path) -> None:
    content = network.read_bytes()
    network.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InstallationError, match=r"is damaged.*vidlabel models pull r2plus1d_18"):
        load_clip_encoder(TINY, "cpu", 1)


def test_weights_of_another_network_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_torchvision(monkeypatch)
    put_weights(tmp_path, monkeypatch, {"fc.bias": make_weights()["fc.bias"]})
    with pytest.raises(InstallationError, match=r"not those of torchvision's network.*models pull r2plus1d_18"):
        load_clip_encoder(TINY, "cpu", 1)


def test_what_is_no_tensor_is_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_torchvision(monkeypatch)
    put_weights(tmp_path, monkeypatch, {"fc.bias": ModuleSpec("os", None)})  # type: ignore[dict-item]
    with pytest.raises(InstallationError, match="ModuleSpec, which is no part of a tensor"):
        load_clip_encoder(TINY, "cpu", 1)


def test_without_torchvision_the_one_that_goes_with_torch_is_named(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(torchvision_pair, "version", lambda package: "2.14.1+cpu")
    with pytest.raises(InstallationError, match=r"vidlabel\[video\].*torch 2.14.1\+cpu goes with torchvision 0.29"):
        load_clip_encoder(TINY, "cpu", 1)


def test_a_torchvision_of_another_torch_is_one_line(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mismatched(ModuleType):
        """As torchvision when its operators were built for another torch."""

        def __getattr__(self, name: str) -> object:
            raise RuntimeError(f"operator torchvision::{name} does not exist\nmore lines")

    monkeypatch.delitem(sys.modules, "torchvision.models")
    monkeypatch.setattr("importlib.import_module", lambda name: Mismatched(name).nms)
    problem = r"torchvision .*, torch .* do not go together \(.*nms does not exist\).*a pair of one source"
    with pytest.raises(InstallationError, match=problem):
        class_names(TINY)


@needs_torchvision
@pytest.mark.parametrize("name", VIDEO_NETWORKS)
def test_clips_are_those_of_the_published_weights(name: str) -> None:
    from torchvision.models import get_model_weights

    known = VIDEO_NETWORKS[name]
    published = get_model_weights(known.name)["KINETICS400_V1"]
    rate, frames = f"`frame_rate={known.clip.rate:g}`", f"`clip_len={known.clip.count}`"
    assert rate in published.meta["_docs"]
    assert frames in published.meta["_docs"]
    preset = published.transforms()
    for height, width in ((128, 228), (256, 142), (360, 480)):
        frame = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        taken = preset(torch.from_numpy(frame).permute(2, 0, 1)[None])[:, 0].permute(1, 2, 0).numpy()
        own = (network_picture(frame, known, "centre") - np.array(known.scaling.mean)) / np.array(known.scaling.scale)
        step = 1 / min(np.atleast_1d(known.scaling.scale))
        different = np.abs(own - taken) > 1e-4
        assert np.abs(own - taken).max() < step + 1e-4  # where half a value was rounded to the other side
        assert different.mean() < 0.001


@needs_torchvision
@pytest.mark.slow
@pytest.mark.parametrize("name", VIDEO_NETWORKS)
def test_a_feature_is_what_the_published_classifier_takes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import get_model

    known = VIDEO_NETWORKS[name]
    built = get_model(name, weights=None).eval()
    put_weights(tmp_path, monkeypatch, built.state_dict(), name)
    clip = np.random.default_rng(0).integers(0, 256, (1, known.clip.count, known.side, known.side, 3), np.uint8)
    feature = load_clip_encoder(known, "cpu", 1).encode(clip)
    assert feature.shape == (1, known.feature_size)
    scaled = (clip - np.array(known.scaling.mean)) / np.array(known.scaling.scale)
    with torch.inference_mode():
        outputs = built(torch.from_numpy(scaled).permute(0, 4, 1, 2, 3).float())
        classified = built.get_submodule(known.classifier)(torch.from_numpy(feature))
    np.testing.assert_allclose(classified.numpy(), outputs.numpy(), atol=1e-4)
    assert len(class_names(known)) == outputs.shape[1] == 400
