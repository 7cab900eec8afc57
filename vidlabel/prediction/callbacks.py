"""Who is told how the labelling of a video goes."""

from __future__ import annotations

import warnings
from typing import Protocol


class Listener(Protocol):
    """Told while a video is labelled."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """So many of the video's seconds are labelled."""

    def alive(self) -> None:
        """The video is being read, and there is nothing new to tell: probing a day of video takes minutes."""

    def warn(self, text: str) -> None:
        """Something is odd about the video or this machine, and the work goes on; one line."""


class PythonListener:
    """For callers of the library: no progress, and warnings as Python has them."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """Tell nobody."""

    def alive(self) -> None:
        """Tell nobody."""

    def warn(self, text: str) -> None:
        """Issue a `UserWarning`."""
        warnings.warn(text, UserWarning, stacklevel=4)
