"""Speech as the text of videos without subtitles: recognised once, by a fake here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from sounds import Clip, write_clip
from subtitled import Track, add_subtitles
from vidlabel.errors import DecodeError, OutputError, VideoError
from vidlabel.features import config as config_module
from vidlabel.features import speech
from vidlabel.features.cache import FeatureCache
from vidlabel.features.config import FeatureConfig, feature_blocks
from vidlabel.features.encoders.ngrams import NgramEmbedder
from vidlabel.features.encoders.speech_models import SpeechModel
from vidlabel.features.speech import with_speech
from vidlabel.features.streams import text as text_module
from vidlabel.features.streams.registry import beside_video, reading_request
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples
from vidlabel.video.subtitles.transcript import SpokenLine, Transcript

SPOKEN = Transcript((SpokenLine(1000, 2000, "Call for help."),))


@dataclass
class FakeSpeech:
    """What is found in every video; counts how often."""

    spoken: Transcript = SPOKEN
    model: SpeechModel = field(default_factory=lambda: SpeechModel(Path("folder"), "a" * 64))
    runs: int = 0

    def transcribe(self, *_: object) -> Transcript:
        self.runs += 1
        return self.spoken

    def find(self, _name: str) -> SpeechModel:
        return self.model


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSpeech:
    fake = FakeSpeech()
    monkeypatch.setattr(speech, "transcribe", fake.transcribe)
    for module in (speech, config_module, text_module):
        monkeypatch.setattr(module, "find_speech_model", fake.find)
    return fake


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", Clip(video_lasts=3.0, sound_lasts=3.0))


def config() -> FeatureConfig:
    return FeatureConfig(rate=2.0, short_side=32, text_encoder="ngrams", speech="any")


def request(path: Path, used: FeatureConfig | None = None, cache: Path | None = None) -> SampleRequest:
    used = used or config()
    folder = cache or path.parent / "cache"
    return with_speech(path, reading_request(used, ("text",)), used.speech, folder, lambda: None)


def texts(path: Path) -> list[str | None]:
    with open_isolated_samples(path, request(path)) as stream:
        return [sample.text for sample in stream]


def test_words_are_shown_while_they_are_spoken(fake: FakeSpeech, clip: Path) -> None:
    assert texts(clip) == ["", "", "Call for help.", "Call for help.", "", ""]


def test_a_second_run_of_the_same_video_under_any_name_recognises_nothing(
    fake: FakeSpeech, clip: Path, tmp_path: Path
) -> None:
    first = texts(clip)
    assert texts(clip.rename(tmp_path / "renamed.mp4")) == first
    assert fake.runs == 1


def test_another_model_or_audio_stream_or_a_damaged_transcript_is_recognised_anew(fake: FakeSpeech, clip: Path) -> None:
    found = request(clip)
    fake.model = SpeechModel(Path("folder"), "b" * 64)
    request(clip)
    request(clip, replace(config(), audio_stream=0))
    assert fake.runs == 3
    fake.model = SpeechModel(Path("folder"), "a" * 64)
    assert found.transcript is not None
    Path(found.transcript).write_bytes(b"damaged")
    assert request(clip) == found
    assert fake.runs == 4


def test_subtitles_go_before_speech(fake: FakeSpeech, tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.mp4", Recipe(frames=40, width=64, height=48))
    inside = add_subtitles(plain, tmp_path / "inside.mp4", Track("mov_text", ((0.0, 1.0, "inside"),), "eng"))
    beside = write_clip(tmp_path / "beside.mp4")
    beside.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nbeside\n", encoding="utf-8")
    assert texts(inside)[0] == "inside"
    assert texts(beside)[0] == "beside"
    named = replace(config(), subtitles=str(beside.with_suffix(".srt")))
    assert request(beside, named).transcript is None
    assert fake.runs == 0


def test_a_video_without_sound_has_no_lines(fake: FakeSpeech, tmp_path: Path) -> None:
    path = write_video(tmp_path / "silent.mp4", Recipe(frames=40, width=64, height=48))
    assert set(texts(path)) == {""}
    assert fake.runs == 0


def test_an_audio_stream_that_is_not_there_is_an_error(fake: FakeSpeech, clip: Path) -> None:
    with pytest.raises(VideoError, match="has no audio stream 1"):
        request(clip, replace(config(), audio_stream=1))


def test_warnings_about_the_sound_come_with_each_run(fake: FakeSpeech, clip: Path) -> None:
    fake.spoken = replace(SPOKEN, warnings=("the sound is damaged from 1.000 s on",))
    for _ in range(2):
        with open_isolated_samples(clip, request(clip)) as stream:
            list(stream)
            assert stream.report.warnings == fake.spoken.warnings


def test_what_failed_is_not_kept(fake: FakeSpeech, clip: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> Transcript:
        raise DecodeError(clip, "was ended")

    monkeypatch.setattr(speech, "transcribe", fail)
    with pytest.raises(DecodeError):
        request(clip)
    assert not (tmp_path / "cache").exists()


def test_without_a_place_for_transcripts_one_is_to_be_named(fake: FakeSpeech, clip: Path) -> None:
    used = config()
    with pytest.raises(OutputError, match="VIDLABEL_CACHE"):
        with_speech(clip, reading_request(used, ("text",)), used.speech, None, lambda: None)


def test_streams_without_text_and_runs_without_speech_are_left_as_they_are(fake: FakeSpeech, clip: Path) -> None:
    frames = reading_request(config(), ("frames",))
    assert with_speech(clip, frames, "any", clip.parent / "cache", lambda: None) is frames
    assert request(clip, replace(config(), speech=None)).transcript is None


def test_features_are_the_vectors_of_the_words_and_are_kept(fake: FakeSpeech, clip: Path, tmp_path: Path) -> None:
    def features() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        extractor = FeatureExtractor(config(), feature_blocks(("text",)), FeatureCache(tmp_path / "cache"), "cpu", 1)
        return extractor.features(clip).values[0]

    found = features()
    assert [bool(vector.any()) for vector in found] == [False, False, True, True, False, False]
    assert np.allclose(found[2], NgramEmbedder().embed("Call for help."), atol=1e-3)
    assert np.array_equal(features(), found)
    assert fake.runs == 1
    fake.model, fake.spoken = SpeechModel(Path("folder"), "b" * 64), Transcript()
    assert not features().any()


def test_results_and_features_depend_on_the_model_of_speech(fake: FakeSpeech, clip: Path) -> None:
    without = beside_video(clip, replace(config(), speech=None), ("text",))
    digests = {without, beside_video(clip, config(), ("text",))}
    digests.add(beside_video(clip, replace(config(), audio_stream=0), ("text",)))
    options = [PredictOptions(speech=name) for name in (None, "any", "same")]
    prints = {fingerprint(str(clip), ("c" * 64,), given, ("text",)) for given in options}
    fake.model = SpeechModel(Path("folder"), "b" * 64)
    digests.add(beside_video(clip, config(), ("text",)))
    prints.add(fingerprint(str(clip), ("c" * 64,), PredictOptions(speech="any"), ("text",)))
    assert without == ""
    assert len(digests) == 4
    assert len(prints) == 3  # two names of one model give the same
    assert beside_video(clip, config(), ("frames",)) == ""
