"""Entry point of `vidlabel` and `python -m vidlabel`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import islice, pairwise

from vidlabel.errors import INTERRUPTED

_ENCODING = (["predict"], ["features"])
"""Commands whose arrays are small: the networks do not run in NumPy."""
_OUTPUT = ("-o", "--output")
_OPTIONS_WITH_FILES = (*_OUTPUT, "-m", "--model", "--encoder", "--subtitles", "--speech", "--summary", "--render")


def main() -> None:
    """Run the command line."""
    if sys.platform == "win32":  # Decoding processes share memory and end with their owner by means of POSIX.
        sys.exit("error: Windows: vidlabel runs on Linux and macOS; use the Windows Subsystem for Linux")
    try:
        from vidlabel.cli.standard_streams import prepare_standard_streams

        prepare_standard_streams()
        if sys.argv[1:2] in _ENCODING:
            # NumPy's threads spin when they are started, on cores where the video is decoded: a tenth of a short run.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if _will_read_video(sys.argv[1:]):
            from vidlabel.video.isolation.pool import start_ahead

            start_ahead()
        from vidlabel.cli.app import run
    except KeyboardInterrupt:  # No work has begun yet.
        sys.exit(INTERRUPTED)
    run()


def _will_read_video(arguments: Sequence[str]) -> bool:
    """Whether the command will probably read one video in this process; several, and folders, are left to workers.

    Known before the command line is understood, which takes as long as half of a decoding process's start. A wrong
    guess costs 0.3 s of CPU, or as much time, and changes nothing else.
    """
    from vidlabel.paths import exists, is_file

    if arguments[:1] != ["predict"] or not {"--help", "--dry-run"}.isdisjoint(arguments):
        return False
    pairs = list(pairwise(arguments))
    files = (own for before, own in pairs if before not in _OPTIONS_WITH_FILES and is_file(own))
    outputs = [own for before, own in pairs if before in _OUTPUT and own != "-"]
    is_one = len(list(islice(files, 2))) == 1  # Of thousands, no more than two are looked at.
    return is_one and all("." in output[1:] and not exists(output) for output in outputs)


if __name__ == "__main__":
    main()
