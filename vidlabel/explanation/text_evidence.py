"""Which line of text, and which of its words, the evidence of the stream `text` lies in.

Each word is left out in turn: what the score loses is the word's. J. Li, W. Monroe and D. Jurafsky, "Understanding
Neural Networks through Representation Erasure", 2016 (arXiv 1612.08220).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidlabel.explanation.explanation import Evidence
from vidlabel.explanation.label_score import LabelScore
from vidlabel.explanation.sample_reading import SAME_TIME_S, SampleReader
from vidlabel.features.encoders.sentences import load_text_encoder

_DECIMALS = 6
_MOST_SHOWN = 3
"""Words in a summary."""


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """A word of a line."""

    word: str
    log_odds: float
    """Lost without the word."""


@dataclass(frozen=True, slots=True)
class TextEvidence:
    """A line of text as it is shown, several lines as one."""

    text: str
    log_odds: float
    """Lost without any text."""
    words: tuple[WordEvidence, ...]
    """In their order."""


def find_text_evidence(
    score: LabelScore,
    stream: str,
    steps: list[int],
    reader: SampleReader,
    folder: Path,  # noqa: ARG001 - no pictures
) -> list[Evidence]:
    """Measure which words add to the score at some samples; each line once.

    Args:
        score: of the label.
        stream: `text`.
        steps: numbers of samples.
        reader: of the video.
        folder: not used.
    """
    encoder, found = load_text_encoder(reader.config.text_encoder), dict[str, Evidence]()
    for sample in reader.at(stream, [float(score.times[step]) for step in steps]):
        text = sample.text
        if not text or text in found:
            continue
        step = next(own for own in steps if abs(float(score.times[own]) - sample.time_s) < SAME_TIME_S)
        words = text.split()
        variants = [text, "", *(" ".join(words[:place] + words[place + 1 :]) for place in range(len(words)))]
        log_odds = score.replaced(stream, step, encoder.encode(np.array(variants, object)))
        lost = [round(value, _DECIMALS) + 0.0 for value in (log_odds[0] - log_odds[1:]).tolist()]
        own_words = tuple(WordEvidence(word, value) for word, value in zip(words, lost[1:], strict=True))
        summary = f"{stream} at {sample.time_s:.2f} s: {_in_words(own_words)}"
        found[text] = Evidence(stream, sample.time_s, "text", None, summary, TextEvidence(text, lost[0], own_words))
    return list(found.values())


def _in_words(words: tuple[WordEvidence, ...]) -> str:
    """`most by "help", "fire"`."""
    most = [word for word in sorted(words, key=lambda own: -own.log_odds)[:_MOST_SHOWN] if word.log_odds > 0]
    shown = ", ".join(f'"{word.word[:40]}"' for word in most)
    return f"most by {shown}" if most else "no word by itself"
