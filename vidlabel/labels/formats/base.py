"""What every result format is: a name, a suffix, the text that a file starts with and the text of one result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO, ClassVar

from vidlabel.labels.result import Result


class Format(ABC):
    """How results are written. Files are UTF-8."""

    name: ClassVar[str]
    """What the user calls it."""
    suffix: ClassVar[str]
    """How its files end, with the dot."""
    holds_many: ClassVar[bool]
    """Whether one file can hold the results of several videos."""

    @abstractmethod
    def header(self) -> str:
        """Give what every file starts with, even one without results."""

    @abstractmethod
    def body(self, result: Result) -> Iterator[str]:
        """Give the text of one result, in pieces."""

    def write(self, result: Result, file: BinaryIO) -> None:
        """Write the whole file of one result.

        Args:
            result: what to write.
            file: open for writing bytes; stays open.
        """
        self.begin(file)
        self.add(result, file)

    def begin(self, file: BinaryIO) -> None:
        """Write the header."""
        file.write(_encoded(self.header()))

    def add(self, result: Result, file: BinaryIO) -> None:
        """Write one result behind the header, or behind another result where the format holds many."""
        for piece in self.body(result):
            file.write(_encoded(piece))


def _encoded(text: str) -> bytes:
    # Paths may hold bytes outside UTF-8; Python has them as lone surrogates, which UTF-8 cannot encode.
    return text.encode("utf-8", errors="backslashreplace")
