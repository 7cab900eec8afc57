"""Exported encoders give torch's features, in ONNX Runtime and in OpenVINO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from features.encoders.reference import known_picture
from heads.example_specs import ENCODER, PUBLISHED_ENCODER, external_stream, published_stream, step_spec, stream
from vidlabel.export.encoders import EncoderFile, export_encoders, why_not_exported
from vidlabel.features.encoders.efficientnet_layers import load_layers
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.encoders.hardware import is_openvino_installed
from vidlabel.features.encoders.openvino import load_openvino
from vidlabel.features.encoders.shipped_weights import MOVENET, YAMNET
from vidlabel.features.encoders.sound_encoder import load_sound_encoder
from vidlabel.features.encoders.text_encoders import NGRAMS
from vidlabel.heads.model import Model, load_model, save_model
from vidlabel.heads.recurrent import as_numpy, build_head
from vidlabel.stream_spec import ClipSampling, EncoderInfo, StreamSpec, TensorInfo, TunedEncoder
from vidlabel.tensor_files import tensor_digest

Array = npt.NDArray[Any]
AUDIO = StreamSpec(name="audio", size=1024, encoder=EncoderInfo(name=YAMNET.name, sha256=YAMNET.sha256))


@pytest.fixture(scope="module")
def pictures_file() -> EncoderFile:
    streams = [published_stream(), published_stream("motion", lag_s=0.1)]
    (file,) = export_encoders(load_model("objects"), streams, "m.onnx")
    return file


@pytest.fixture(scope="module")
def sound_file() -> EncoderFile:
    (file,) = export_encoders(load_model("sounds"), [AUDIO], "m.onnx")
    return file


def in_onnx_runtime(content: bytes) -> Callable[[Array], Array]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (name,) = [one.name for one in session.get_inputs()]
    return lambda inputs: np.asarray(session.run(None, {name: inputs})[0])


def in_openvino(content: bytes) -> Callable[[Array], Array]:
    if not is_openvino_installed():
        pytest.skip("OpenVINO is not installed")
    core = load_openvino().Core()
    compiled = core.compile_model(core.read_model(content), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda inputs: np.asarray(compiled(inputs)[0])


@pytest.mark.parametrize("load", [in_onnx_runtime, in_openvino])
def test_pictures_give_the_features_of_torch(
    pictures_file: EncoderFile, load: Callable[[bytes], Callable[[Array], Array]]
) -> None:
    """One file for both streams of one encoder; sizes that need padding at both ends, and at one."""
    assert pictures_file.streams == ("frames", "motion")
    encode, torch = load(pictures_file.content), load_encoder(threads=1, runtime="torch")
    for size in ((64, 80), (65, 97), (32, 33)):
        pictures = np.stack([known_picture(*size), np.full((*size, 3), 128, np.uint8)])
        np.testing.assert_allclose(encode(pictures), torch.encode(pictures), rtol=0, atol=1e-4)


@pytest.mark.parametrize("load", [in_onnx_runtime, in_openvino])
def test_sound_gives_the_features_of_torch(
    sound_file: EncoderFile, load: Callable[[bytes], Callable[[Array], Array]]
) -> None:
    """Noise with a tone, silence, and two noises: what is not louder than -60 dBFS counts as silence."""
    noise = np.random.default_rng(5).standard_normal(15600)
    noise /= np.sqrt(np.square(noise).mean())
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(15600) / 16000) + 0.05 * noise
    windows = np.stack([tone, 0 * noise, 0.00101 * noise, 0.00099 * noise]).astype(np.float32)
    expected = load_sound_encoder(threads=1, runtime="torch").encode(windows[[0, 1, 2, 1]])
    np.testing.assert_allclose(load(sound_file.content)(windows), expected, rtol=0, atol=1e-4)


def test_tuned_weights_and_other_scaling_are_in_the_file(tmp_path: Path) -> None:
    """A bias of the last convolution that lifts one number to its limit, and pixels of another scale."""
    layers = load_layers("efficientnet-lite0").last(1)
    tensors = {
        f"{name}.{part}": getattr(own, part).copy() for name, own in layers.items() for part in ("weight", "bias")
    }
    tensors["head.bias"][7] = 1e3
    infos = tuple(TensorInfo(name=name, shape=own.shape) for name, own in sorted(tensors.items()))
    tuned = TunedEncoder(blocks=1, sha256=tensor_digest(tensors), tensors=infos)
    own = published_stream(encoder=replace(PUBLISHED_ENCODER, tuned=tuned), mean=0.0, scale=255.0)
    model = tuned_model(tmp_path / "m.safetensors", own, {tuned.sha256: tensors})
    (file,) = export_encoders(model, [own], "m.onnx")
    pictures = known_picture(64, 80)[None]
    features = in_onnx_runtime(file.content)(pictures)
    assert features[0, 7] == 6
    scaled = (pictures / 255 * 128 + 127).astype(np.float32)  # what the published scaling makes the same numbers of
    published = in_float(load_layers("efficientnet-lite0"), scaled)
    changed = np.abs(features - published).max(axis=0) > 1e-4
    assert np.flatnonzero(changed).tolist() == [7]


def in_float(layers: Any, pictures: npt.NDArray[np.float32]) -> Array:  # noqa: ANN401
    """Features of pictures that are no whole numbers, by torch."""
    import torch

    from vidlabel.features.encoders.efficientnet import EfficientNetLite

    with torch.inference_mode():
        normal = torch.from_numpy((pictures - 127) / 128).permute(0, 3, 1, 2)
        features: Array = EfficientNetLite(layers)(normal).numpy()
    return features


def tuned_model(path: Path, own: StreamSpec, encoders: dict[str, dict[str, npt.NDArray[np.float32]]]) -> Model:
    head = replace(step_spec().members[0].head, input_size=own.size)
    spec = replace(step_spec(), streams=(own,), members=(replace(step_spec().members[0], head=head),))
    return save_model(spec, [as_numpy(build_head(head))], (), path, encoders)


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (published_stream(), None),
        (AUDIO, None),
        (external_stream(), "its features were made elsewhere"),
        (replace(published_stream(), clip=ClipSampling(frames=16, rate=15.0)), "networks of clips"),
        (stream("smell"), "this version cannot compute it"),
        (stream("pose", 99, EncoderInfo(name=MOVENET.name, sha256=MOVENET.sha256)), "people are followed"),
        (StreamSpec(name="text", size=512, encoder=EncoderInfo(name="ngrams", sha256=NGRAMS.sha256)), "text is turned"),
        (published_stream(encoder=ENCODER), "with the weights 01234567"),
    ],
    ids=lambda value: value.name if isinstance(value, StreamSpec) else "",
)
def test_streams_without_a_file_say_why(own: StreamSpec, reason: str | None) -> None:
    found = why_not_exported(own)
    assert found is None if reason is None else found is not None and reason in found
