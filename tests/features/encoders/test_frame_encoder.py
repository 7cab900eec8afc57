from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn import functional

from features.encoders.reference import REFERENCE, STEP, known_picture
from vidlabel.errors import DeviceError, UsageError
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.frame_encoder import Encoder, load_classifier, load_encoder
from vidlabel.features.encoders.hardware import UsedRuntime, is_openvino_installed
from vidlabel.features.encoders.networks import CUDA_BATCH
from vidlabel.features.encoders.torch_networks import BatchedNetwork
from vidlabel.features.encoders.weights import PixelScaling, published_weights, read_weights, weights_path

RUNTIMES: list[UsedRuntime] = ["torch", "openvino"] if is_openvino_installed() else ["torch"]


@pytest.fixture(scope="module", params=RUNTIMES)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return load_encoder(threads=2, runtime=request.param)


def noise(count: int, height: int = 64, width: int = 64) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(224, 224), (224, 300)])
def test_features_equal_those_of_the_published_network_code(encoder: Encoder, size: tuple[int, int]) -> None:
    expected = json.loads(REFERENCE.read_text(encoding="utf-8"))[f"{size[0]}x{size[1]}"]
    found = encoder.encode(known_picture(*size)[None])[0]
    assert max(expected) > 0.5
    np.testing.assert_allclose(found[::STEP], expected, rtol=0, atol=1e-4)


def test_features_equal_the_published_equations_written_out(encoder: Encoder) -> None:
    """Batch normalisation, padding and blocks once more, unfolded, in float64."""
    picture = known_picture(65, 97)  # odd sizes: other padding at every stride
    found = encoder.encode(picture[None])[0]
    np.testing.assert_allclose(found, written_out(picture), rtol=0, atol=1e-4)


def test_pixels_are_scaled_as_asked(encoder: Encoder) -> None:
    """(v - 7) / 64 of a dark picture is what the published scaling makes of 2 v + 113."""
    dark = known_picture(64, 64) // 4
    scaled = load_encoder(threads=1, runtime=encoder.runtime, scaling=PixelScaling(mean=7.0, scale=64.0))
    np.testing.assert_allclose(scaled.encode(dark[None]), encoder.encode(2 * dark[None] + 113), rtol=0, atol=1e-4)
    assert np.abs(scaled.encode(dark[None]) - encoder.encode(dark[None])).max() > 0.1


def test_pixels_are_scaled_as_asked_in_batches() -> None:
    dark = noise(3) // 4
    network = load_network("efficientnet-lite0").eval().requires_grad_(False)
    own = BatchedNetwork(network, "cpu", torch.float32, scaling=PixelScaling(mean=7.0, scale=64.0)).run(dark)
    np.testing.assert_allclose(own, BatchedNetwork(network, "cpu", torch.float32).run(2 * dark + 113), atol=1e-4)


