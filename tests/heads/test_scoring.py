from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heads.example_specs import FEATURE_SIZE, mixed_spec, pooled_spec, save_example, step_spec, stream, window_spec
from heads.numpy_heads import run_head
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.inputs import filled_motion
from vidlabel.heads.model import Model
from vidlabel.heads.scoring import (
    HOPS_PER_WINDOW,
    CarriedScorer,
    WindowScorer,
    make_scorer,
    score_clip,
)
from vidlabel.heads.spec import ModelSpec

Array = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]

LONG = replace(pooled_spec(), name="long-windows", window_s=75.0)  # 300 samples: groups of three windows
SINGLE_SAMPLE = replace(window_spec(), name="windows-of-one", window_s=0.1)
MEAN = replace(
    step_spec(),
    name="mean",
    members=(
        MemberSpec(
            head=HeadConfig(kind="mean", input_size=FEATURE_SIZE, hidden_size=FEATURE_SIZE, outputs=9), pooled_parts=3
        ),
    ),
    window_s=1.5,
)
AVERAGE = replace(
    step_spec(),
    name="average",
    members=(
        MemberSpec(
            head=HeadConfig(
                kind="rnn",
                activation="relu",
                input_size=FEATURE_SIZE,
                hidden_size=FEATURE_SIZE,
                outputs=4,
                scaled_identity=0.3,
                initial_state="first-input",
            ),
        ),
        MemberSpec(head=HeadConfig(kind="gru", input_size=FEATURE_SIZE, hidden_size=2, outputs=4), weight=0.5),
    ),
    output_labels=(1, 0, 2, 1),
)
UNLIKE = replace(
    pooled_spec(), name="streams-of-unlike-sizes", streams=(stream(size=4), stream("motion", 2, lag_s=0.1))
)
SPECS = [step_spec(), AVERAGE, window_spec(), pooled_spec(), LONG, SINGLE_SAMPLE, MEAN, mixed_spec(), UNLIKE]


@pytest.fixture(name="model", params=SPECS, ids=lambda spec: spec.name, scope="module")
def _model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    spec: ModelSpec = request.param
    return save_example(spec, tmp_path_factory.mktemp("models") / "m.safetensors", seed=11)


def _features(samples: int) -> Scores:
    return np.random.default_rng(samples).normal(size=(samples, FEATURE_SIZE)).astype(np.float32)


def _streamed(model: Model, features: Scores, cuts: list[int]) -> Scores:
    scorer = make_scorer(model)
    return np.concatenate([*(scorer.push(part) for part in np.split(features, cuts)), scorer.finish()])


def _by_definition(model: Model, features: Scores) -> Array:
    """The scores, each from its definition, in double precision."""
    spec = model.spec
    inputs = _inputs(model, features)
    if spec.window_s is None:
        return _calibrated(spec, [_outputs(model, number, inputs) for number in range(len(spec.members))])
    window = max(1, round(spec.window_s * spec.rate))
    sums, weights = np.zeros((len(features), len(spec.labels))), np.zeros((len(features), 1))
    for start in _window_starts(len(features), window):
        part = inputs[start : start + window]
        scores = _calibrated(spec, [_window_outputs(model, number, part) for number in range(len(spec.members))])
        weight = np.array([min(i + 1, len(part) - i) for i in range(len(part))])[:, None]
        sums[start : start + window] += weight * scores
        weights[start : start + window] += weight
    return np.asarray(sums / weights)


def _inputs(model: Model, features: Scores) -> Array:
    inputs = features.astype(np.float64)
    if len(model.spec.streams) > 1 and len(inputs) > 1:
        frames = model.spec.streams[0].size
        inputs[0, frames:] = inputs[1, frames:]  # motion is the second of two streams
    if model.projections:
        parts = [inputs[:, columns] for columns in model.spec.columns.values()]
        inputs = np.concatenate([
            (part - own.mean) @ own.components.T.astype(np.float64)
            for part, own in zip(parts, model.projections, strict=True)
        ], axis=1)  # fmt: skip
    return inputs


