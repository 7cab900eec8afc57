"""Finding texts that may be two spellings of one: slips of the keyboard, and characters that look alike."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping

SIMILARITY = 0.85
"""Least similarity (difflib) of two spellings of one text: one letter wrong in six or more."""

RARITY = 5
"""The right spelling stands at least this many times as often as a slip of the keyboard."""

_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u0261\u03bf\u03b1\u03bd\u03c1\u03b9\u03ba\u0131",
    "aeopcyxijsdqgoavpikI".lower(),
)
"""Small letters of the Cyrillic, Greek and other scripts that look like Latin ones (from Unicode's confusables)."""
_MOST_COMPARED = 500
_CODE = re.compile(r"\d+|\b[^\W\d]{1,3}\b")


def similar_spellings(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Pairs of labels that may mean the same.

    Either they differ only in case, white space, hyphens, underscores and letters that look alike, or one is like the
    other and much rarer.
    Labels that differ in digits or very short words (`step 1`, `step 2`; `falling (FW)`, `falling (BW)`) are meant to.

    Args:
        counts: how often each label stands in a table.

    Returns:
        (rarer, commoner), in the order of the names.
    """
    by_key: dict[str, list[str]] = {}
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        by_key.setdefault(_key(label), []).append(label)
    pairs = [(label, spellings[0]) for spellings in by_key.values() for label in spellings[1:]]
    return tuple(sorted(pairs + _slips({spellings[0]: counts[spellings[0]] for spellings in by_key.values()})))


def distinguishable(first: str, second: str) -> tuple[str, str]:
    """Two texts in quotes, for a message: with escapes for what is not ASCII if people could not tell them apart."""
    small = first.lower(), second.lower()
    alike = small[0] != small[1] and _appearance(small[0]) == _appearance(small[1])
    quoted = ascii if alike else repr
    return quoted(first), quoted(second)


def _key(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", _appearance(label.casefold())).strip()


def _appearance(text: str) -> str:
    """A text in small letters without what cannot be seen, look-alikes and compatible forms made one."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return re.sub(r"\s+", " ", seen).translate(_LOOK_ALIKES)


def _slips(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Rare labels that are spelt nearly like a common one."""
    if len(counts) > _MOST_COMPARED:
        return []  # every pair is compared: beyond this it takes seconds
    codes = {label: _CODE.findall(label) for label in counts}
    pairs = []
    for rare, count in counts.items():
        common = [label for label in counts if counts[label] >= RARITY * count and codes[label] == codes[rare]]
        near = difflib.get_close_matches(rare, common, n=1, cutoff=SIMILARITY)
        pairs += [(rare, label) for label in near]
    return pairs
