"""A model that was trained with a network in a file: where the file is found, and what it does there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from heads.example_specs import save_example, video_spec
from onnx_files import OnnxRecipe, node, write_onnx
from vidlabel.batch.jobs.extract import extract_job
from vidlabel.errors import EncoderFileError, UsageError
from vidlabel.features.config import ExtractOptions, FeatureBlock, FeatureConfig, hardware_of
from vidlabel.features.streams.registry import describe_streams, find_stream
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model_file import read_spec
from vidlabel.prediction.encoder_choice import with_encoder
from vidlabel.prediction.predict import predict

DECLARED = {"short_side": 32, "mean": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]}
"""Features are the means of red, green and blue."""
NODES = (node("ReduceMean", ["x"], "y", axes=[2, 3], keepdims=0),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video, an encoder, and a model that was trained with it."""
    folder = tmp_path_factory.mktemp("encoder")
    write_video(folder / "a.mp4", Recipe(frames=20))
    metadata = {"vidlabel.preprocessing": json.dumps(DECLARED)}
    my = write_onnx(folder / "my.onnx", OnnxRecipe(nodes=NODES, shape=("b", 3, "h", "w"), metadata=metadata))
    config = with_encoder(FeatureConfig(rate=5.0), str(my))
    (stream,) = describe_streams(config, ("frames",), "centre")
    save_example(video_spec(stream), folder / "m.safetensors")
    return folder


def test_a_model_finds_its_encoder_beside_it_or_where_it_is_named(folder: Path, tmp_path: Path) -> None:
    result = predict(folder / "a.mp4", folder / "m.safetensors", scores=True)
    assert (result.models[0].encoders, result.run.runtime, result.run.device) == (("my.onnx",), "openvino", "cpu")
    moved = tmp_path / "m.safetensors"
    shutil.copy(folder / "m.safetensors", moved)
    sha256 = with_encoder(FeatureConfig(), str(folder / "my.onnx")).network.sha256
    with pytest.raises(EncoderFileError, match=rf"m\.safetensors: .* my\.onnx \(SHA-256 {sha256}\).*--encoder"):
        predict(folder / "a.mp4", moved)
    other = tmp_path / "renamed.onnx"
    shutil.copy(folder / "my.onnx", other)
    again = predict(folder / "a.mp4", moved, encoder=other, scores=True)
    assert again.scores[0].values.tobytes() == result.scores[0].values.tobytes()
    other.write_bytes(other.read_bytes() + b"\x00")
    with pytest.raises(EncoderFileError, match=rf"renamed\.onnx: has SHA-256 .* trained with my\.onnx of {sha256}"):
        predict(folder / "a.mp4", moved, encoder=other)


def test_a_model_file_names_no_folder(folder: Path) -> None:
    assert str(folder).encode() not in (folder / "m.safetensors").read_bytes()
    encoder = read_spec(folder / "m.safetensors").streams[0].encoder
    assert encoder is not None
    assert encoder.name == "my.onnx"
    assert encoder.interface is not None


def test_features_are_what_the_network_makes_of_the_video(folder: Path) -> None:
    job = extract_job(ExtractOptions(encoder=str(folder / "my.onnx"), rate=5.0, streams=("frames",)))
    (stream,) = job.settings.streams
    assert (stream.size, stream.encoder and stream.encoder.name) == (3, "my.onnx")
    config = with_encoder(FeatureConfig(rate=5.0), str(folder / "my.onnx"))
    plain = with_encoder(FeatureConfig(rate=5.0), str(folder / "my.onnx"), 48)
    found = [
        FeatureExtractor(one, (FeatureBlock("frames", "centre"),), device="cpu").features(folder / "a.mp4")
        for one in (config, plain)
    ]
    means = [one.values[0] for one in found]
    assert means[0].shape == (4, 3)
    np.testing.assert_allclose(means[0], means[1], atol=3.0)  # the mean of a picture does not depend on its size
    keys = {find_stream("frames").cache_key(one, "centre") for one in (config, plain, FeatureConfig(rate=5.0))}
    assert len(keys) == 3


def test_what_runs_the_file_is_chosen_by_its_format(folder: Path) -> None:
    config = with_encoder(FeatureConfig(), str(folder / "my.onnx"))
    assert hardware_of(config, "auto") == ("cpu", "openvino")
    with pytest.raises(UsageError, match=r"--device cuda: ONNX files such as my\.onnx run on the CPU"):
        hardware_of(config, "cuda")
    with pytest.raises(UsageError, match=r"--runtime torch: does not run ONNX files such as my\.onnx"):
        hardware_of(with_encoder(FeatureConfig(runtime="torch"), str(folder / "my.onnx")), "cpu")


def test_an_encoder_that_no_model_needs_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="--encoder: no file of an encoder is needed by objects"):
        predict(folder / "a.mp4", "objects", encoder=folder / "my.onnx")
