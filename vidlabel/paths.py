"""Looking at paths that may be missing, or may not be looked at.

`Path.is_dir` and its like raise for some paths that cannot be looked at (no permission, a name too long, a stale
mount), and for which ones depends on the version of Python. `is_folder`, `is_file` and `exists` never raise.
"""

from __future__ import annotations

import os
from pathlib import Path

from vidlabel.errors import VideoError
from vidlabel.path_hints import missing_file


def is_folder(path: str | Path) -> bool:
    """Whether a path leads to a folder; False also for a path that cannot be looked at."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: str | Path) -> bool:
    """Whether a path leads to a regular file; False also for a path that cannot be looked at."""
    return os.path.isfile(path)  # noqa: PTH113


def exists(path: str | Path) -> bool:
    """Whether a path leads anywhere; False also for a path that cannot be looked at."""
    return os.path.exists(path)  # noqa: PTH110


def real_path(path: str | Path) -> str:
    """An absolute path without links, as far as it can be found out: links in a circle stay."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # The working folder is gone, or the path holds a NUL byte.
        return os.fspath(path)


def reason_of(error: OSError | ValueError) -> str:
    """What the system says about a path: `Permission denied`. A ValueError is for a path that holds a NUL byte."""
    return getattr(error, "strerror", None) or str(error)


def stat_video(path: str | Path) -> os.stat_result:
    """The status of a video that was given by its path.

    Raises:
        VideoError: nothing is there, or it cannot be looked at.
    """
    try:
        return os.stat(path)  # noqa: PTH116 - `Path` drops a slash at the end
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.islink(path):  # noqa: PTH114 - as text
            raise VideoError(path, "is a link to a file that is not there", "check where it leads") from error
        problem, remedy = missing_file(os.fspath(path))
        raise VideoError(path, problem, remedy) from error
    except (OSError, ValueError) as error:
        raise VideoError(path, f"cannot be read ({reason_of(error)})", "check the name and its permissions") from error
