"""The labels of a model of several streams, and the share of each stream in a segment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heads.example_specs import save_example
from heads.test_inputs import FEATURES, fused_spec
from vidlabel.heads.model import Model
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.stream_shares import stream_shares
from vidlabel.labels.result import Segment
from vidlabel.prediction.model_labels import ModelLabels, ModelOutput
from vidlabel.prediction.options import PredictOptions

TIMES = np.arange(40) / 8


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    spec = replace(fused_spec(), thresholds=(0.0, 0.0))
    return save_example(spec, tmp_path_factory.mktemp("fused") / "m.safetensors", seed=4)


def labelled(model: Model, available: tuple[str, ...], *, scores: bool = True) -> ModelOutput:
    columns = slice(0, 7 if len(available) == 2 else 3)
    labels = ModelLabels(model, PredictOptions(scores=scores), available)
    for rows in (slice(0, 5), slice(5, 40)):
        labels.push(TIMES[rows], FEATURES[rows, columns])
    return labels.finish(5.0, ())


def test_segments_have_the_share_of_each_stream(model: Model) -> None:
    hidden = {}
    for name in ("frames", "audio"):
        scorer = make_scorer(model, hidden=name)
        hidden[name] = np.concatenate([scorer.push(FEATURES), scorer.finish()])
    found = labelled(model, ("frames", "audio"))
    assert found.scores is not None
    assert found.segments
    for segment in found.segments:
        label, rows = model.spec.labels.index(segment.label), (segment.start <= TIMES) & (segment.end > TIMES)
        values = found.scores.values[rows, label]
        expected = stream_shares(values, {name: own[rows, label] for name, own in hidden.items()})
        assert dict(segment.stream_shares) == pytest.approx(expected)
        assert segment.score == pytest.approx(values.mean(), abs=1e-6)


def test_shares_change_nothing_else(model: Model) -> None:
    def plain(segments: tuple[Segment, ...]) -> list[Segment]:
        return [replace(segment, stream_shares=()) for segment in segments]

    explained = labelled(model, ("frames", "audio"))
    quiet = labelled(model, ("frames", "audio"), scores=False)
    assert plain(explained.segments) == list(quiet.segments)
    assert quiet.scores is None
    alone = labelled(model, ("frames",))
    assert alone.segments
    assert not any(segment.stream_shares for segment in alone.segments)
