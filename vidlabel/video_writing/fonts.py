"""Fonts for labels in any script: Pillow's own, else one of the system that has the letters."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from PIL import ImageFont, features

from vidlabel.errors import printable

Font = ImageFont.FreeTypeFont

_FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
}
_SUFFIXES = (".ttf", ".otf", ".ttc")
_UNLIKELY = ("bold", "italic", "oblique", "mono", "serif", "narrow", "condensed", "light", "black")
_MOST_FONTS = 500
"""Opening one takes a millisecond."""
_IN_NO_FONT = "\U0010fffe"
_RIGHT_TO_LEFT = ("R", "AL")


class FontBook:
    """Gives each text a font that has all of its letters.

    Args:
        size: of letters, pixels.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: dict[str, tuple[Font, str]] = {}
        self._opened: dict[Path, Font | None] = {}
        default = ImageFont.load_default(size)
        if not isinstance(default, ImageFont.FreeTypeFont):
            raise TypeError("Pillow was built without FreeType")
        self._default = default

    def fit(self, text: str) -> tuple[Font, str]:
        """A font, and the text as it is drawn with it: itself, or ASCII with escapes where no font has its letters."""
        if text not in self._known:
            self._known[text] = self._find(printable(text))
        return self._known[text]

    def _find(self, text: str) -> tuple[Font, str]:
        if not _needs_layout(text) or features.check("raqm"):
            for font in self._fonts():
                if all(_has(font, letter) for letter in sorted(set(text)) if not letter.isspace()):
                    return font, text
        return self._default, text.encode("ascii", "backslashreplace").decode("ascii")

    def _fonts(self) -> Iterator[Font]:
        yield self._default
        for path in self._paths:
            if path not in self._opened:
                self._opened[path] = _open(path, self._size)
            font = self._opened[path]
            if font is not None:
                yield font

    @cached_property
    def _paths(self) -> list[Path]:
        """Fonts of the system, plain ones first."""
        found: list[Path] = []
        for folder in _FOLDERS.get(sys.platform, ()):
            for parent, _, names in os.walk(os.path.expanduser(folder)):  # noqa: PTH111 - raises where there is no home
                found += [Path(parent, name) for name in names if name.lower().endswith(_SUFFIXES)]
        return sorted(found, key=_likelihood)[:_MOST_FONTS]


def _likelihood(path: Path) -> tuple[int, str]:
    name = path.name.lower()
    return sum(word in name for word in _UNLIKELY) + ("sans" not in name), os.fspath(path)


def _needs_layout(text: str) -> bool:
    """Whether letters are written from the right to the left, and joined."""
    return any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)


def _has(font: Font, letter: str) -> bool:
    mask, missing = font.getmask(letter), font.getmask(_IN_NO_FONT)
    return mask.size != missing.size or bytes(mask) != bytes(missing)


def _open(path: Path, size: int) -> Font | None:
    """The font in a file; None where Pillow cannot draw with it."""
    try:
        font = ImageFont.truetype(path, size)
        font.getmask("a")
    except (OSError, ValueError):
        return None
    return font
