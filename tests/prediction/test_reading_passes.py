"""Which models share a reading of a video, and what they share of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from heads.example_specs import published_stream, save_example, video_spec
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.model import Model
from vidlabel.prediction.reading_passes import PassPlanner, ReadingPass
from vidlabel.stream_spec import StreamSpec

pytestmark = pytest.mark.usefixtures("shared_encoders")

FRAMES = published_stream(short_side=48)
MOTION = published_stream("motion", short_side=48, lag_s=0.2)


def model(folder: Path, name: str, rate: float, *streams: StreamSpec) -> Model:
    spec = replace(video_spec(*streams), name=name, rate=rate)
    return save_example(spec, folder / f"{name}.safetensors")


def passes_of(models: Sequence[Model], usual: FeatureConfig, rate: float | None) -> list[ReadingPass]:
    planner = PassPlanner(usual, "cpu", 1)
    return [planner.load(plan) for plan in planner.plan(models, rate)]


def test_models_of_all_rates_share_a_pass_and_their_encoder(tmp_path: Path) -> None:
    models = [
        model(tmp_path, "a", 2.0, FRAMES),
        model(tmp_path, "b", 3.0, FRAMES, MOTION),
        model(tmp_path, "c", 2.0, published_stream(short_side=48, view="whole")),
    ]
    (own,) = passes_of(models, FeatureConfig(lag_s=0.7), None)
    assert (own.models, own.request.rates) == ((0, 1, 2), (2.0, 3.0))
    assert (own.request.short_side, own.request.lag_s) == (48, 0.2)
    assert [one.rate_mask for one in own.sets] == [1, 2, 1]
    assert [[str(block.block) for block in one.blocks] for one in own.sets] == [
        ["frames/centre"],
        ["frames/centre", "motion/centre"],
        ["frames/whole"],
    ]
    assert len({id(block.encoder) for one in own.sets for block in one.blocks}) == 1
    (together,) = passes_of(models, FeatureConfig(), 5.0)
    assert (together.request.rates, [one.rate_mask for one in together.sets]) == ((5.0,), [1, 1, 1])


def test_pixels_that_are_scaled_otherwise_need_another_encoder(tmp_path: Path) -> None:
    other = published_stream(short_side=48, mean=0.0, scale=255.0)
    models = [model(tmp_path, "a", 2.0, FRAMES), model(tmp_path, "b", 2.0, other)]
    (own,) = passes_of(models, FeatureConfig(), None)
    first, second = (one.blocks[0].encoder for one in own.sets)
    assert first is not second


def test_pictures_of_other_sizes_and_lags_need_passes_of_their_own(tmp_path: Path) -> None:
    models = [
        model(tmp_path, "a", 2.0, FRAMES),
        model(tmp_path, "b", 2.0, published_stream(short_side=64)),
        model(tmp_path, "c", 2.0, MOTION),
        model(tmp_path, "d", 2.0, published_stream("motion", short_side=48, lag_s=0.1)),
    ]
    passes = passes_of(models, FeatureConfig(), None)
    assert [own.models for own in passes] == [(0, 2), (1,), (3,)]
    assert [(own.request.short_side, own.request.lag_s) for own in passes] == [(48, 0.2), (64, None), (48, 0.1)]


def test_a_model_that_only_listens_takes_any_pass(tmp_path: Path) -> None:
    (audio,) = describe_streams(FeatureConfig(), ("audio",), "centre")
    models = [model(tmp_path, "a", 2.0, audio), model(tmp_path, "b", 4.0, MOTION)]
    (own,) = passes_of(models, FeatureConfig(), None)
    assert (own.request.sound, own.request.short_side, own.request.lag_s) == (True, 48, 0.2)
