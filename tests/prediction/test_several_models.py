"""Several models in one reading give what each gives alone, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidlabel
from corpus import Recipe, write_video
from features.origins import ORIGIN, SETTINGS, write_feature_file
from heads.example_specs import external_stream, published_stream, save_example, step_spec, video_spec
from vidlabel.errors import InputError, UsageError, VideoError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import Result, Segment
from vidlabel.prediction import labeller as labelling
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import IsolatedSamples

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")


def specs() -> list[ModelSpec]:
    """Models of several rates, streams, views and ways of scoring; `small` needs pictures of another size."""
    frames, motion = published_stream(short_side=48), published_stream("motion", short_side=48, lag_s=0.1)
    look_ahead = HeadConfig(kind="lstm", input_size=2560, hidden_size=2, outputs=3, bidirectional=True)
    windows = replace(video_spec(frames, motion), members=(MemberSpec(head=look_ahead),), window_s=0.5)
    people = describe_streams(FeatureConfig(short_side=48), ("pose",), "whole")
    multi: dict[str, Any] = {"task": "multi", "labels": ("on", "off", "up"), "background": None}
    return [
        replace(video_spec(frames), name="slow", rate=2.0),
        replace(windows, name="windows", rate=8.0, thresholds=(0.0, 0.0, 0.0), minimum_durations_s=(0.0, 0.0, 0.0)),
        replace(video_spec(published_stream(short_side=48, view="whole")), name="odd", rate=3.0, **multi),
        replace(video_spec(published_stream(short_side=64)), name="small", rate=5.0),
        replace(video_spec(*people), name="people", rate=5.0),
    ]


@pytest.fixture(scope="module", name="models")
def saved_models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    return [save_example(spec, folder / f"{spec.name}.safetensors", seed).path for seed, spec in enumerate(specs())]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2.4 s of variable frame rate: 5 to 33 frames a second."""
    times = np.cumsum([0, *([30] * 20), *([200] * 5), *([60] * 15)])
    recipe = Recipe(frames=len(times), time_base=Fraction(1, 1000), pts=lambda number: int(times[number]))
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", recipe)


def counted(openings: list[SampleRequest]) -> Callable[..., IsolatedSamples]:
    """Opens videos, and notes what is asked for."""

    def open_samples(
        path: Path, request: SampleRequest, timeout_s: float, pool: DecodePool, on_progress: Callable[[], None]
    ) -> IsolatedSamples:
        openings.append(request)
        return IsolatedSamples(pool, path, request, timeout_s, on_progress)

    return open_samples


def part(result: Result, name: str) -> tuple[list[Segment], Any, bytes]:
    """Segments and scores of one model."""
    (scores,) = (scores for scores in result.scores if scores.model == name)
    segments = [replace(segment, model=None) for segment in result.segments if segment.model in (None, name)]
    return segments, (scores.labels, scores.times.tolist()), scores.values.tobytes()


@pytest.mark.parametrize(
    "options",
    [{}, {"start": 0.35, "end": 1.9}, {"rate": 60.0, "top": 1}, {"keyframes": True}, {"decoder": "pyav"}],
    ids=str,
)
def test_each_model_gives_what_it_gives_alone(
    clip: Path, models: list[Path], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    openings: list[SampleRequest] = []
    monkeypatch.setattr(labelling, "open_isolated_samples", counted(openings))
    together = vidlabel.predict(clip, models, scores=True, **options)
    assert [request.short_side for request in openings] == [48, 64]
    assert [model.name for model in together.models] == ["slow", "windows", "odd", "small", "people"]
    starts = [(segment.start, segment.end) for segment in together.segments]
    assert starts == sorted(starts)
    for path in models:
        alone = vidlabel.predict(clip, path, scores=True, **options)
        assert part(together, path.stem) == part(alone, path.stem)
        assert all(segment.model is None for segment in alone.segments)
    assert {segment.model for segment in together.segments} >= {"windows", "odd"}
    assert together.run.rate == options.get("rate", 8.0)


def test_models_that_results_could_not_tell_apart_are_refused(clip: Path, models: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.safetensors"
    with pytest.raises(UsageError, match="--model: 'slow' is named twice; name each model once"):
        vidlabel.predict(clip, [models[0], models[0]])
    save_example(specs()[0], copy, seed=9)
    with pytest.raises(UsageError, match=r"slow\.safetensors and .*copy\.safetensors are both models called 'slow'"):
        vidlabel.predict(clip, [models[0], copy])
    with pytest.raises(UsageError, match="--model: 0 models are not possible"):
        vidlabel.predict(clip, [])


@pytest.mark.filterwarnings("ignore:.*is resampled from 4 to 2 samples a second")
def test_feature_files_are_scored_by_all_models_that_take_them(tmp_path: Path, models: list[Path]) -> None:
    values = np.random.default_rng(0).normal(size=(12, 1280)).astype(np.float32)
    frames = published_stream(short_side=48)
    origin = replace(ORIGIN, settings=replace(SETTINGS, streams=(frames,), rate=4.0), duration_s=3.0)
    write_feature_file(tmp_path / "a.npz", "npz", np.arange(12) / 4, values, origin)
    second = save_example(replace(video_spec(frames), name="second"), tmp_path / "second.safetensors", 5).path
    together = vidlabel.predict(tmp_path / "a.npz", [second, models[0]], scores=True)
    for path in (second, models[0]):
        assert part(together, path.stem) == part(vidlabel.predict(tmp_path / "a.npz", path, scores=True), path.stem)
    with pytest.raises(InputError, match="and odd takes"):
        vidlabel.predict(tmp_path / "a.npz", [second, models[2]])


def test_a_model_that_labels_no_videos_is_named(clip: Path, tmp_path: Path, models: list[Path]) -> None:
    blind = replace(step_spec(), name="blind", streams=(external_stream(),))
    path = save_example(blind, tmp_path / "blind.safetensors").path
    with pytest.raises(VideoError, match="blind takes files of features made elsewhere"):
        vidlabel.predict(clip, [models[0], path])
