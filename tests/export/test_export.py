"""`export_onnx`: which files it writes, what they say of themselves, and when it writes none."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

import vidlabel
from heads.example_specs import mixed_spec, pooled_spec, published_stream, save_example, step_spec, stream, video_spec
from vidlabel.errors import InstallationError, OutputError, UsageError
from vidlabel.export.check import largest_difference
from vidlabel.export.encoder_graph import EncoderGraph
from vidlabel.export.fusion_layers import fused
from vidlabel.export.onnx_graph import OnnxGraph
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.encoders.network_files.file_encoder import FileEncoder, open_encoder_file
from vidlabel.features.encoders.weights import PUBLISHED
from vidlabel.heads.spec import ModelSpec

pytestmark = pytest.mark.usefixtures("shared_encoders")


def metadata_of(path: Path) -> dict[str, object]:
    return {one.key: json.loads(one.value) for one in onnx.load(path).metadata_props}


def test_metadata_turn_scores_into_segments(tmp_path: Path) -> None:
    streams = (published_stream(short_side=48), published_stream("motion", short_side=48, lag_s=0.25))
    model = save_example(video_spec(*streams), tmp_path / "m.safetensors")
    export = vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
    assert [one.path.name for one in (export.heads, *export.encoders)] == ["m.onnx", "m.frames.onnx"]
    assert (dict(export.streams_without_encoder), export.window) == ({}, None)
    found = metadata_of(tmp_path / "m.onnx")
    pictures = {
        "short_side": 48, "view": "centre", "mean": 127.0, "scale": 128.0, "resize_filter": "bicubic", "lag_s": None
    }  # fmt: skip
    encoder = {
        "encoder": "efficientnet-lite0",
        "encoder_sha256": PUBLISHED["efficientnet-lite0"].sha256,
        "tuned": None,
    }
    seen = {"name": "frames", "columns": [0, 1280], "file": "m.frames.onnx", "pictures": pictures, **encoder}
    moved = {**seen, "name": "motion", "columns": [1280, 2560], "pictures": {**pictures, "lag_s": 0.25}}
    head = {
        "kind": "gru", "streams": ["frames", "motion"], "role": "labels", "weight": 1.0, "temperature": 1.0,
        "used": True, "state_shape": [1, 2],
    }  # fmt: skip
    assert found == {
        "schema": "vidlabel.onnx-heads/1",
        "vidlabel_version": vidlabel.__version__,
        "model_sha256": hashlib.sha256(model.path.read_bytes()).hexdigest(),
        "name": "steps",
        "description": "",
        "licence": "Apache-2.0",
        "created": "2026-01-31",
        "labels": ["walk", "fall", "nothing"],
        "task": "single",
        "background": 2,
        "rate": 4.0,
        "thresholds": [0.5, 0.25, 0.0],
        "staying_thresholds": [0.5, 0.25, 0.0],
        "closed_gaps_s": [0.0, 0.0, 0.0],
        "minimum_durations_s": [0.0, 1.5, 0.5],
        "streams": [seen, moved],
        "heads": [head],
        "window": None,
    }
    assert metadata_of(tmp_path / "m.frames.onnx") == {
        "schema": "vidlabel.onnx-encoder/1",
        "vidlabel_version": vidlabel.__version__,
        "licence": "Apache-2.0. Weights: EfficientNet-Lite by the TensorFlow authors, trained on ImageNet.",
        "streams": ["frames", "motion"],
        "pictures": pictures,
        "vidlabel.preprocessing": {
            "short_side": pictures["short_side"],
            "mean": None,
            "scale": None,
            "layout": "NHWC",
            "channels": "rgb",
            "dtype": "uint8",
            "pooling": None,
            "output": None,
        },
        **encoder,
    }


def test_an_exported_encoder_is_an_encoder_for_training(tmp_path: Path) -> None:
    """Its file declares how it takes pictures, and OpenVINO gives the features of torch with it."""
    vidlabel.export_onnx("objects", tmp_path / "m.onnx")
    file = open_encoder_file(tmp_path / "m.frames.onnx")
    assert (file.short_side, file.interface.layout) == (224, "NHWC")
    pictures = np.random.default_rng(2).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    expected = load_encoder(threads=1, runtime="torch").encode(pictures)
    np.testing.assert_allclose(FileEncoder(file, "cpu", 1).encode(pictures), expected, rtol=0, atol=1e-4)


def test_a_model_that_cannot_stream_says_so(tmp_path: Path) -> None:
    export = vidlabel.export_onnx(save_example(mixed_spec(), tmp_path / "m.safetensors").path, tmp_path / "m.onnx")
    found = metadata_of(tmp_path / "m.onnx")
    assert found["window"] == {"seconds": 2.0, "samples": 8, "hop_samples": 2, "one_row": True}
    assert export.window is not None
    assert list(export.streams_without_encoder) == ["frames", "motion"]
    graph = onnx.load(tmp_path / "m.onnx").graph
    assert [one.name for one in (*graph.input, *graph.output)] == ["features", "first_sample", "scores"]


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model = save_example(pooled_spec(), tmp_path / "m.safetensors")
    contents = set()
    for _ in range(2):
        vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
        contents.add((tmp_path / "m.onnx").read_bytes())
    assert len(contents) == 1


def test_streams_of_videos_that_have_no_others(tmp_path: Path) -> None:
    members = tuple(
        replace(step_spec().members[0], head=replace(step_spec().members[0].head, input_size=size), streams=(name,))
        for name, size in (("smell", 2), ("sight", 4))
    )
    spec = replace(step_spec(), streams=(stream("smell", 2), stream("sight", 4)), members=members)
    model = save_example(spec, tmp_path / "m.safetensors")
    vidlabel.export_onnx(model.path, tmp_path / "m.onnx", streams=["sight"])
    found = onnx.load(tmp_path / "m.onnx").graph.input[0].type.tensor_type.shape.dim[1].dim_value
    assert found == 4
    with pytest.raises(UsageError, match="'smell,taste' are not streams of steps; give some of smell, sight"):
        vidlabel.export_onnx(model.path, tmp_path / "n.onnx", streams=["smell", "taste"])
    joined = save_example(pooled_spec(), tmp_path / "p.safetensors")
    with pytest.raises(UsageError, match="pooled cannot score a video with motion alone"):
        vidlabel.export_onnx(joined.path, tmp_path / "n.onnx", streams=["motion"])


def test_nothing_is_written_where_scores_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hotter(graph: OnnxGraph, logits: Sequence[str | None], spec: ModelSpec) -> str:
        return fused(graph, logits, replace(spec, members=(replace(spec.members[0], temperature=1.71),)))

    model = save_example(step_spec(), tmp_path / "m.safetensors")
    monkeypatch.setattr("vidlabel.export.head_graph.fused", hotter)
    with pytest.raises(OutputError, match=r"m\.onnx: its scores differ from those of vidlabel by 0\.00"):
        vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
    assert [one.name for one in tmp_path.iterdir()] == ["m.safetensors"]


def test_nothing_is_written_where_features_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = save_example(video_spec(), tmp_path / "m.safetensors")
    monkeypatch.setattr(EncoderGraph, "relu6", EncoderGraph.relu)
    with pytest.raises(OutputError, match=r"m\.onnx: its features of frames differ from those of vidlabel by "):
        vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
    assert [one.name for one in tmp_path.iterdir()] == ["m.safetensors"]


def test_what_is_no_number_differs() -> None:
    with pytest.raises(OutputError, match="by nan"):
        largest_difference([(np.full((1, 2), np.nan, np.float32), np.zeros((1, 2), np.float32))], "m.onnx", "scores")


def test_files_that_are_in_the_way_stay(tmp_path: Path) -> None:
    model = save_example(video_spec(), tmp_path / "m.safetensors")
    (tmp_path / "m.frames.onnx").write_bytes(b"of somebody else")
    with pytest.raises(OutputError, match=r"m\.frames\.onnx: is in the way of an encoder"):
        vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
    assert (tmp_path / "m.frames.onnx").read_bytes() == b"of somebody else"
    assert not (tmp_path / "m.onnx").exists()
    (tmp_path / "m.frames.onnx").write_bytes(b'"vidlabel.onnx-encoder/1"')  # one that was exported before
    vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
    assert metadata_of(tmp_path / "m.frames.onnx")["streams"] == ["frames"]


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "model.onnx")
    with pytest.raises(UsageError, match="is the model itself"):
        vidlabel.export_onnx(model.path, tmp_path / "." / "model.onnx")
    with pytest.raises(UsageError, match=r"does not end with \.onnx"):
        vidlabel.export_onnx(model.path, tmp_path / "m.safetensors")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        vidlabel.export_onnx(model.path, tmp_path / "folder.onnx")


def test_a_missing_package_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InstallationError, match=r"onnxruntime: is not installed; pip install 'vidlabel\[export\]'"):
        vidlabel.export_onnx("objects", tmp_path / "m.onnx")
