"""What heads take of videos that have all streams, or some: members drop out, or run with the mean in their place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from heads.example_specs import ENCODER, mixed_spec, save_example, stream
from heads.numpy_heads import run_head
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import Model
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec
from vidlabel.stream_spec import StreamSpec

HEAD = HeadConfig(kind="gru", input_size=2, hidden_size=3, outputs=2)
EARLY = replace(HEAD, input_size=3)
GATED = replace(EARLY, gated_sizes=(2, 1))


def fused_spec() -> ModelSpec:
    """Late members of each of two streams, an early one that learnt to do without, and a gated one that did not."""
    heard = StreamSpec(name="audio", size=4, encoder=ENCODER)
    members = (
        MemberSpec(head=HEAD, streams=("frames",), weight=0.3, temperature=1.5),
        MemberSpec(head=replace(HEAD, input_size=1), streams=("audio",), weight=0.2),
        MemberSpec(head=EARLY, modality_dropout=0.3, weight=0.4),
        MemberSpec(head=GATED, weight=0.1, temperature=0.5),
    )
    return replace(
        mixed_spec(),
        name="fused",
        labels=("hug", "push"),
        members=members,
        streams=(stream(size=3), heard),
        projected_sizes=(2, 1),
        thresholds=(0.4, 0.4),
        minimum_durations_s=(0.0, 0.0),
        background=None,
        window_s=None,
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return save_example(fused_spec(), tmp_path_factory.mktemp("fused") / "m.safetensors", seed=4)


FEATURES = np.random.default_rng(2).normal(size=(40, 7)).astype(np.float32)


def by_hand(model: Model, weights: dict[int, float], *, seen: bool, heard: bool) -> npt.NDArray[np.float64]:
    """Scores of members with these weights; a stream that is not there is 0 after its projection."""
    parts = []
    for projection, columns, there in zip(model.projections, (slice(0, 3), slice(3, 7)), (seen, heard), strict=True):
        own = (FEATURES[:, columns] - projection.mean) @ projection.components.T
        parts.append(own if there else np.zeros_like(own))
    total = np.zeros((40, 2))
    for number, weight in weights.items():
        member = model.spec.members[number]
        names = member.streams or ("frames", "audio")
        inputs = np.concatenate([parts[("frames", "audio").index(name)] for name in names], axis=1)
        head = model.heads[number]
        outputs = run_head(head.config, {name: own.astype(np.float64) for name, own in head.parameters.items()}, inputs)
        total += outputs * weight / member.temperature
    scores: npt.NDArray[np.float64] = np.exp(total) / np.exp(total).sum(axis=1, keepdims=True)
    return scores


@pytest.mark.parametrize(("available", "columns", "weights"), [
    (("frames", "audio"), slice(0, 7), {0: 0.3, 1: 0.2, 2: 0.4, 3: 0.1}),
    (("frames",), slice(0, 3), {0: 0.3 / 0.7, 2: 0.4 / 0.7}),
    (("audio",), slice(3, 7), {1: 0.2 / 0.6, 2: 0.4 / 0.6}),
])  # fmt: skip
def test_members_without_their_streams_drop_out(
    model: Model, available: tuple[str, ...], columns: slice, weights: dict[int, float]
) -> None:
    scorer = make_scorer(model, available=available)
    found = np.concatenate([scorer.push(FEATURES[:, columns]), scorer.finish()])
    expected = by_hand(model, weights, seen="frames" in available, heard="audio" in available)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_hidden_stream_is_at_its_mean_in_all_members(model: Model) -> None:
    scorer = make_scorer(model, hidden="audio")
    found = np.concatenate([scorer.push(FEATURES), scorer.finish()])
    expected = by_hand(model, {0: 0.3, 1: 0.2, 2: 0.4, 3: 0.1}, seen=True, heard=False)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_stream_that_a_role_needs_is_refused(model: Model, tmp_path: Path) -> None:
    assert not model.spec.can_score(())
    with pytest.raises(ValueError, match="no member of fused runs with no stream alone"):
        StreamInputs(model, ())
    assert model.spec.lack(["audio"]) == "no frames, without which fused cannot score it"
    background = MemberSpec(head=replace(EARLY, outputs=3), role="background")
    knowing = replace(
        fused_spec(),
        labels=("hug", "push", "background"),
        members=(*fused_spec().members, background),
        thresholds=(0.4, 0.4, 0.0),
        minimum_durations_s=(0.0, 0.0, 0.0),
        background=2,
    )
    assert knowing.can_score(("frames", "audio"))
    assert not knowing.can_score(("frames",))  # nobody would know background
    assert save_example(knowing, tmp_path / "m.safetensors").spec == knowing
