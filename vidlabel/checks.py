"""Checks that descriptions in files make of themselves."""

from __future__ import annotations

MAX_SIZE = 1 << 20
"""Most features, hidden units, outputs or labels; what a file really holds is checked against its size."""
MAX_NAME_LENGTH = 200
RARE = {"rare": True}
"""Metadata of a field that most descriptions do without: it is left out of JSON where it is None."""


def require(holds: bool, otherwise: str) -> None:
    """Raise a ValueError that says `otherwise`, unless something holds."""
    if not holds:
        raise ValueError(otherwise)


def check_name(text: str, what: str) -> None:
    """Names go to terminals, tables and file names: one line of printable text.

    Raises:
        ValueError: it is not.
    """
    fits = 0 < len(text) <= MAX_NAME_LENGTH and text.isprintable() and text == text.strip()
    require(fits, f"{what} must be 1 to {MAX_NAME_LENGTH} printable characters without spaces around them")
