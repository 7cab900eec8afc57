"""Models from features: what they learn, that they are the same again, and what they go on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.interrupting import StopsAfter, StopsBefore
from training.learnable import FACTS, RATE, WIDTH, clip, coloured_clips, feature_dataset, order_clips, timed_videos
from vidlabel.errors import UsageError
from vidlabel.heads.scoring import make_scorer, score_clip
from vidlabel.heads.spec import Task
from vidlabel.training.dataset.examples import Example
from vidlabel.training.dataset.feature_dataset import ExampleFeatures, FeatureDataset, subset
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.fit import FittedModel, fit
from vidlabel.training.options import TrainOptions

pytestmark = pytest.mark.usefixtures("short_windows")

QUICK = TrainOptions(epochs=4, hidden=4, members=1, folds=2)


def accuracy(fitted: FittedModel, tested: FeatureDataset) -> float:
    """Share of the clips whose label has the highest score."""
    labels = fitted.network.spec.labels
    pairs = zip(tested.training_set.examples, tested.features, strict=True)
    right = [labels[score_clip(fitted.network, f.views[0]).argmax()] == e.clip_labels[0] for e, f in pairs]
    return float(np.mean(right))


@pytest.mark.slow
def test_recurrent_heads_tell_what_came_first_where_the_mean_cannot() -> None:
    everything = feature_dataset(order_clips(280), ("blue first", "red first"))
    train, test = subset(everything, range(200)), subset(everything, range(200, 280))
    options = TrainOptions(head="gru", bidirectional=True, hidden=16, folds=0, epochs=14)
    assert accuracy(fit(train, FACTS, options), test) >= 0.95
    baseline = fit(train, FACTS, TrainOptions(head="mean", folds=0))
    assert 0.3 <= accuracy(baseline, test) <= 0.7


def test_the_default_is_calibrated_and_knows_what_it_has_not_seen() -> None:
    fitted = fit(feature_dataset(coloured_clips(48), ("blue", "red")), FACTS, replace(QUICK, epochs=12))
    spec = fitted.network.spec
    assert [(m.head.kind, m.role) for m in spec.members] == [
        ("gru", "labels"),
        ("mean", "labels"),
        ("gru", "background"),
    ]
    assert [sum(m.weight for m in spec.members_with(r)) for r in ("labels", "background")] == pytest.approx([1, 1])
    assert spec.labels == ("blue", "red", "background")
    assert spec.background == 2
    validation = fitted.validation
    assert validation is not None
    assert validation.accuracy >= 0.95
    assert validation.majority_accuracy == 0.5
    assert sorted(validation.clips) == list(range(48))
    assert accuracy(fitted, feature_dataset(coloured_clips(20, seed=1), ("blue", "red"))) >= 0.95
    sample_counts = sorted(len(features.times) for _, features in coloured_clips(48))
    assert spec.window_s == round(float(np.median(sample_counts))) / RATE


@pytest.mark.usefixtures("two_threads")
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    clips = feature_dataset(coloured_clips(16), ("blue", "red"))
    same = fit(clips, FACTS, QUICK).save(tmp_path / "same.safetensors")
    torch.set_num_threads(1)
    torch.rand(7)
    one = fit(clips, FACTS, QUICK).save(tmp_path / "one.safetensors")
    other = fit(clips, FACTS, replace(QUICK, seed=1)).save(tmp_path / "other.safetensors")
    assert one.path.read_bytes() == same.path.read_bytes()
    assert one.sha256 != other.sha256


@pytest.mark.usefixtures("two_threads")
def test_training_leaves_torch_as_it_was() -> None:
    state = torch.get_rng_state()
    fit(feature_dataset(coloured_clips(8), ("blue", "red")), FACTS, replace(QUICK, epochs=1, folds=0))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("epochs", [3, 18, 26])
def test_interrupted_training_resumes_to_the_same_bytes(tmp_path: Path, epochs: int) -> None:
    clips = feature_dataset(coloured_clips(16), ("blue", "red"))
    whole = fit(clips, FACTS, QUICK).save(tmp_path / "whole.safetensors")
    checkpoints = Checkpoints(tmp_path / "states", "this training", every_s=0)
    listener = StopsAfter(epochs)
    try:
        kept = fit(clips, FACTS, QUICK, listener, checkpoints=checkpoints)
    except KeyboardInterrupt:
        assert epochs < 24  # within the inner cross-validation there is no model yet
    else:
        assert kept.interrupted
        kept.save(tmp_path / "kept.safetensors")
    resumed_listener = StopsAfter()
    resumed = fit(clips, FACTS, QUICK, resumed_listener, checkpoints=checkpoints).save(tmp_path / "resumed.safetensors")
    assert resumed.path.read_bytes() == whole.path.read_bytes()
    assert len(listener.runs) + len(resumed_listener.runs) == 36  # no epoch was trained twice: (2 * 3 + 3) heads * 4
    for other in (Checkpoints(tmp_path / "states", "another"), Checkpoints(tmp_path / "nowhere", "this training")):
        assert other.find("model-recurrent-0") is None


def test_an_interruption_between_two_heads_keeps_those_that_are_trained() -> None:
    clips = feature_dataset(coloured_clips(16), ("blue", "red"))
    whole, kept = fit(clips, FACTS, QUICK).network, fit(clips, FACTS, QUICK, StopsBefore(1))
    assert kept.interrupted
    assert [member.head for member in kept.network.spec.members] == [whole.spec.members[0].head]
    for name, array in whole.heads[0].parameters.items():
        np.testing.assert_array_equal(kept.network.heads[0].parameters[name], array)
    with pytest.raises(KeyboardInterrupt):  # what the inner cross-validation trained last is no head of the model
        fit(clips, FACTS, QUICK, StopsBefore(0))


def test_damaged_states_count_as_missing(tmp_path: Path) -> None:
    clips = feature_dataset(coloured_clips(16), ("blue", "red"))
    checkpoints = Checkpoints(tmp_path, "this", every_s=0)
    whole = fit(clips, FACTS, QUICK, checkpoints=checkpoints).save(tmp_path / "whole.safetensors")
    for path in tmp_path.glob("*-*.safetensors"):
        path.write_bytes(path.read_bytes()[:-3])
    again = fit(clips, FACTS, QUICK, checkpoints=checkpoints).save(tmp_path / "again.safetensors")
    assert again.sha256 == whole.sha256


def test_a_model_goes_on_with_more_labels(tmp_path: Path) -> None:
    start = fit(feature_dataset(coloured_clips(32), ("blue", "red")), FACTS, replace(QUICK, epochs=10))
    model = start.save(tmp_path / "start.safetensors")
    three = ("blue", "red", "green")
    clips = feature_dataset(coloured_clips(48, three), ("blue", "green", "red"))
    fitted = fit(clips, FACTS, replace(QUICK, epochs=10), start=model)
    assert fitted.network.spec.labels == ("blue", "green", "red", "background")
    for own, before in zip(fitted.network.projections, model.projections, strict=True):
        np.testing.assert_array_equal(own.components, before.components)
    assert accuracy(fitted, feature_dataset(coloured_clips(30, three, seed=3), ("blue", "green", "red"))) >= 0.9


def two_streams() -> FeatureDataset:
    """Clips whose motion tells the label; their frames tell which clip it is."""
    generator = np.random.default_rng(5)
    clips = []
    for number in range(64):
        noise = generator.normal(size=(12, 40)).astype(np.float32)
        motion = generator.normal(0, 0.5, (12, 40)).astype(np.float32)
        noise[:] += generator.normal(0, 3, 40).astype(np.float32)  # says much about the clip and nothing of the label
        motion[:, 0] += number % 2
        clips.append(clip(np.concatenate([noise, motion], axis=1), ("blue", "red")[number % 2], number=number))
    return feature_dataset(clips, ("blue", "red"), streams=("frames", "motion"))


@pytest.mark.slow
def test_the_stream_that_helps_is_chosen() -> None:
    both = two_streams()
    assert fit(both, FACTS, replace(QUICK, epochs=10)).network.spec.streams == both.streams[1:]


def test_streams_that_are_named_are_used() -> None:
    both = two_streams()
    asked = fit(both, FACTS, replace(QUICK, epochs=1, folds=0, streams=("frames",))).network.spec
    assert asked.streams == both.streams[:1]
    with pytest.raises(UsageError, match="audio"):
        fit(both, FACTS, replace(QUICK, streams=("audio",)))


def mirrored(clips: list[tuple[Example, ExampleFeatures]], places: list[int]) -> FeatureDataset:
    """The clips with a second view, in which the numbers of the features stand at these places."""
    pairs = [(one, replace(features, views=(*features.views, features.views[0][:, places]))) for one, features in clips]
    return feature_dataset(pairs, ("blue", "red"))


@pytest.mark.parametrize("folds", [0, 2])
def test_what_tells_left_from_right_is_not_learnt_from_mirrored_pictures(folds: int) -> None:
    """The label says which of the first two numbers is high, and in the mirror they change places."""
    clips = mirrored(coloured_clips(24), [1, 0, 2, 3, 4, 5])
    fitted = fit(clips, FACTS, TrainOptions(head="mean", folds=folds, epochs=20))
    assert fitted.network.spec.training["mirrored"] is False
    assert accuracy(fitted, feature_dataset(coloured_clips(20, seed=1), ("blue", "red"))) >= 0.9


def test_mirrored_pictures_are_learnt_from_where_that_helps() -> None:
    """The clips of one group look like those of the other in the mirror."""
    plain = coloured_clips(24, seed=1)  # in which noise does not happen to tell the turned ones apart
    turned = [(one, replace(features, views=(features.views[0][:, ::-1].copy(),))) for one, features in plain]
    clips = [(turned if number < 12 else plain)[number] for number in range(24)]
    named = [(replace(one, group=f"g{number // 12}"), features) for number, (one, features) in enumerate(clips)]
    fitted = fit(mirrored(named, [5, 4, 3, 2, 1, 0]), FACTS, TrainOptions(head="mean", folds=2, epochs=20))
    assert fitted.network.spec.training["mirrored"] is True
    assert accuracy(fitted, feature_dataset(turned, ("blue", "red"))) >= 0.9


def test_the_recipe_of_the_article() -> None:
    clips = feature_dataset(coloured_clips(40, ("red", "background")), ("red",), task="binary")
    options = TrainOptions(head="rnn", activation="relu", hidden=64, epochs=10, batch_size=32)
    fitted = fit(clips, FACTS, options)
    (member,) = fitted.network.spec.members
    assert (member.head.kind, member.head.activation, member.head.hidden_size) == ("rnn", "relu", 64)
    assert not member.head.bidirectional
    for example, features in zip(clips.training_set.examples, clips.features, strict=True):
        holds = score_clip(fitted.network, features.views[0])[0] >= fitted.network.spec.thresholds[0]
        assert holds == (example.clip_labels == ("red",))


@pytest.mark.parametrize(
    ("task", "labels", "background"),
    [("single", ("red", "background"), 1), pytest.param("binary", ("red",), None, marks=pytest.mark.slow)],
)
def test_labels_with_times_give_scores_in_time(task: str, labels: tuple[str, ...], background: int | None) -> None:
    videos = feature_dataset(timed_videos(8), labels, task, background, "background")  # type: ignore[arg-type]
    fitted = fit(videos, FACTS, TrainOptions(epochs=10, hidden=8, members=1, folds=2, batch_size=4))
    (tested, features) = timed_videos(1, seed=9)[0]
    scorer = make_scorer(fitted.network)
    scores = np.concatenate([scorer.push(features.views[0]), scorer.finish()])
    truth = np.array([any(s.start <= time < s.end for s in tested.spans) for time in features.times])
    assert np.mean((scores[:, 0] > 0.5) == truth) > 0.9  # 0.95 to 1.0; edges may be a sample off
    assert fitted.validation is not None
    assert fitted.validation.accuracy > 0.9
    assert fitted.network.spec.minimum_durations_s[0] <= 3


@pytest.mark.parametrize("labels", [("red", "background"), ("red",)])
def test_minimum_durations_are_chosen_without_videos_held_out(labels: tuple[str, ...]) -> None:
    """Flashes of 0.5 s look like `red`, which holds for 3 s and more; each sample is predicted on its own."""
    videos = timed_videos(8)
    for _, features in videos:
        features.views[0][[5, 6, 60, 61, 140, 141], 0] += 1.5
    task: Task = "single" if len(labels) == 2 else "binary"
    clips = feature_dataset(videos, labels, task, 1 if len(labels) == 2 else None, "background")
    fitted = fit(clips, FACTS, TrainOptions(head="mean", folds=0, epochs=20, batch_size=4))
    assert fitted.validation is None
    assert 0.5 < fitted.network.spec.minimum_durations_s[0] < 3


def test_one_group_gives_a_model_without_figures() -> None:
    clips = [(replace(example, group="all"), features) for example, features in coloured_clips(8)]
    fitted = fit(feature_dataset(clips, ("blue", "red")), FACTS, QUICK)
    assert fitted.validation is None
    assert fitted.network.spec.metrics == {}
    assert {member.temperature for member in fitted.network.spec.members} == {1.0}


@pytest.mark.parametrize("head", ["rnn", "lstm", "gru-article"])
@pytest.mark.parametrize("bidirectional", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_kind_of_head_learns(head: str, bidirectional: bool) -> None:
    options = TrainOptions(
        head=head,  # type: ignore[arg-type]
        bidirectional=bidirectional,
        hidden=8,
        layers=2,
        epochs=6,
        batch_size=8,
        learning_rate=0.02,
        folds=0,
    )
    fitted = fit(feature_dataset(coloured_clips(40), ("blue", "red")), FACTS, options)
    assert accuracy(fitted, feature_dataset(coloured_clips(20, seed=1), ("blue", "red"))) >= 0.9
    assert fitted.network.spec.feature_size == WIDTH
