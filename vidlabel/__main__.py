"""Entry point of `vidlabel` and `python -m vidlabel`."""

from __future__ import annotations

import sys

from vidlabel.errors import INTERRUPTED


def main() -> None:
    """Run the command line."""
    if sys.platform == "win32":  # Decoding processes share memory and end with their owner by means of POSIX.
        sys.exit("error: Windows: vidlabel runs on Linux and macOS; use the Windows Subsystem for Linux")
    try:
        from vidlabel.cli.standard_streams import prepare_standard_streams

        prepare_standard_streams()
        from vidlabel.cli.app import run
    except KeyboardInterrupt:  # No work has begun yet.
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
