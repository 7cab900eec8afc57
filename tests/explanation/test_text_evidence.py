"""The word that makes the score is named; by the encoder that needs no weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from corpus import Recipe, write_video
from explanation.linear_score import LinearScore
from vidlabel.explanation.sample_reading import SampleReader
from vidlabel.explanation.text_evidence import TextEvidence, find_text_evidence
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.ngrams import NgramEmbedder
from vidlabel.video.isolation.pool import DecodePool

CONFIG = FeatureConfig(rate=2, text_encoder="ngrams")
TIMES = np.array([0.0, 0.52, 1.0, 1.52])


def subtitled(folder: Path, text: str) -> Path:
    """Two seconds of which the second has a line."""
    video = write_video(folder / "clip.mp4", Recipe(frames=50))
    (folder / "clip.srt").write_text(f"1\n00:00:00,900 --> 00:00:02,000\n{text}\n", encoding="utf-8")
    return video


def look(video: Path, pool: DecodePool, steps: list[int], word: str = "fire") -> list[TextEvidence]:
    """By a score that looks for one word."""
    score = LinearScore("text", NgramEmbedder().embed(word), TIMES, step=steps[0], config=CONFIG)
    found = find_text_evidence(score, "text", steps, SampleReader(video, CONFIG, pool, print), video.parent)
    assert all(one.file is None and one.kind == "text" for one in found)
    return [one.details for one in found if isinstance(one.details, TextEvidence)]


def test_the_word_that_counts_and_the_others(decode_pool: DecodePool, tmp_path: Path) -> None:
    (found,) = look(subtitled(tmp_path, "There is a fire\nhere & a <i>dog</i>"), decode_pool, [2])
    assert [word.word for word in found.words] == ["There", "is", "a", "fire", "here", "&", "a", "dog"]
    weights = {word.word: word.log_odds for word in found.words}
    assert weights["fire"] > 0.25
    assert all(weight < 0.05 for word, weight in weights.items() if word != "fire")
    assert found.log_odds == pytest.approx(weights["fire"], abs=0.2)
    assert " ".join(found.text.split()) == "There is a fire here & a dog"


def test_a_line_is_looked_at_once_and_none_where_nothing_is_shown(decode_pool: DecodePool, tmp_path: Path) -> None:
    video = subtitled(tmp_path, "fire")
    assert [[word.log_odds for word in found.words] for found in look(video, decode_pool, [3, 2, 0])] == [[1.0]]
    assert look(video, decode_pool, [0]) == []


def test_a_line_without_end_is_cut_as_it_is_for_labels(decode_pool: DecodePool, tmp_path: Path) -> None:
    (found,) = look(subtitled(tmp_path, " ".join(["fire"] * 2 + ["dog"] * 5000)), decode_pool, [2])
    assert len(found.text) <= 1000
    assert found.words[0].log_odds > found.words[2].log_odds


def test_a_subtitle_file_that_is_gone_is_no_evidence(decode_pool: DecodePool, tmp_path: Path) -> None:
    video = subtitled(tmp_path, "fire")
    (tmp_path / "clip.srt").unlink()
    assert look(video, decode_pool, [2]) == []
