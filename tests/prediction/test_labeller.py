"""From Python: one video in, its labels out."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidlabel
from corpus import Recipe, write_video
from heads.example_specs import PUBLISHED_ENCODER, save_example, stream, video_spec
from sounds import Clip, write_clip
from vidlabel.errors import InputError, ModelFileError, UsageError, VideoError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.encoders.hardware import is_openvino_installed
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.features.streams.pictures import view_picture
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.prediction import labeller as labelling
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.prediction.reading_passes import PassPlan, PassPlanner, ReadingPass
from vidlabel.stream_spec import EncoderInfo
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import ReadReport, SampleRequest
from vidlabel.video.samples import IsolatedSamples

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")

EXAMPLE = Path(__file__).parents[2] / "examples" / "bottle-detection.mp4"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=50))


def test_the_scores_are_those_of_the_published_classifier_on_averaged_features(clip: Path) -> None:
    from vidlabel.features.encoders.frame_encoder import load_classifier, load_encoder

    result = vidlabel.predict(clip, "objects", rate=4.0, scores=True)
    encoder, classifier = load_encoder(), load_classifier()
    expected, average = [], None
    for sample in vidlabel.samples(clip, rate=4.0):
        feature = encoder.encode(sample.rgb[None])[0].astype(float)
        average = feature if average is None else 0.3 * feature + 0.7 * average
        weights = np.exp((classifier.weight @ average + classifier.bias) / 0.65)
        expected.append(weights / weights.sum())
    assert result.scores[0].times.tolist() == [0.0, 0.28, 0.52, 0.76, 1.0, 1.28, 1.52, 1.76]
    np.testing.assert_allclose(result.scores[0].values, expected, atol=2e-3)


def test_a_model_of_sound_labels_videos_that_have_any(clip: Path, tmp_path: Path) -> None:
    audio = describe_streams(FeatureConfig(), ("audio",), "centre")
    model = save_example(video_spec(*audio), tmp_path / "sound.safetensors").path
    heard = write_clip(tmp_path / "heard.mp4", Clip(video_lasts=2.0, sound_lasts=2.0, bursts=((1.0, 2.0),)))
    result = vidlabel.predict(heard, model=model, scores=True)
    assert result.scores[0].values.shape == (8, 3)
    with pytest.raises(VideoError, match=r"heard\.mp4: has no audio stream 1, which the stream audio is made of"):
        vidlabel.predict(heard, model=model, audio_stream=1)
    with pytest.raises(VideoError, match=r"clip\.mp4: has no sound, which the stream audio is made of"):
        vidlabel.predict(clip, model=model)


def test_a_video_without_sound_is_labelled_by_what_it_has(clip: Path, tmp_path: Path) -> None:
    streams = describe_streams(FeatureConfig(short_side=48), ("frames", "audio"), "centre")
    seeing, hearing = (
        MemberSpec(
            head=HeadConfig(kind="gru", input_size=stream.size, hidden_size=2, outputs=3), streams=(stream.name,)
        )
        for stream in streams
    )
    both = replace(video_spec(*streams), members=(replace(seeing, weight=0.25), replace(hearing, weight=0.75)))
    model = save_example(both, tmp_path / "both.safetensors").path
    alone = save_example(replace(both, streams=streams[:1], members=(seeing,)), tmp_path / "alone.safetensors").path
    (found,), (expected,) = (vidlabel.predict(clip, model=path, scores=True).scores for path in (model, alone))
    np.testing.assert_allclose(found.values, expected.values, atol=1e-6)


def test_models_that_a_video_is_too_little_for_are_left_out(clip: Path) -> None:
    with pytest.warns(
        UserWarning, match=r"clip\.mp4: has no audio, without which sounds cannot score it; it is left out"
    ):
        found = vidlabel.predict(clip, model=("sounds", "objects"), scores=True)
    alone = vidlabel.predict(clip, model="objects", scores=True)
    assert (found.models, found.segments, found.run.rate) == (alone.models, alone.segments, 2.0)
    assert [scores.model for scores in found.scores] == ["objects"]
    np.testing.assert_array_equal(found.scores[0].values, alone.scores[0].values)


def test_without_a_model_the_shipped_ones_label_what_has_their_streams(clip: Path, tmp_path: Path) -> None:
    """Silently: warnings are errors in tests."""
    heard = write_clip(tmp_path / "heard.mp4", Clip(video_lasts=2.0, sound_lasts=2.0))
    seen = vidlabel.predict(clip, scores=True)
    assert [model.name for model in vidlabel.predict(heard).models] == ["objects-coarse", "people", "sounds"]
    assert [model.name for model in seen.models] == ["objects-coarse", "people"]
    for scores in seen.scores:
        (alone,) = vidlabel.predict(clip, scores.model, scores=True).scores
        np.testing.assert_array_equal(scores.values, alone.values)


def test_without_a_model_files_of_features_are_labelled_by_those_that_take_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "frames.npz", features=np.ones((8, 1280), np.float32), times=np.arange(8) / 2)
    assert [model.name for model in vidlabel.predict(tmp_path / "frames.npz").models] == ["objects-coarse"]
    with pytest.raises(InputError, match="1280 numbers a sample, and sounds takes 1024"):
        vidlabel.predict(tmp_path / "frames.npz", ("objects", "sounds"))
    np.savez(tmp_path / "few.npz", features=np.ones((8, 3), np.float32), times=np.arange(8) / 2)
    with pytest.raises(InputError, match="3 numbers a sample, and objects-coarse takes 1280"):
        vidlabel.predict(tmp_path / "few.npz")


def test_a_video_that_is_too_little_for_all_models_is_an_error(clip: Path, tmp_path: Path) -> None:
    other = save_example(
        replace(video_spec(*describe_streams(FeatureConfig(), ("audio",), "centre")), name="noise"),
        tmp_path / "noise.safetensors",
    )
    with pytest.raises(VideoError, match=r"clip\.mp4: has no sound, which the stream audio is made of"):
        vidlabel.predict(clip, model=("sounds", other.path))


def test_segments_follow_from_the_scores(clip: Path) -> None:
    result = vidlabel.predict(clip, "objects", rate=4.0, scores=True, threshold=0.0, min_duration=0.0)
    best = [result.models[0].labels[index] for index in result.scores[0].values.argmax(axis=1)]
    times = [*result.scores[0].times.tolist(), result.video.duration]
    for time, end, label in zip(times, times[1:], best, strict=False):
        holding = [s.label for s in result.segments if s.start <= time and end <= s.end]
        assert holding == [label]


def test_a_window_gives_what_the_whole_gives_there(clip: Path) -> None:
    whole = [sample.time_s for sample in vidlabel.samples(clip, rate=5.0)]
    result = vidlabel.predict(
        clip, "objects", rate=5.0, start=0.5, end=1.5, scores=True, threshold=0.0, min_duration=0.0
    )
    assert result.scores[0].times.tolist() == [time for time in whole if 0.5 <= time < 1.5]
    assert result.segments[-1].end == 1.5


def test_both_decoders_give_the_same_segments() -> None:
    first, second = (vidlabel.predict(EXAMPLE, "objects", decoder=decoder, end=4.0) for decoder in ("decord", "pyav"))
    assert first.segments == second.segments
    assert [result.run.decoder.split(":")[0] for result in (first, second)] == ["decord", "pyav"]


def test_a_result_says_what_made_it(clip: Path) -> None:
    result = vidlabel.predict(str(clip), "objects-coarse")
    assert (result.status, result.run.samples, result.run.device) == ("ok", 4, "cpu")
    assert result.run.runtime == ("openvino" if is_openvino_installed() else "torch")
    assert vidlabel.predict(str(clip), "objects-coarse", runtime="torch").run.runtime == "torch"
    (model,) = result.models
    assert (model.name, model.streams, model.encoders) == ("objects-coarse", ("frames",), ("efficientnet-lite0",))
    assert (result.video.path, result.video.duration, result.video.fps) == (str(clip), 2.0, 25.0)
    assert math.isclose(result.run.rate, 2.0)


def test_only_the_labels_that_hold_most_are_kept(clip: Path) -> None:
    every = vidlabel.predict(clip, "objects", rate=8.0, threshold=0.0, min_duration=0.0, scores=True)
    top = vidlabel.predict(clip, "objects", rate=8.0, threshold=0.0, min_duration=0.0, scores=True, top=1)
    held = {label: sum(s.end - s.start for s in every.segments if s.label == label) for label in every.models[0].labels}
    assert {segment.label for segment in top.segments} == {max(held, key=lambda label: held[label])}
    assert top.scores[0].values.shape == (16, 1)


def test_what_cannot_be_done_is_said(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"lasts 2\.000 s, and labelling is to begin at 5 s"):
        vidlabel.predict(clip, start=5.0)
    with pytest.raises(VideoError, match="no such file"):
        vidlabel.predict(tmp_path / "gone.mp4")
    with pytest.raises(ModelFileError, match="no such file"):
        vidlabel.predict(clip, tmp_path / "gone.safetensors")
    with pytest.raises(UsageError, match="did you mean objects"):
        vidlabel.predict(clip, "object")


def video_model(path: Path, encoder: EncoderInfo = PUBLISHED_ENCODER, **pictures: object) -> Path:
    """A model of videos with random numbers."""
    frames = stream("frames", 1280, encoder, **{"short_side": 48, "resize_filter": "bicubic", **pictures})
    return save_example(video_spec(frames), path).path


def test_pictures_are_prepared_as_the_model_says(clip: Path, tmp_path: Path) -> None:
    model = load_model(video_model(tmp_path / "m.safetensors", mean=0.0, scale=255.0))
    result = vidlabel.predict(clip, model.path, scores=True, runtime="torch")
    encoder = load_encoder(runtime="torch", scaling=PixelScaling(0.0, 255.0))
    pictures = [sample.rgb for sample in vidlabel.samples(clip, rate=4.0, short_side=48)]
    features = np.concatenate([encoder.encode(view_picture(picture, "centre")[None]) for picture in pictures])
    scorer = make_scorer(model)
    expected = np.concatenate([scorer.push(features), scorer.finish()])
    np.testing.assert_allclose(result.scores[0].values, expected, atol=1e-5)
    usual = vidlabel.predict(clip, video_model(tmp_path / "u.safetensors"), scores=True, runtime="torch")
    assert np.abs(usual.scores[0].values - expected).max() > 1e-3


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"encoder": replace(PUBLISHED_ENCODER, sha256="ab" * 32)}, "with the weights abababab, and this version has"),
        ({"encoder": replace(PUBLISHED_ENCODER, name="other")}, "features of other, an encoder that this version does"),
        ({"resize_filter": "lanczos"}, "scaled by the filter lanczos, and this version has bicubic"),
    ],
)
def test_what_a_model_needs_and_is_not_there_is_refused(
    clip: Path, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    model = video_model(tmp_path / "m.safetensors", **changes)
    with pytest.raises(UsageError, match=rf"--model: steps takes .*{problem}.*; train the model again"):
        vidlabel.predict(clip, model)
    table = tmp_path / "labels.csv"
    table.write_text(f"video,start,end,label\n{clip},0,1,walk\n")
    with pytest.raises(UsageError, match=rf"--model: steps takes .*{problem}"):
        vidlabel.evaluate(table, model=model, cache_dir=tmp_path / "cache")


def test_oddities_are_python_warnings(clip: Path) -> None:
    with pytest.warns(UserWarning, match="decoding on the CPU"):
        vidlabel.predict(clip, decode_device="gpu")


def on_gpu_if(is_there: Callable[[Path], bool]) -> Callable[..., IsolatedSamples]:
    """Opens videos as where a GPU decodes some of them; the report of these says so."""

    class OnGpu(IsolatedSamples):
        @property
        def report(self) -> ReadReport:
            return replace(super().report, decoder=f"pyav {labelling.ON_GPU}")

    def open_samples(
        path: Path, request: SampleRequest, timeout_s: float, pool: DecodePool, on_progress: Callable[[], None]
    ) -> IsolatedSamples:
        assert request.decode_device == "gpu"
        opened = OnGpu if is_there(path) else IsolatedSamples
        return opened(pool, path, request, timeout_s, on_progress)

    return open_samples


@pytest.mark.filterwarnings("ignore:.*decoding on the CPU")
def test_a_video_that_no_gpu_decodes_fails_by_itself(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.mp4"
    shutil.copy(clip, other)
    monkeypatch.setattr(labelling, "open_isolated_samples", on_gpu_if(lambda path: path == clip))
    with DecodePool() as pool:
        labeller = labelling.Labeller(PredictOptions(require_gpu_decode=True, device="cpu"), pool)
        with pytest.raises(VideoError, match=r"other\.mp4: no GPU decodes this video here; leave --require-gpu-decode"):
            labeller.label(str(other), PythonListener())
        assert labeller.label(str(clip), PythonListener()).run.decoder == "pyav on GPU"


def test_the_first_video_is_read_while_encoders_are_loaded(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, other = vidlabel.predict(clip, "objects"), tmp_path / "other.mp4"
    shutil.copy(clip, other)
    loads = PassPlanner.load

    with DecodePool() as pool:

        def load(planner: PassPlanner, plan: PassPlan) -> ReadingPass:
            assert len(pool._busy) == 1  # It reads the video by now.
            return loads(planner, plan)

        monkeypatch.setattr(PassPlanner, "load", load)
        for first in (clip, other):
            labeller = labelling.Labeller(PredictOptions(models=("objects",)), pool, first=str(first))
            found = labeller.label(str(clip), PythonListener())
            assert (found.segments, found.run.samples) == (alone.segments, alone.run.samples)


def test_warnings_are_those_of_python_and_nothing_else_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    listener: Listener = PythonListener()
    listener.progress(1.0, 2.0)
    listener.alive()
    with pytest.warns(UserWarning, match="^the video is odd$"):
        listener.warn("the video is odd")
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
