"""Entry point of `vidlabel` and `python -m vidlabel`."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from vidlabel.cli.app import run
    except KeyboardInterrupt:  # Nothing has begun that would have to be told of.
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
