"""Which segment, or which sample, is explained; and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from examples import example_result
from explanation.kept import linear_model
from heads.example_specs import external_stream, save_example, step_spec
from vidlabel.errors import InputError, UsageError
from vidlabel.explanation import label_choice
from vidlabel.explanation.kept_features import FeatureKeeper
from vidlabel.explanation.label_choice import ChosenLabel, ExplainedLabel, check_label, choose_label
from vidlabel.explanation.segment_score import LabelledSamples
from vidlabel.heads.model import load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.labels.result import Result, Segment

SEGMENTS = (
    Segment(0.0, 1.0, "fall", 0.6, "linear"),
    Segment(0.5, 2.0, "walk", 0.9, "steps"),
    Segment(2.0, 2.5, "fall", 0.8, "linear"),
    Segment(2.0, 3.0, "fall", 0.7, "steps"),
)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[FeatureKeeper]:
    """Features of 4 s for two models that know `fall`, of which one knows `walk`; nothing from 3.25 s to 3.75 s."""
    linear = linear_model(tmp_path / "linear.safetensors", [1.0, 0.0])
    steps = save_example(replace(step_spec(), streams=(external_stream(),)), tmp_path / "steps.safetensors")
    times = np.array([*np.arange(13), 15]) / 4
    with FeatureKeeper() as keeper:
        values = np.random.default_rng(0).normal(size=(len(times), 8)).astype(np.float32)
        values[:, 0] = np.arange(len(times)) - 3
        keeper.take(linear, ["features"], times, values[:, :2])
        keeper.take(steps, ["features"], times, values[:, 2:])
        yield keeper


def found(kept: FeatureKeeper, segments: tuple[Segment, ...] = SEGMENTS, **wanted: object) -> ChosenLabel:
    result: Result = replace(example_result(), segments=segments)
    return choose_label(ExplainedLabel(**wanted), result, kept)  # type: ignore[arg-type]


def test_the_segment_with_the_highest_score(kept: FeatureKeeper) -> None:
    assert found(kept) == ChosenLabel("steps", LabelledSamples(0, 2, 8), 2, 0.5, 2.0, whole=True)
    assert found(kept, label="fall") == ChosenLabel("linear", LabelledSamples(0, 8, 10), 3, 2.0, 2.5, whole=True)


def test_a_segment_by_its_number(kept: FeatureKeeper) -> None:
    chosen = found(kept, segment=4)
    assert (chosen.model, chosen.samples, chosen.segment) == ("steps", LabelledSamples(1, 8, 12), 4)


def test_another_label_in_the_time_of_a_segment(kept: FeatureKeeper) -> None:
    chosen = found(kept, segment=2, label="fall")
    assert (chosen.model, chosen.samples) == ("steps", LabelledSamples(1, 2, 8))
    with pytest.raises(UsageError, match=r"linear does not know the label 'walk'; labels: fall$"):
        found(kept, segment=1, label="walk")


def test_a_segment_by_a_time(kept: FeatureKeeper) -> None:
    assert found(kept, time=0.2).segment == 1
    assert found(kept, time=0.5).segment == 2
    assert found(kept, time=2.2).segment == 3
    assert found(kept, time=2.5).segment == 4  # the end of a segment is no part of it
    assert found(kept, time=0.7, label="fall").segment == 1


def test_a_moment_without_a_segment(kept: FeatureKeeper) -> None:
    chosen = found(kept, time=3.1, label="fall")
    # Sample 12; the log-odds of `linear` are 9 + 0.25 there, far above those of the other model.
    assert chosen == ChosenLabel("linear", LabelledSamples(0, 12, 13), None, 3.0, 3.75, whole=True)
    assert found(kept, time=3.1).model == "linear"
    assert found(kept, time=3.9).samples == LabelledSamples(0, 13, 14)
    assert found(kept, time=3.9).end == 4.0
    walk = found(kept, time=3.1, label="walk")
    assert (walk.model, walk.samples) == ("steps", LabelledSamples(0, 12, 13))


def test_the_label_of_a_moment_is_the_one_with_the_highest_score(kept: FeatureKeeper) -> None:
    features = kept.of("steps")
    scorer = make_scorer(features.model)
    scores = np.concatenate([scorer.push(features.raw(0, 14)), scorer.finish()])
    first = found(kept, (), time=0.1)  # `linear` has log-odds of -2.75 there
    assert scores[0, :2].max() > 1 / (1 + np.exp(2.75))
    assert (first.model, first.samples.label) == ("steps", int(scores[0, :2].argmax()))


def test_where_nothing_was_read(kept: FeatureKeeper) -> None:
    with pytest.raises(UsageError, match=r"--time: nothing of the video could be read at 3.7 s"):
        found(kept, time=3.7)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"time": 4.0}, r"--time: 4 s lies beyond the end of the video at 4.000 s; give an earlier one"),
        ({"time": -1.0}, r"--time: -1 is not possible"),
        ({"time": float("nan")}, r"--time: nan is not possible"),
        ({"time": float("inf")}, r"--time: inf is not possible"),
        ({"segment": 0}, r"--segment: 0 is not possible; give a whole number"),
        ({"segment": 5}, r"--segment: 5 is not possible: 4 segments were found; give 1 to 4"),
        ({"segment": 1, "time": 1.0}, r"--time: contradicts --segment"),
    ],
)
def test_what_is_not_possible(kept: FeatureKeeper, wanted: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        found(kept, SEGMENTS, **wanted)


def test_a_label_that_is_none(kept: FeatureKeeper) -> None:
    specs = [model.spec for model in kept.models()]
    check_label("walk", specs)
    check_label(None, specs)
    with pytest.raises(UsageError, match=r"--label: no model knows the label 'fal'; did you mean fall\?"):
        check_label("fal", specs)
    with pytest.raises(UsageError, match=r"--label: no model knows the label 'nothing'; labels: fall, walk$"):
        check_label("nothing", specs)  # the background
    with pytest.raises(
        UsageError, match=r"objects does not know the label 'zzzzzz'; labels: tench, goldfish, .* and 990 more"
    ):
        check_label("zzzzzz", [load_model("objects").spec])


def test_a_label_of_a_model_that_did_not_label_the_video(kept: FeatureKeeper) -> None:
    with pytest.raises(InputError, match=r"clip.mp4: lacks the streams of the models that know the label 'speech'"):
        found(kept, label="speech")


def test_no_segment(kept: FeatureKeeper) -> None:
    with pytest.raises(InputError, match=r"clip.mp4: no label holds in it; name a moment with --time"):
        found(kept, ())
    with pytest.raises(InputError, match=r"clip.mp4: walk holds nowhere in it; name a moment"):
        found(kept, SEGMENTS[:1], label="walk")
    with pytest.raises(UsageError, match=r"--segment: 1 is not possible: no segments were found; name a moment"):
        found(kept, (), segment=1)


def test_of_a_long_segment_a_part(kept: FeatureKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_choice, "MOST_SAMPLES", 4)
    whole = (Segment(0.0, 3.0, "fall", 0.9, "linear"),)
    middle = found(kept, whole)
    assert (middle.samples, middle.start, middle.end, middle.whole) == (LabelledSamples(0, 4, 8), 1.0, 2.0, False)
    assert found(kept, whole, time=2.9).samples == LabelledSamples(0, 8, 12)
    assert found(kept, whole, time=0.0).samples == LabelledSamples(0, 0, 4)
