"""Entry point of `vidlabel` and `python -m vidlabel`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from vidlabel.cli.app import run

    run()


if __name__ == "__main__":
    main()
