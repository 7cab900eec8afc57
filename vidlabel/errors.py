"""The exceptions that vidlabel raises, and the exit statuses of its commands.

    VidlabelError                 everything below; catch this to catch all
    ├── UsageError                invalid options or arguments: exit status 2, nothing was done
    │   └── DeviceError           a device that was asked for is not there
    ├── InputError                a file that cannot be used
    │   ├── VideoError            ... as a video
    │   │   ├── NoVideoStreamError    ... since it holds sound alone
    │   │   └── DecodeError       ... which opened, and broke while it was read
    │   ├── ModelFileError        ... as a model
    │   ├── EncoderFileError      ... as an encoder
    │   ├── AnnotationError       ... as labels
    │   └── SubtitleError         ... as subtitles
    ├── BudgetError               work that does not fit into the time that it was given
    ├── OutputError               a file or folder that cannot be written
    ├── DownloadError             a file that cannot be downloaded
    └── InstallationError         a package that is missing, doubled or damaged

Each one names three things: which file or option, what is wrong, what to do.
"""

from __future__ import annotations

import traceback
from os import PathLike, fspath

DONE = 0
NOTHING_DONE = 1
SOME_FAILED = 3
"""The others are done and written."""
INTERRUPTED = 130
"""What was done is kept."""


class VidlabelError(Exception):
    """An expected failure: one line for the user, never a traceback.

    Args:
        subject: the file or option that it is about.
        problem: what is wrong with it.
        remedy: what the user can do.
    """

    def __init__(self, subject: str | PathLike[str], problem: str, remedy: str = "") -> None:
        self.subject = printable(fspath(subject))
        self.problem = printable(problem)
        self.remedy = printable(remedy)
        super().__init__(self.subject, self.problem, self.remedy)

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}" + (f"; {self.remedy}" if self.remedy else "")

    def __reduce__(self) -> tuple[type[VidlabelError], tuple[str, str, str]]:
        return type(self), (self.subject, self.problem, self.remedy)


class UsageError(VidlabelError):
    """Invalid options or arguments; nothing was done."""


class DeviceError(UsageError):
    """A device that was asked for by name is not there."""


class InputError(VidlabelError):
    """A file that was given cannot be used."""


class VideoError(InputError):
    """A file cannot be read as a video."""


class NoVideoStreamError(VideoError):
    """A file holds sound, but no moving pictures."""


class DecodeError(VideoError):
    """A video opened, but its pictures could not be read on."""


class ModelFileError(InputError):
    """A file cannot be used as a model."""


class EncoderFileError(InputError):
    """A file cannot be used as an encoder."""


class AnnotationError(InputError):
    """A file cannot be used as labels."""


class SubtitleError(InputError):
    """A file cannot be used as subtitles."""


class BudgetError(VidlabelError):
    """There is too little time for the work; what was done of it is kept."""


class OutputError(VidlabelError):
    """A result cannot be written."""


class DownloadError(VidlabelError):
    """A file cannot be downloaded."""


class InstallationError(VidlabelError):
    """A package that vidlabel needs is missing, installed twice or damaged."""


def details_of(error: BaseException) -> str:
    """The details of an error: tracebacks, and what native libraries wrote."""
    return "".join(traceback.format_exception(error))


def printable(text: str) -> str:
    r"""One line of text that any terminal can show: line breaks and bytes outside UTF-8 become escapes.

    Returns:
        `text` with control characters and lone surrogates written as ``\n``, ``\x1b``, ``\udcff``.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
