"""The tokens of BERT models in lower case: words and punctuation, cut into the pieces of a vocabulary."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

_LONGEST_WORD = 100
"""Characters; longer words are unknown."""
_CJK = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
"""Blocks of ideographs, each of which is a word."""


class WordPieces:
    """Cuts text into tokens.

    Args:
        vocabulary: pieces by their numbers; those within a word begin with `##`.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._first, self._last, self._unknown = (vocabulary[name] for name in ("[CLS]", "[SEP]", "[UNK]"))

    def tokens(self, text: str, most: int) -> list[int]:
        """Numbers of the tokens of a text, with those that begin and end it.

        Args:
            text: any.
            most: how many tokens there may be; the rest of the text is left out.
        """
        found = [self._first]
        for word in _words(text):
            if len(found) >= most:
                break
            found += self._pieces(word)
        return [*found[: most - 1], self._last]

    def _pieces(self, word: str) -> list[int]:
        """The longest piece of the vocabulary that begins the word, and so on with the rest."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        found: list[int] = []
        begin = 0
        while begin < len(word):
            prefix = "##" if begin else ""
            pieces = ((end, self._vocabulary.get(prefix + word[begin:end])) for end in range(len(word), begin, -1))
            end, number = next(((end, number) for end, number in pieces if number is not None), (0, None))
            if number is None:
                return [self._unknown]
            found.append(number)
            begin = end
        return found


def _words(text: str) -> Iterator[str]:
    """Words and punctuation marks, in lower case and without accents."""
    spaced = "".join(_spaced(text))
    for word in spaced.split():
        plain = unicodedata.normalize("NFD", word.lower())
        yield from "".join(_parted(c for c in plain if unicodedata.category(c) != "Mn")).split()


def _spaced(text: str) -> Iterator[str]:
    """Without control characters; blanks around ideographs."""
    for character in text:
        code = ord(character)
        if character in "\t\n\r" or unicodedata.category(character) == "Zs":
            yield " "
        elif code in (0, 0xFFFD) or unicodedata.category(character) in ("Cc", "Cf", "Co"):
            continue
        elif any(low <= code <= high for low, high in _CJK):
            yield f" {character} "
        else:
            yield character


def _parted(characters: Iterator[str]) -> Iterator[str]:
    """Blanks around punctuation marks, which are words."""
    for character in characters:
        yield f" {character} " if _is_punctuation(character) else character


def _is_punctuation(character: str) -> bool:
    # All of ASCII that is neither letter, digit nor blank counts, such as $ and ~.
    ascii_sign = character.isascii() and not character.isalnum() and not character.isspace()
    return ascii_sign or unicodedata.category(character).startswith("P")
