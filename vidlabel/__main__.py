"""Entry point of `vidlabel` and `python -m vidlabel`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from vidlabel.errors import INTERRUPTED


def main() -> None:
    """Run the command line."""
    if sys.platform == "win32":  # Decoding processes share memory and end with their owner by means of POSIX.
        sys.exit("error: Windows: vidlabel runs on Linux and macOS; use the Windows Subsystem for Linux")
    try:
        from vidlabel.cli.standard_streams import prepare_standard_streams

        prepare_standard_streams()
        if _will_read_video(sys.argv[1:]):
            from vidlabel.video.isolation.pool import start_ahead

            start_ahead()
        from vidlabel.cli.app import run
    except KeyboardInterrupt:  # No work has begun yet.
        sys.exit(INTERRUPTED)
    run()


def _will_read_video(arguments: Sequence[str]) -> bool:
    """Whether the command will probably read a video in this process: it is `predict` and writes no folder.

    Known before the command line is understood, which takes as long as half of a decoding process's start. A wrong
    guess costs the CPU time of that start, 0.3 s, and changes nothing else.
    """
    if arguments[:1] != ["predict"] or not {"--help", "--dry-run"}.isdisjoint(arguments):
        return False
    places = [number + 1 for number, argument in enumerate(arguments) if argument in {"-o", "--output"}]
    outputs = [argument for number, argument in enumerate(arguments) if number in places and argument != "-"]
    will_be_new = all(os.path.splitext(output)[1] and not os.path.lexists(output) for output in outputs)  # noqa: PTH122
    return will_be_new and any(os.path.isfile(argument) for argument in arguments[1:])  # noqa: PTH113


if __name__ == "__main__":
    main()
