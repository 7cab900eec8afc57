"""Runs `vidlabel review`."""

from __future__ import annotations

import getpass
import os
import sys
import threading
import webbrowser
from importlib.util import find_spec
from pathlib import Path

from vidlabel.checks import check_name
from vidlabel.cli.console import print_line, print_output, print_warning
from vidlabel.errors import DONE, InstallationError, UsageError
from vidlabel.labels.annotations import composed
from vidlabel.review.workspace import ReviewWorkspace

_PACKAGES = ("starlette", "uvicorn")


def run_review(
    labels: Path,
    *,
    videos: Path | None,
    output: Path | None,
    reviewer: str | None,
    port: int | None,
    open_browser: bool,
    quiet: bool,
) -> int:
    """Serve the page until it is ended, and save.

    Returns:
        The exit status.
    """
    missing = next((name for name in _PACKAGES if find_spec(name) is None), None)
    if missing is not None:
        raise InstallationError(missing, "is not installed", "pip install 'vidlabel[review]'")
    from vidlabel.review.server import serve_review

    name = _reviewer(reviewer)

    def announce(address: str) -> None:
        """Show where the page is."""
        print_output(address)
        sys.stdout.flush()
        if not quiet:
            print_line("The address works on this machine alone. Ctrl-C saves and ends.")
        if open_browser and _has_display():
            # Some browsers are waited for.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with ReviewWorkspace(labels, videos, output) as workspace:
        for warning in _warnings(workspace):
            print_warning(warning)
        if workspace.resumed and not quiet:
            print_line(f"Going on with the review in {workspace.output}: {workspace.resumed} changes so far.")
        serve_review(workspace, name, port, announce)
    if not quiet:
        reviewed, total = workspace.progress()
        place = f"{workspace.output}: " if workspace.session.revision else "nothing was changed: "
        print_line(f"{place}{reviewed} of {total} segments reviewed")
    return DONE


def _reviewer(given: str | None) -> str:
    name = composed(_login_name() if given is None else given)
    try:
        check_name(name, "reviewer")
    except ValueError as error:
        raise UsageError("--reviewer", str(error), "give a name") from error
    return name


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # A container may run as a user whom nobody knows.
        return "reviewer"


def _has_display() -> bool:
    """Whether there is a screen: without one a browser of the terminal would take this terminal."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _warnings(workspace: ReviewWorkspace) -> list[str]:
    missing = [video for video in workspace.videos if video.path is None]
    if not missing:
        return list(workspace.warnings)
    others = f", and {len(missing) - 1} more like it" if len(missing) > 1 else ""
    return [*workspace.warnings, f"{missing[0].problem}{others}; their labels are kept as they are"]