def _window_outputs(model: Model, number: int, part: Array) -> Array:
    """(W, K) outputs of a member, or the same row W times where it is pooled."""
    member = model.spec.members[number]
    steps = part if member.resampled_steps is None else _resampled(part, member.resampled_steps)
    outputs = _outputs(model, number, steps)
    return outputs if member.pooled_parts is None else np.tile(_pooled(outputs, member.pooled_parts), (len(part), 1))


def _resampled(part: Array, steps: int) -> Array:
    times = np.linspace(0, len(part) - 1, steps)
    return np.stack([np.interp(times, np.arange(len(part)), column) for column in part.T], axis=1)


def _window_starts(samples: int, window: int) -> list[int]:
    if samples <= window:
        return [0]
    starts = list(range(0, samples - window + 1, max(1, window // HOPS_PER_WINDOW)))
    return starts if starts[-1] == samples - window else [*starts, samples - window]


def _outputs(model: Model, number: int, inputs: Array) -> Array:
    parameters = {name: array.astype(np.float64) for name, array in model.heads[number].parameters.items()}
    return run_head(model.spec.members[number].head, parameters, inputs)


def _pooled(outputs: Array, parts: int) -> Array:
    samples, width = len(outputs), outputs.shape[1] // parts
    total = np.zeros(width)
    for part in range(parts):
        start, end = part * samples // parts, (part + 1) * samples // parts
        total += outputs[start : max(end, start + 1), part * width : (part + 1) * width].mean(axis=0)
    return total


def _calibrated(spec: ModelSpec, outputs: list[Array]) -> Array:
    """The weighted geometric mean of the members' probabilities, renormalised; odds instead where labels are alone."""
    members = list(zip(spec.members, outputs, strict=True))
    plain = _mixture(spec, [(m.weight, o / m.temperature) for m, o in members if m.role == "labels"])
    if spec.task != "single":
        return plain
    parts = [(m.weight, o / m.temperature) for m, o in members if m.role == "background"]
    if parts:
        knowing = _mixture(spec, parts)
        shares = np.sqrt(plain * knowing[:, :-1])
        shares *= knowing[:, :-1].sum(axis=1, keepdims=True) / shares.sum(axis=1, keepdims=True)
        return np.concatenate([shares, knowing[:, -1:]], axis=1)
    sums = np.zeros((len(plain), len(spec.labels)))
    for output, label in enumerate(spec.output_labels or range(len(spec.labels))):
        sums[:, label] += plain[:, output]
    return sums


def _mixture(spec: ModelSpec, members: list[tuple[float, Array]]) -> Array:
    if spec.task != "single":
        odds = np.prod([np.exp(outputs) ** weight for weight, outputs in members], axis=0)
        return np.asarray(odds / (1 + odds))
    shares = [np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True) for _, outputs in members]
    product = np.prod([share**weight for (weight, _), share in zip(members, shares, strict=True)], axis=0)
    return np.asarray(product / product.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("samples", [1, 2, 5, 8, 9, 10, 31, 32, 33, 200, 700])
def test_scores_are_those_of_the_definition(model: Model, samples: int) -> None:
    features = _features(samples)
    scores = _streamed(model, features, [])
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, _by_definition(model, features), rtol=0, atol=1e-5)


def test_scores_are_the_same_to_the_last_bit_however_fed(model: Model) -> None:
    @settings(max_examples=12, deadline=None)
    @given(samples=st.integers(0, 700), data=st.data())
    def check(samples: int, data: st.DataObject) -> None:
        features = _features(samples)
        cuts = sorted(data.draw(st.lists(st.integers(0, samples), max_size=20)))
        np.testing.assert_array_equal(_streamed(model, features, cuts), _streamed(model, features, []))

    check()


def test_one_sample_at_a_time_gives_the_same_bits(model: Model) -> None:
    features = _features(450)
    np.testing.assert_array_equal(_streamed(model, features, list(range(1, 450))), _streamed(model, features, []))


def test_no_samples_give_no_scores(model: Model) -> None:
    scorer = make_scorer(model)
    labels = len(model.spec.labels)
    assert scorer.push(np.zeros((0, FEATURE_SIZE), dtype=np.float32)).shape == (0, labels)
    assert scorer.finish().shape == (0, labels)


def test_what_waits_does_not_grow(model: Model) -> None:
    scorer = make_scorer(model)
    waiting = [0]
    for _ in range(400):
        waiting.append(waiting[-1] + 10 - len(scorer.push(_features(10))))
    assert max(waiting) < 1100  # of 4000 samples: a window and its group, which many short windows make
    assert len(scorer.finish()) == waiting[-1]


def test_scores_are_probabilities(model: Model) -> None:
    scores = _streamed(model, _features(100) * 100, [])
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_features_of_another_size_are_refused(model: Model) -> None:
    scorer = make_scorer(model)
    with pytest.raises(ValueError, match=r"\(T, 6\), not \(3, 4\)"):
        scorer.push(np.zeros((3, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="finite"):
        scorer.push(np.full((3, FEATURE_SIZE), np.nan, dtype=np.float32))


def test_the_model_says_which_scorer(tmp_path: Path) -> None:
    assert isinstance(make_scorer(save_example(step_spec(), tmp_path / "a.safetensors")), CarriedScorer)
    assert isinstance(make_scorer(save_example(window_spec(), tmp_path / "b.safetensors")), WindowScorer)


def test_a_window_keeps_its_seconds_at_another_rate(tmp_path: Path) -> None:
    model = save_example(window_spec(), tmp_path / "m.safetensors")
    features = _features(60)
    double = make_scorer(model, rate=8.0)
    found = np.concatenate([double.push(features), double.finish()])
    wide = replace(model, spec=replace(model.spec, window_s=4.5))
    np.testing.assert_allclose(found, _by_definition(wide, features), rtol=0, atol=1e-5)


def test_a_clip_of_any_length_is_one_window_without_background(tmp_path: Path) -> None:
    model = save_example(mixed_spec(), tmp_path / "m.safetensors")
    told_apart = replace(
        model.spec,
        members=model.spec.members[:2],
        labels=("hug", "push"),
        background=None,
        thresholds=(0.5, 0.5),
        minimum_durations_s=(0.0, 0.0),
    )
    for samples in (1, 2, 5, 8, 40):
        features = _features(samples)
        wide = replace(model, spec=replace(told_apart, window_s=samples / model.spec.rate), heads=model.heads[:2])
        expected = [*_by_definition(wide, features)[0], 0]
        np.testing.assert_allclose(score_clip(model, features), expected, rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match=r"\(T, 6\), not \(0, 6\)"):
        score_clip(model, np.zeros((0, FEATURE_SIZE), np.float32))


def test_a_clip_with_a_score_for_each_sample_has_their_mean(tmp_path: Path) -> None:
    model = save_example(replace(window_spec(), window_s=5.0), tmp_path / "m.safetensors")
    features = _features(20)
    np.testing.assert_allclose(score_clip(model, features), _by_definition(model, features).mean(axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("motion", "first"),
    [
        ([slice(4, 8)], [0, 1, 2, 3, 12, 13, 14, 15]),
        ([slice(0, 4)], [8, 9, 10, 11, 4, 5, 6, 7]),
        ([slice(0, 8)], [8, 9, 10, 11, 12, 13, 14, 15]),
        ([slice(1, 3)], [0, 9, 10, 3, 4, 5, 6, 7]),
        ([slice(1, 3), slice(6, 7)], [0, 9, 10, 3, 4, 5, 14, 7]),
        ([], [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_the_motion_of_a_first_sample_is_that_of_the_second(motion: list[slice], first: list[int]) -> None:
    values = np.arange(24, dtype=np.float32).reshape(3, 8)
    before = values.copy()
    found = filled_motion(values, motion)
    assert found[0].tolist() == first
    np.testing.assert_array_equal(found[1:], before[1:])
    np.testing.assert_array_equal(values, before)
    assert filled_motion(values[:1], motion).tolist() == values[:1].tolist()
