"""The stream of subtitles: what it needs, what it depends on, and what its features are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from vidlabel.errors import SubtitleError, UsageError, VideoError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.config import FeatureConfig, feature_blocks
from vidlabel.features.encoders.ngrams import NgramEmbedder
from vidlabel.features.encoders.text_encoders import MINILM, NGRAMS
from vidlabel.features.streams.registry import find_stream, reading_request
from vidlabel.features.video_features import FeatureExtractor, VideoFeatures
from vidlabel.stream_spec import VIEWS, EncoderInfo, StreamSpec
from vidlabel.video.request import Sample

CONFIG = FeatureConfig(rate=5.0, short_side=32, text_encoder="ngrams")
SRT = "1\n00:00:00,400 --> 00:00:01,000\nSomebody falls\n"
BLANK = np.zeros((2, 2, 3), np.uint8)
TEXT = find_stream("text")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = write_video(tmp_path / "clip.mp4", Recipe(frames=40, width=64, height=48))
    path.with_suffix(".srt").write_text(SRT, encoding="utf-8")
    return path


def features(path: Path, config: FeatureConfig = CONFIG, cache: Path | None = None) -> VideoFeatures:
    kept = None if cache is None else FeatureCache(cache)
    return FeatureExtractor(config, feature_blocks(("text",), ("centre", "left-flipped")), kept, "cpu", 1).features(
        path
    )


def shown(found: VideoFeatures) -> list[bool]:
    return [bool(vector.any()) for vector in found.values[0]]


def test_the_reading_pass_gives_text_only_where_it_is_needed() -> None:
    config = replace(CONFIG, subtitles="named.srt")
    assert [reading_request(config, names).text for names in (("frames", "text"), ("frames", "motion"))] == [
        True,
        False,
    ]
    assert reading_request(config, ("text",)).subtitles == "named.srt"
    assert reading_request(config, ("text",)).lag_s is None


def test_a_feature_is_the_vector_of_the_line_and_zeros_between_lines(clip: Path) -> None:
    found = features(clip)
    assert found.times.tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4])
    assert shown(found) == [False, False, True, True, True, False, False, False]
    assert np.array_equal(found.values[0][3], NgramEmbedder().embed("Somebody falls"))
    assert np.array_equal(found.values[0], found.values[1])  # no view sees another text


def test_every_view_is_the_same_text() -> None:
    samples = [Sample(0.0, BLANK, text="hi"), Sample(0.5, BLANK, text=""), Sample(1.0, BLANK)]
    assert [inputs.tolist() for inputs in TEXT.prepare(samples, VIEWS)] == [["hi", "", ""]] * len(VIEWS)


def test_features_in_the_cache_belong_to_the_text_that_they_were_made_of(clip: Path, tmp_path: Path) -> None:
    cache, beside = tmp_path / "cache", clip.with_suffix(".srt")
    first = features(clip, cache=cache)
    beside.write_text(SRT.replace("00:00:00,400", "00:00:00,800"), encoding="utf-8")
    changed = features(clip, cache=cache)
    assert shown(changed) == [False, False, False, False, True, False, False, False]
    named = replace(CONFIG, subtitles=str(beside.rename(tmp_path / "elsewhere.srt")))
    assert shown(features(clip, named, cache)) == shown(changed)
    beside.write_text(SRT, encoding="utf-8")
    assert np.allclose(features(clip, cache=cache).values, first.values, atol=1e-3)  # kept with 16 bits


def test_a_video_without_subtitles_is_one_line(clip: Path) -> None:
    clip.with_suffix(".srt").unlink()
    with pytest.raises(
        VideoError, match=r"clip\.mp4: has no subtitles, which the stream text is made of; leave it out"
    ):
        features(clip)


def test_a_named_file_that_is_missing_is_one_line(clip: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, subtitles=str(tmp_path / "none.srt"))
    with pytest.raises(SubtitleError, match=r"none\.srt: cannot be read"):
        features(clip, config)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (StreamSpec(name="text", size=256, encoder=EncoderInfo(name="ngrams", sha256=NGRAMS.sha256)), None),
        (StreamSpec(name="text", size=384, encoder=EncoderInfo(name="minilm", sha256=MINILM.sha256)), None),
        (StreamSpec(name="text", size=256, encoder=None), "text features of unknown origin"),
        (
            StreamSpec(name="text", size=256, encoder=EncoderInfo(name="bert", sha256=NGRAMS.sha256)),
            "text features of bert, which this version does not have",
        ),
        (
            StreamSpec(name="text", size=384, encoder=EncoderInfo(name="minilm", sha256="ab" * 32)),
            "text features of minilm with the weights abababab, and this version has those with 8199be6f",
        ),
        (
            StreamSpec(name="text", size=384, encoder=EncoderInfo(name="ngrams", sha256=NGRAMS.sha256)),
            "384 numbers of ngrams, which gives 256",
        ),
    ],
)
def test_other_encoders_are_refused(spec: StreamSpec, problem: str | None) -> None:
    found = TEXT.problem(spec)
    assert found == problem or (found is not None and problem is not None and found.startswith(problem))


def test_the_encoder_is_named_and_part_of_the_key() -> None:
    minilm = replace(CONFIG, text_encoder="minilm")
    specs = [TEXT.describe(config, "centre") for config in (CONFIG, minilm)]
    assert [(spec.size, spec.encoder and spec.encoder.name) for spec in specs] == [(256, "ngrams"), (384, "minilm")]
    keys = {TEXT.cache_key(config, "centre") for config in (CONFIG, minilm, replace(CONFIG, rate=6.0))}
    assert len(keys) == 3
    assert TEXT.cache_key(CONFIG, "centre") == TEXT.cache_key(replace(CONFIG, short_side=96), "whole")
    with pytest.raises(UsageError, match="text encoder bert"):
        replace(CONFIG, text_encoder="bert")  # type: ignore[arg-type]
