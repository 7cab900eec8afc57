"""What native libraries say on standard error: the only sign of damage that decord gives.

decord conceals damage: of twelve H.264 files with three flipped bits it reported none, while the FFmpeg inside of it
printed each one, on the level of information at least. On 235 undamaged files nothing of the kind was printed.
"""

from __future__ import annotations

import os
import stat

SIGNS = (b"concealing ", b"error while decoding", b"corrupt", b"Invalid NAL", b"Invalid data")
"""Words of FFmpeg about damaged pictures. It says other things too, such as the versions of codecs."""

_MOST_READ = 1 << 20


class Complaints:
    """Listens to standard error, where that is a file that can be read back, as in the decoding process."""

    def __init__(self) -> None:
        self.can_hear = stat.S_ISREG(os.fstat(2).st_mode)
        """Whether there is such a file; elsewhere nothing is ever heard."""
        self._read_up_to = self._size()

    def heard(self) -> bool:
        """Whether damage was spoken of since the last call."""
        size = self._size()
        if size <= self._read_up_to:
            self._read_up_to = size  # The file may have been emptied meanwhile.
            return False
        try:
            text = os.pread(2, min(size - self._read_up_to, _MOST_READ), self._read_up_to)
        except OSError:  # a file that is open for writing only
            self.can_hear = False
            return False
        self._read_up_to = size
        return any(sign in text for sign in SIGNS)

    def _size(self) -> int:
        return os.fstat(2).st_size if self.can_hear else 0
