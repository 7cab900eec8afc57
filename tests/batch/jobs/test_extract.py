"""Which encoder the job of extraction takes, what its files say, and one video extracted in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from heads.example_specs import published_stream, save_example, step_spec, video_spec
from sounds import Clip, write_clip
from vidlabel.batch.job import Task
from vidlabel.batch.jobs import extract
from vidlabel.batch.jobs.extract import ExtractJob, extract_job
from vidlabel.batch.plan import WorkOptions, plan_task
from vidlabel.batch.unit import run_one
from vidlabel.errors import ModelFileError, UsageError
from vidlabel.features.config import ExtractOptions, FeatureConfig, feature_blocks
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.feature_file import read_feature_file
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.prediction.predict import PythonListener
from vidlabel.profiling import OFF
from vidlabel.stream_spec import EncoderInfo

OPTIONS = ExtractOptions(rate=5.0, short_side=64, device="cpu", runtime="torch")
BOTH = ("frames", "motion")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("extract") / "a.mp4", Recipe(frames=10))


def test_an_encoder_by_name_or_of_a_model(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_example(video_spec(published_stream(mean=0.0, scale=255.0, short_side=48)), path)
    (stream,) = extract_job(replace(OPTIONS, encoder=str(path))).settings.streams
    assert stream == published_stream(mean=0.0, scale=255.0, short_side=64)
    save_example(step_spec(), path)
    with pytest.raises(UsageError, match="with the weights 01234567, and this version has those with 57934424"):
        extract_job(replace(OPTIONS, encoder=str(path)))
    path.write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"m\.safetensors"):
        extract_job(replace(OPTIONS, encoder=str(path)))
    with pytest.raises(UsageError, match="there is no such encoder"):
        ExtractOptions(encoder="resnet")


def test_files_say_of_each_stream_how_it_was_made() -> None:
    frames, motion = extract_job(replace(OPTIONS, streams=BOTH, lag=0.2)).settings.streams
    assert frames == published_stream(short_side=64)
    assert motion == published_stream("motion", lag_s=0.2, short_side=64)


def test_a_tuned_encoder_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = {"head.bias": np.zeros(5, np.float32)}
    published = FeatureConfig().network.sha256
    tuned = FinetunedWeights(blocks=1, published_sha256=published, sha256="5" * 64, tensors=tensors)
    monkeypatch.setattr(extract, "with_encoder", lambda config, *_: replace(config, tuned=tuned))
    encoder = EncoderInfo(name="efficientnet-lite0-tuned", sha256="5" * 64)
    found = extract_job(replace(OPTIONS, streams=BOTH)).settings.streams
    assert [stream.encoder for stream in found] == [encoder, encoder]


@pytest.mark.parametrize(
    "change",
    [
        lambda job, video: extract_job(replace(job.options, view="whole")),
        lambda job, video: extract_job(replace(job.options, streams=BOTH)),
        lambda job, video: extract_job(replace(job.options, audio_stream=1)),
        lambda job, video: replace(job, runtime="openvino"),
        lambda job, video: write_video(video, Recipe(frames=9)) and job,
    ],
    ids=["view", "streams", "audio stream", "runtime", "video"],
)
def test_the_fingerprint_tells_what_the_features_depend_on(
    tmp_path: Path, clip: Path, change: Callable[[ExtractJob, Path], ExtractJob]
) -> None:
    job = extract_job(OPTIONS)
    moved = Path(shutil.copy2(clip, tmp_path / "moved.mp4"))
    known = job.fingerprint(str(clip))
    assert job.fingerprint(str(moved)) == known
    assert extract_job(replace(OPTIONS, device="auto", lag=0.3)).fingerprint(str(moved)) == known
    assert change(job, moved).fingerprint(str(moved)) != known


def test_a_video_without_the_sound_that_is_asked_for_fails_alone(tmp_path: Path, clip: Path) -> None:
    heard = write_clip(tmp_path / "heard.mp4", Clip(video_lasts=0.4, sound_lasts=0.4))
    job = extract_job(replace(OPTIONS, streams=("audio",)))
    options = WorkOptions(tmp_path, job)
    with job.open(PythonListener(), OFF, 1) as do:
        silent, found = (run_one(options, Task(str(path), tmp_path / f"{path.name}.npz"), do) for path in (clip, heard))
    assert (silent.status, found.status) == ("failed", "done")
    assert "a.mp4: has no sound, which the stream audio is made of" in silent.reason
    assert read_feature_file(tmp_path / "heard.mp4.npz").values.shape == (2, 1024)


def test_a_video_is_one_unit_of_work(tmp_path: Path, clip: Path) -> None:
    job = extract_job(replace(OPTIONS, streams=BOTH))
    options, task = WorkOptions(tmp_path, job), Task(str(clip), tmp_path / "a.mp4.npz")
    with job.open(PythonListener(), OFF, 1) as do:
        assert run_one(options, task, do).status == "done"
    found = read_feature_file(task.output)
    config = FeatureConfig(rate=5.0, short_side=64, runtime="torch")
    expected = FeatureExtractor(config, feature_blocks(BOTH), device="cpu", threads=1).features(clip)
    assert found.times.tolist() == [0.0, 0.2]
    assert found.values.tolist() == expected.joined(feature_blocks(BOTH)).tolist()
    shutil.rmtree(tmp_path / ".vidlabel")
    assert plan_task(options, task).action == "skip"  # the file itself says how it was made
    other = replace(options, job=extract_job(replace(job.options, view="whole")))
    assert plan_task(other, task).why.endswith("replace it with --overwrite")