def written_out(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    published = published_weights("efficientnet-lite0")
    weights = {name: torch.tensor(a).double() for name, a in read_weights(published, weights_path(published)).items()}
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]

    def layer(x: torch.Tensor, convolution: str, norm: str, stride: int = 1, groups: int = 1) -> torch.Tensor:
        kernel = weights[f"{convolution}.weight"]
        padding = []
        for size in (x.shape[3], x.shape[2]):
            total = max((-(-size // stride) - 1) * stride + kernel.shape[2] - size, 0)
            padding += [total // 2, total - total // 2]
        x = functional.conv2d(functional.pad(x, padding), kernel, stride=stride, groups=groups)
        mean, variance, scale, shift = (
            weights[f"{norm}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(variance + 1e-3) * scale + shift

    x = (torch.from_numpy(picture.astype(np.float64)).permute(2, 0, 1)[None] - 127) / 128
    x = layer(x, "_conv_stem", "_bn0", 2).clamp(0, 6)
    for i, stride in enumerate(strides):
        before = x
        if i > 0:
            x = layer(x, f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0").clamp(0, 6)
        x = layer(x, f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1", stride, x.shape[1]).clamp(0, 6)
        x = layer(x, f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2")
        x = x + before if x.shape == before.shape else x
    features: npt.NDArray[np.float64] = layer(x, "_conv_head", "_bn1").clamp(0, 6).mean((2, 3))[0].numpy()
    return features


def test_features_are_as_many_as_promised_and_never_negative(encoder: Encoder) -> None:
    features = encoder.encode(noise(3))
    assert features.shape == (3, encoder.feature_size) == (3, 1280)
    assert features.dtype == np.float32
    assert features.min() >= 0


def test_no_pictures_give_no_features(encoder: Encoder) -> None:
    assert encoder.encode(noise(0)).shape == (0, 1280)


@pytest.mark.parametrize("together", [1, 2, 5, 8, 11])
def test_bytes_of_a_feature_do_not_depend_on_what_is_encoded_beside_it(encoder: Encoder, together: int) -> None:
    pictures = noise(11)
    alone = np.concatenate([encoder.encode(picture[None]) for picture in pictures])
    parts = [encoder.encode(pictures[first : first + together]) for first in range(0, 11, together)]
    assert np.concatenate(parts).tobytes() == alone.tobytes()


@pytest.mark.usefixtures("two_threads")
def test_bytes_of_a_feature_do_not_depend_on_the_number_of_threads(encoder: Encoder) -> None:
    single = load_encoder(threads=1, runtime=encoder.runtime)
    assert single.encode(noise(4)).tobytes() == encoder.encode(noise(4)).tobytes()
    assert torch.get_num_threads() == 2


def test_a_view_of_a_larger_picture_is_encoded_like_its_copy(encoder: Encoder) -> None:
    view = noise(2, 80, 96)[:, 8:72, 16:80]
    assert encoder.encode(view).tobytes() == encoder.encode(view.copy()).tobytes()


def test_published_classifier_has_a_row_for_each_class() -> None:
    classifier = load_classifier()
    assert classifier.weight.shape == (1000, 1280)
    assert classifier.bias.shape == (1000,)


def test_encoder_names_the_weights_it_was_made_from(encoder: Encoder) -> None:
    assert encoder.name == "efficientnet-lite0"
    assert encoder.sha256.startswith("57934424")
    assert len(encoder.sha256) == 64


def test_unknown_encoder_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no such encoder.*efficientnet-lite0"):
        load_encoder("efficientnet-b7")


def test_batches_of_one_size_give_the_features_of_single_pictures(encoder: Encoder) -> None:
    """What runs on a GPU, on the CPU: the last batch is filled up, and what fills it is left out."""
    network = load_network("efficientnet-lite0").eval()
    pictures = noise(CUDA_BATCH + 3, 48, 64)
    batched = BatchedNetwork(network.requires_grad_(False), "cpu", torch.float32).run(pictures[:, :, ::-1])
    assert batched.shape == (CUDA_BATCH + 3, 1280)
    np.testing.assert_allclose(batched, encoder.encode(np.ascontiguousarray(pictures[:, :, ::-1])), rtol=0, atol=1e-4)


def test_half_precision_gives_nearly_the_same_features(encoder: Encoder) -> None:
    """What runs on a GPU by default, on the CPU."""
    pictures = np.concatenate([known_picture(224, 224)[None], noise(2, 224, 224)])
    exact = encoder.encode(pictures)
    network = load_network("efficientnet-lite0").eval().requires_grad_(False)
    half = BatchedNetwork(network, "cpu", torch.float16).run(pictures)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, exact, rtol=0, atol=0.05)
    assert 0 < np.abs(half - exact).mean() < 0.003


def test_a_gpu_without_memory_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network("efficientnet-lite0").eval().requires_grad_(False)
    on_gpu = BatchedNetwork(network, "cpu", torch.float32)

    def too_large(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    def no_context(*_: object) -> torch.Tensor:
        raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(network, "forward", too_large)
    with pytest.raises(DeviceError, match="too little memory left; give fewer --workers"):
        on_gpu.run(noise(2, 48, 64))
    monkeypatch.setattr(network, "to", no_context)
    with pytest.raises(DeviceError, match="too little memory left; give fewer --workers"):
        BatchedNetwork(network, "cpu", torch.float32)


def test_other_failures_of_a_gpu_are_not_taken_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network("efficientnet-lite0").eval().requires_grad_(False)

    def broken(*_: object) -> torch.Tensor:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(network, "forward", broken)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        BatchedNetwork(network, "cpu", torch.float32).run(noise(2, 48, 64))


def test_batches_may_be_of_another_size() -> None:
    pictures = noise(5, 48, 64)
    network = load_network("efficientnet-lite0").eval().requires_grad_(False)
    found = BatchedNetwork(network, "cpu", torch.float32, batch_size=3).run(pictures)
    expected = load_encoder(runtime="torch", threads=1).encode(pictures)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


if torch.cuda.is_available():

    def test_gpu_gives_the_features_of_the_cpu(encoder: Encoder) -> None:
        on_gpu = load_encoder(device="cuda", runtime="torch").encode(noise(35, 224, 224))
        np.testing.assert_allclose(on_gpu, encoder.encode(noise(35, 224, 224)), rtol=0, atol=1e-4)

    def test_gpu_computes_in_half_precision_unless_told_otherwise(encoder: Encoder) -> None:
        halved = load_encoder(device="cuda")
        assert halved.runtime == "torch-half"
        np.testing.assert_allclose(
            halved.encode(noise(35, 224, 224)), encoder.encode(noise(35, 224, 224)), rtol=0, atol=0.05
        )
