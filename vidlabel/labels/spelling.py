"""Finding labels that may be two spellings of one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

SIMILARITY = 0.85
"""Of two spellings (difflib): one letter wrong in six or more."""

RARITY = 5
"""The right spelling stands at least this many times as often as a slip of the keyboard."""

_MOST_COMPARED = 500
_CODE = re.compile(r"\d+|\b[^\W\d]{1,3}\b")


def similar_spellings(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Pairs of labels that may mean the same.

    Either they differ only in case, white space, hyphens and underscores, or one is like the other and much rarer.
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


def _key(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", label).casefold()


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
