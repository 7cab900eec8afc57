"""Exported heads give, chunk by chunk, the scores of the plain equations in double precision, and of vidlabel."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from heads.example_specs import external_stream, mixed_spec, pooled_spec, save_example, step_spec, stream, window_spec
from heads.numpy_heads import run_head
from vidlabel.export.head_graph import build_head_graph
from vidlabel.features.encoders.hardware import is_openvino_installed
from vidlabel.features.encoders.openvino import load_openvino
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import Model
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec

Array = npt.NDArray[np.float32]

RNN = HeadConfig(kind="rnn", input_size=6, hidden_size=4, outputs=3)
MEAN = HeadConfig(kind="mean", input_size=6, hidden_size=6, outputs=3)
AVERAGE = replace(RNN, hidden_size=6, activation="relu", scaled_identity=0.3)
CARRIED = {
    "rnn": RNN,
    "rnn-relu": replace(RNN, activation="relu"),
    "lstm": replace(RNN, kind="lstm"),
    "lstm-layers": replace(RNN, kind="lstm", layers=2),
    "gru": replace(RNN, kind="gru"),
    "gru-gated": replace(RNN, kind="gru", layers=3, gated_sizes=(2, 4)),
    "article": replace(RNN, kind="gru-article"),
    "article-gated": replace(RNN, kind="gru-article", layers=2, gated_sizes=(2, 4)),
    "mean": MEAN,
    "mean-gated": replace(MEAN, gated_sizes=(2, 4)),
    "average": AVERAGE,
    "average-started": replace(AVERAGE, initial_state="first-input"),
}
LOOKING_AHEAD = {
    "rnn": replace(RNN, activation="relu", bidirectional=True),
    "lstm": replace(RNN, kind="lstm", layers=2, bidirectional=True),
    "gru": replace(RNN, kind="gru", bidirectional=True, gated_sizes=(2, 4)),
    "article": replace(RNN, kind="gru-article", layers=2, bidirectional=True),
}


def features(samples: int, size: int = 6) -> Array:
    return np.random.default_rng(3).standard_normal((samples, size), np.float32)


def content_of(model: Model, streams: tuple[str, ...] | None = None) -> bytes:
    return build_head_graph(StreamInputs(model, streams)).to_bytes("heads", "", {})


def session_of(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def in_chunks(content: bytes, values: Array, ends: tuple[int, ...]) -> Array:
    """The scores of a program that knows nothing but the names of inputs and outputs."""
    session = session_of(content)
    state = {
        one.name: np.zeros(one.shape, np.int64 if "int64" in one.type else np.float32)
        for one in session.get_inputs()
        if one.name.startswith("state_")
    }
    found = []
    for start, end in pairwise((0, *ends)):
        scores, *after = session.run(None, {"features": values[start:end], **state})
        found.append(scores)
        state = dict(zip(state, after, strict=True))
    return np.concatenate(found)


def expected(model: Model, values: Array, streams: tuple[str, ...] | None = None) -> Array:
    scorer = make_scorer(model, available=streams)
    return np.concatenate([scorer.push(values), scorer.finish()])


def of_two_streams(head: HeadConfig, window_s: float | None = None) -> ModelSpec:
    streams = (stream("frames", 2), stream("audio", 4))
    return replace(step_spec(), members=(MemberSpec(head=head, temperature=1.7),), streams=streams, window_s=window_s)


def plain_scores(model: Model, values: Array) -> npt.NDArray[np.float64]:
    """The softmax of the plain equations of its one head."""
    parameters = {name: own.astype(np.float64) for name, own in model.heads[0].parameters.items()}
    powers = np.exp(run_head(model.heads[0].config, parameters, values.astype(np.float64)) / 1.7)
    shares: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


@pytest.mark.parametrize("kind", CARRIED)
def test_a_carried_head_gives_the_scores_of_the_plain_equations(tmp_path: Path, kind: str) -> None:
    model = save_example(of_two_streams(CARRIED[kind]), tmp_path / "m.safetensors")
    values = features(9)
    content = content_of(model)
    for ends in ((9,), (1, 2, 6, 9)):
        np.testing.assert_allclose(in_chunks(content, values, ends), plain_scores(model, values), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", LOOKING_AHEAD)
def test_a_head_that_looks_ahead_takes_whole_windows(tmp_path: Path, kind: str) -> None:
    model = save_example(of_two_streams(LOOKING_AHEAD[kind], window_s=2.25), tmp_path / "m.safetensors")
    content = content_of(model)
    assert [one.name for one in session_of(content).get_inputs()] == ["features"]
    for samples in (1, 9, 14):
        values = features(samples)
        found = in_chunks(content, values, (samples,))
        np.testing.assert_allclose(found, plain_scores(model, values), rtol=0, atol=1e-5)


@pytest.mark.parametrize("samples", [1, 2, 5, 8])
@pytest.mark.parametrize("spec", [pooled_spec, mixed_spec])
def test_a_pooled_model_gives_one_row_for_a_window(tmp_path: Path, spec: object, samples: int) -> None:
    assert callable(spec)
    model = save_example(spec(), tmp_path / "m.safetensors")
    values = features(samples)
    given = {"features": values, "first_sample": np.zeros(1, np.int64)}
    (scores,) = session_of(content_of(model)).run(None, given)
    assert scores.shape == (1, len(model.spec.labels))
    np.testing.assert_allclose(np.repeat(scores, samples, axis=0), expected(model, values), rtol=0, atol=1e-5)


def test_parts_are_means_that_are_summed(tmp_path: Path) -> None:
    """Seven samples in two parts: the first three and the last four; what each adds can be computed by hand."""
    head = HeadConfig(kind="mean", input_size=2, hidden_size=2, outputs=2)
    member = MemberSpec(head=head, pooled_parts=2)
    spec = replace(
        step_spec(), labels=("on",), task="binary", members=(member,), streams=(external_stream(2),), window_s=2.0,
        thresholds=(0.5,), minimum_durations_s=(0.0,), background=None,
    )  # fmt: skip
    model = save_example(spec, tmp_path / "m.safetensors")
    model.heads[0].parameters["output.weight"][:] = [[1, 0], [0, 1]]
    model.heads[0].parameters["output.bias"][:] = 0
    values = np.array([[3, 9], [0, 9], [0, 9], [9, 4], [9, 0], [9, 0], [9, 0]], np.float32)
    (scores,) = session_of(content_of(model)).run(None, {"features": values})
    np.testing.assert_allclose(scores, [[1 / (1 + np.exp(-(1 + 1)))]], rtol=0, atol=1e-6)


def test_the_first_sample_takes_the_motion_of_the_second(tmp_path: Path) -> None:
    streams = (stream("motion", 2, lag_s=0.1), stream("frames", 4))
    model = save_example(replace(step_spec(), streams=streams), tmp_path / "m.safetensors")
    values = features(8)
    content = content_of(model)
    np.testing.assert_allclose(in_chunks(content, values, (3, 4, 8)), expected(model, values), rtol=0, atol=1e-5)
    np.testing.assert_allclose(in_chunks(content, values[:1], (1,)), expected(model, values[:1]), rtol=0, atol=1e-5)
    other = values.copy()
    other[0, :2] = 7  # is not looked at
    np.testing.assert_array_equal(in_chunks(content, other, (8,)), in_chunks(content, values, (8,)))


def test_features_may_lack_streams(tmp_path: Path) -> None:
    """One head does without sound, one was trained to miss it, and one drops out."""
    small = HeadConfig(kind="gru", input_size=2, hidden_size=3, outputs=3)
    joined = replace(small, input_size=3)
    spec = replace(
        step_spec(),
        streams=(stream("frames", 4), stream("audio", 2)),
        projected_sizes=(2, 1),
        members=(
            MemberSpec(head=small, streams=("frames",), weight=0.2),
            MemberSpec(head=joined, modality_dropout=0.3, weight=0.5, temperature=0.5),
            MemberSpec(head=replace(small, input_size=1), streams=("audio",), weight=0.3),
        ),
    )
    model = save_example(spec, tmp_path / "m.safetensors")
    values = features(8)
    whole, seen = content_of(model), content_of(model, ("frames",))
    assert [one.name for one in session_of(seen).get_inputs()] == ["features", "state_0", "state_1"]
    np.testing.assert_allclose(in_chunks(whole, values, (3, 8)), expected(model, values), rtol=0, atol=1e-5)
    alone = values[:, :4]
    np.testing.assert_allclose(in_chunks(seen, alone, (3, 8)), expected(model, alone, ("frames",)), rtol=0, atol=1e-5)


@pytest.mark.skipif(not is_openvino_installed(), reason="OpenVINO is not installed")
@pytest.mark.parametrize(
    "spec",
    [
        *(of_two_streams(CARRIED[kind]) for kind in ("lstm-layers", "article-gated", "average-started")),
        window_spec(),
        mixed_spec(),
    ],
    ids=lambda spec: f"{spec.members[0].head.kind}-{spec.name}",
)
def test_openvino_runs_the_same_file(tmp_path: Path, spec: ModelSpec) -> None:
    content = content_of(save_example(spec, tmp_path / "m.safetensors"))
    session = session_of(content)
    draw = np.random.default_rng(4)
    given: dict[str, npt.NDArray[Any]] = {"features": features(8)}
    for one in session.get_inputs()[1:]:
        is_number = "int64" in one.type
        given[one.name] = np.array([1]) if is_number else draw.standard_normal(one.shape, np.float32)
    core = load_openvino().Core()
    compiled = core.compile_model(core.read_model(content), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(given)
    for name, own in zip([one.name for one in session.get_outputs()], session.run(None, given), strict=True):
        np.testing.assert_allclose(found[name], own, rtol=0, atol=1e-4, err_msg=name)
