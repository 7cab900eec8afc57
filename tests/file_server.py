"""A web server on this machine that serves files as hosts of models do, well and badly."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """How a file is served."""

    content: bytes = b""
    status: int = 200
    location: str = ""
    """Where another address sends to, with `status` 302."""
    has_length: bool = True
    knows_ranges: bool = True
    range_start: int | None = None
    """The start that a part is said to have; None: the true one."""
    cut_after: int | None = None
    """The connection breaks off after so many bytes of the content."""
    hangs: bool = False
    """Nothing is sent before the server ends."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FileServer:
    """What is served by path, and what was asked for."""

    address: str
    files: dict[str, Served] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and range of each."""
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve_files() -> Iterator[FileServer]:
    """Serve files while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    files = _Handler.files = FileServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield files
    finally:
        files.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Print errors of the server itself, not that a client went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    files: FileServer

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.files.requests.append((self.path, wanted))
        served = self.files.files.get(self.path, Served(status=404))
        if served.hangs:
            self.files.ended.wait()
            return
        content, start = served.content, 0
        if wanted and served.knows_ranges and served.status == 200:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start > len(content):
            self.send_response(416)
            self.end_headers()
            return
        self.send_response(206 if start else served.status)
        if start:
            said = start if served.range_start is None else served.range_start
            self.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
        if served.location:
            self.send_header("Location", served.location)
        if served.has_length:
            self.send_header("Content-Length", str(len(content) - start))
        for name, value in served.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[start : served.cut_after])

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
