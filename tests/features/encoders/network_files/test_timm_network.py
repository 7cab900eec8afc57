"""Networks of timm: a stand-in for it, and timm itself where it is installed, with random weights."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from corpus import Recipe, write_video
from features.encoders.video_networks.stand_in import put_torchvision
from heads.example_specs import save_example, video_spec
from vidlabel.errors import EncoderFileError, InstallationError, UsageError
from vidlabel.features.config import FeatureConfig, hardware_of
from vidlabel.features.encoders import torchvision_pair
from vidlabel.features.encoders.network_files.file_encoder import FileEncoder, open_timm_encoder
from vidlabel.features.streams.registry import describe_streams, find_stream
from vidlabel.prediction.encoder_choice import with_encoder
from vidlabel.prediction.predict import predict

NAME = "tiny_vit.made_up"
MEAN, DEVIATION = (0.5, 0.4, 0.3), (0.25, 0.5, 1.0)
PUBLISHED = {"input_size": (3, 32, 32), "crop_pct": 0.8, "mean": MEAN, "std": DEVIATION, "classifier": "head"}
WEIGHTS = {"gain": torch.tensor([1.0, 2.0, 4.0]), "head.weight": torch.ones(2, 3), "mask_token": torch.ones(3)}
PICTURES = np.random.default_rng(7).integers(0, 256, (2, 40, 40, 3), np.uint8)


class Tiny(nn.Module):
    """The mean of each channel, times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(3))
        self.pretrained_cfg = PUBLISHED

    def forward(self, pictures: Tensor) -> Tensor:
        assert pictures.shape[2:] == (32, 32)
        means: Tensor = pictures.mean(dim=(2, 3)) * self.gain
        return means


def create_model(name: str, *, pretrained: bool, num_classes: int) -> nn.Module:
    if name != NAME:
        raise RuntimeError(f"Unknown model ({name})")
    assert (pretrained, num_classes) == (False, 0)
    return Tiny()


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in, and weights for it in a folder."""
    put_torchvision(monkeypatch)
    timm = ModuleType("timm")
    timm.__spec__ = ModuleSpec("timm", None)
    timm.create_model = create_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", timm)
    path = tmp_path / "model.safetensors"
    save_file(WEIGHTS, path)
    return path


def test_a_feature_is_that_of_the_published_pictures(weights: Path) -> None:
    file = open_timm_encoder(f"timm:{NAME}={weights.parent}")
    assert (file.name, file.path, file.short_side, file.feature_size) == (f"timm:{NAME}", weights, 40, 3)
    seen = PICTURES[:, 4:36, 4:36] / 255  # 32 of 40 pixels, in the middle
    expected = ((seen - np.array(MEAN)) / np.array(DEVIATION)).mean(axis=(1, 2)) * [1, 2, 4]
    np.testing.assert_allclose(FileEncoder(file, "cpu", 2).encode(PICTURES), expected, rtol=1e-4, atol=1e-5)
    config = with_encoder(FeatureConfig(), f"timm:{NAME}={weights}")
    assert hardware_of(config, "auto")[1] == "torch"


def test_a_model_of_it_finds_the_weights_beside_it_or_where_they_are_named(weights: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(frames=10))
    (stream,) = describe_streams(with_encoder(FeatureConfig(rate=5.0), f"timm:{NAME}={weights}"), ["frames"], "centre")
    save_example(video_spec(stream), tmp_path / "m.safetensors")
    assert find_stream("frames").problem(stream) is None
    named = predict(video, tmp_path / "m.safetensors", encoder=weights, scores=True)
    assert (named.models[0].encoders, named.run.runtime) == ((f"timm:{NAME}",), "torch")
    with pytest.raises(
        EncoderFileError,
        match=rf"trained with timm:{NAME} .*does not lie beside it; put {NAME}.safetensors there.*--encoder",
    ):
        predict(video, tmp_path / "m.safetensors")
    weights.rename(tmp_path / f"{NAME}.safetensors")
    beside = predict(video, tmp_path / "m.safetensors", scores=True)
    assert beside.scores[0].values.tobytes() == named.scores[0].values.tobytes()


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"gain": torch.ones(4)}, "size mismatch for gain"),
        ({"head.weight": torch.ones(2, 3)}, r"Missing key\(s\)"),
        ({**WEIGHTS, "blocks.0": torch.ones(1)}, r"Unexpected key\(s\)"),
    ],
)
def test_weights_of_another_network_are_refused(weights: Path, changed: dict[str, Tensor], problem: str) -> None:
    save_file(changed, weights)
    with pytest.raises(EncoderFileError, match=rf"does not hold the weights of {NAME} \(.*{problem}"):
        open_timm_encoder(f"timm:{NAME}={weights}")


def test_a_pickle_is_not_loaded(weights: Path) -> None:
    torch.save(WEIGHTS, weights)
    with pytest.raises(EncoderFileError, match=r"is no safetensors file .*pickles, which may run code"):
        open_timm_encoder(f"timm:{NAME}={weights}")


def test_what_cannot_be_had_is_one_line(weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"encoder timm:other: no weights .*timm:other=FILE.safetensors.*dinov2"):
        open_timm_encoder("timm:other")
    with pytest.raises(UsageError, match="does not know it"):
        open_timm_encoder(f"timm:other={weights}")
    with pytest.raises(InstallationError, match=r"run: vidlabel models pull vit_small_patch14_dinov2\.lvd142m"):
        open_timm_encoder("timm:vit_small_patch14_dinov2.lvd142m")
    with pytest.raises(EncoderFileError, match="there is no such file"):
        open_timm_encoder(f"timm:{NAME}={tmp_path / 'none.safetensors'}")


def test_without_torchvision_the_one_that_goes_with_torch_is_named(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision_pair, "version", lambda package: "2.14.1+cpu")
    found = {"timm": ModuleSpec("timm", None), "torchvision": None}
    monkeypatch.setattr(importlib.util, "find_spec", found.get)
    with pytest.raises(InstallationError, match=r"torchvision not installed.*\[timm\]' \(torch 2.14.1\+cpu .* 0.29\)"):
        open_timm_encoder(f"timm:{NAME}={weights}")


@pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm and torchvision are not installed")
def test_a_real_network_gives_what_timm_gives(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(0)
    built = timm.create_model("test_vit.r160_in1k", pretrained=False, num_classes=5).eval()
    path = tmp_path / "weights.safetensors"
    save_file(built.state_dict(), path)
    file = open_timm_encoder(f"timm:test_vit.r160_in1k={path}")
    assert file.short_side == 168  # 160 / 0.95
    frame = np.random.default_rng(0).integers(0, 256, (168, 168, 3), np.uint8)
    config = timm.data.resolve_model_data_config(built)
    pictures = timm.data.create_transform(**config)(__import__("PIL.Image").Image.fromarray(frame))[None]
    with torch.inference_mode():
        expected = built.forward_head(built.forward_features(pictures), pre_logits=True).numpy()
    np.testing.assert_allclose(FileEncoder(file, "cpu", 1).encode(frame[None]), expected, atol=1e-4)
