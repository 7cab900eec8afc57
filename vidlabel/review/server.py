"""Serves a review on this machine until it is ended."""

from __future__ import annotations

import contextlib
import logging
import secrets
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from vidlabel.errors import UsageError
from vidlabel.paths import reason_of
from vidlabel.review.app import make_app
from vidlabel.review.playable import PlayableVideos
from vidlabel.review.workspace import ReviewWorkspace

ADDRESS = "127.0.0.1"
FIRST_PORT = 8765
_PORTS_TRIED = 100
_CLOSING_S = 1
"""Seconds that answers get to be finished at the end; players keep theirs open for ever."""
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve_review(workspace: ReviewWorkspace, reviewer: str, port: int | None, announce: Callable[[str], None]) -> None:
    """Serve the page of a review until Ctrl-C or another signal to end.

    Args:
        workspace: the review; whoever opened it saves it.
        reviewer: whoever sits before the page.
        port: of the server; None: the first free one.
        announce: called with the address of the page once it can be opened.

    Raises:
        UsageError: the port is taken.
    """
    with listening_socket(port) as listener, PlayableVideos([video.path for video in workspace.videos]) as playable:
        number = int(listener.getsockname()[1])
        token = secrets.token_urlsafe(24)
        app = make_app(workspace, playable, reviewer, number, token)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            log_level="error",
            server_header=False,
            timeout_graceful_shutdown=_CLOSING_S,
        )
        announce(f"http://{ADDRESS}:{number}/?token={token}")
        _ReviewServer(config).run(sockets=[listener])


def listening_socket(port: int | None) -> socket.socket:
    """A socket of this machine alone that takes connections.

    Args:
        port: of it; None: the first free one.

    Raises:
        UsageError: it cannot be had.
    """
    tried = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED), 0]
    for number in tried:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            # A port whose last connections are still dying is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((ADDRESS, number))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if number == tried[-1]:
                raise UsageError(
                    "--port", f"{number} cannot be used ({reason_of(error)})", "give another one"
                ) from error
            continue
        return listener
    raise AssertionError("the last port is an error or a socket")


class _ReviewServer(uvicorn.Server):
    """Ends in peace: uvicorn itself sends each signal once more at the end, and logs the answers that it breaks off."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        logging.getLogger("uvicorn.error").addFilter(lambda _: not self.should_exit)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let signals end the server while it runs."""
        before = {number: signal.signal(number, self.handle_exit) for number in _ENDING_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
