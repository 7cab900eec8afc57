"""Which video a file holds, wherever it lies and whatever it is called."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vidlabel.errors import VideoError

_BLOCK_BYTES = 1 << 20
_MOST_BLOCKS = 64


def video_hash(path: Path) -> str:
    """Hash of a file's content: 64 hexadecimal digits, the same for copies and renamed files.

    Of a file above 64 MiB, its size and 64 blocks of 1 MiB from its start to its end are hashed: to read hours of video
    from a slow disk would take minutes, and no two recordings agree in all of these.

    Raises:
        VideoError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            digest = hashlib.sha256(str(size).encode("ascii"))
            for place in _block_places(size):
                file.seek(place)
                digest.update(file.read(_BLOCK_BYTES))
    except OSError as error:
        raise VideoError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    return digest.hexdigest()


def _block_places(size: int) -> list[int]:
    """Where the hashed blocks start: side by side if they cover the file, else evenly spread, the last at its end."""
    if size <= _MOST_BLOCKS * _BLOCK_BYTES:
        return list(range(0, size, _BLOCK_BYTES))
    return [(size - _BLOCK_BYTES) * number // (_MOST_BLOCKS - 1) for number in range(_MOST_BLOCKS)]
