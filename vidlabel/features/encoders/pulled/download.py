"""Downloads one file over HTTP, resumed where an earlier try ended: the only module that opens a connection.

It uses the standard library's client, which takes proxies from the environment and checks certificates. The Hugging
Face Hub serves files by plain addresses, as PyTorch's host does: its own client would serve one host of the two.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

from vidlabel.errors import DownloadError, OutputError
from vidlabel.paths import reason_of
from vidlabel.version import VERSION

OnBytes = Callable[[int, int | None], None]
"""Takes the bytes of the file that are there, and those of the whole file where they are known."""

TIMEOUT_S = 30.0
"""For an answer, and between two blocks of one."""
BLOCK_BYTES = 1 << 18
LARGEST_BYTES = 16 << 30
"""Of a file whose size neither caller nor server names: a stream without end fills no disk."""

_SAFE_REDIRECTS = {"https": ("https",), "http": ("http", "https")}
_LATER = "try again later"
_CONTINUES = "run the same command again: it continues there"
_CHECK_NETWORK = "check the network; no other command needs one"
_NOT_GIVEN = "check the mirror, where one is named"
_STATUSES = {
    401: ("asks for a login", _NOT_GIVEN),
    403: ("refuses this file", _NOT_GIVEN),
    404: ("does not have this file", _NOT_GIVEN),
    407: ("is behind a proxy that asks for a login", "name user and password in HTTPS_PROXY"),
    429: ("refuses so many requests", _LATER),
}


@dataclass(frozen=True, slots=True)
class _Body:
    """What a server sends of a file."""

    response: http.client.HTTPResponse
    start: int
    """Bytes of the file before it."""
    total: int | None
    """Bytes of the whole file."""


def download(address: str, partial: Path, size: int | None, on_bytes: OnBytes) -> None:
    """Download a file, or the rest of it.

    Args:
        address: of the file, http or https.
        partial: where it is written. What is there already counts as its start.
        size: bytes of the whole file, where they are known.
        on_bytes: called at the start and after every block.

    Raises:
        DownloadError: the server cannot be reached, does not have the file, has one of another size, or breaks off.
        OutputError: `partial` cannot be written, or the disk lacks the space.
    """
    there = _size_of(partial)
    if there and there == size:
        return
    if size is not None and there > size:
        there = 0
    body = _open(address, there)
    with body.response:
        _check_answer(address, body, size)
        _check_space(partial, body)
        total = size if size is not None else body.total
        _receive(address, body, partial, total, on_bytes)
    _check_whole(address, _size_of(partial), total)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _open(address: str, there: int) -> _Body:
    """Ask for the file from `there` on, or for all of it where the server has no such part."""
    request_headers = {"User-Agent": f"vidlabel/{VERSION}", "Accept-Encoding": "identity"}
    if there:
        request_headers["Range"] = f"bytes={there}-"
    with _network_errors(address):
        if urlsplit(address).scheme not in _SAFE_REDIRECTS:
            raise ValueError("it begins with neither http:// nor https://")
        request = urllib.request.Request(address, headers=request_headers)
        try:
            response = cast("http.client.HTTPResponse", _opener().open(request, timeout=TIMEOUT_S))
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not there:
                raise
            error.close()
            return _open(address, 0)
    if response.status == http.HTTPStatus.OK:
        return _Body(response, 0, response.length)
    part = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", response.headers.get("Content-Range", ""))
    if response.status == http.HTTPStatus.PARTIAL_CONTENT and part is not None and int(part[1]) == there:
        return _Body(response, there, None if part[2] == "*" else int(part[2]))
    response.close()
    if there:
        return _open(address, 0)
    raise DownloadError(address, f"answers {response.status} in place of the file", _NOT_GIVEN)


def _opener() -> urllib.request.OpenerDirector:
    """A client for HTTP alone: `build_opener` makes one that reads files and FTP, too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SafeRedirects(),
    ):
        opener.add_handler(handler)
    return opener


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects that keep the connection as safe as it was."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        there, here = urlsplit(newurl), urlsplit(req.full_url)
        if there.scheme not in _SAFE_REDIRECTS[here.scheme]:
            fp.close()
            raise DownloadError(req.full_url, f"redirects from {here.scheme} to {there.scheme}", _NOT_GIVEN)
        return super().redirect_request(req, fp, code, msg, cast("http.client.HTTPMessage", headers), newurl)


def _check_answer(address: str, body: _Body, size: int | None) -> None:
    packing = body.response.headers.get("Content-Encoding", "identity")
    if packing != "identity":
        raise DownloadError(address, f"is sent packed by {packing}, which was not asked for", _NOT_GIVEN)
    if size is not None and body.total is not None and body.total != size:
        problem = f"has {body.total:,} bytes there, not {size:,}: it is another file, or the page of a login"
        raise DownloadError(address, problem, _NOT_GIVEN)


def _check_space(partial: Path, body: _Body) -> None:
    with _disk_errors(partial):
        partial.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(partial.parent).free
    needed = (body.total or 0) - body.start
    if needed > free:
        problem = f"cannot be written: {needed:,} bytes are needed, {free:,} are free"
        raise OutputError(partial, problem, "free some space, or choose another folder")


def _receive(address: str, body: _Body, partial: Path, total: int | None, on_bytes: OnBytes) -> None:
    there = body.start
    most = LARGEST_BYTES if total is None else total
    on_bytes(there, total)
    with _disk_errors(partial), partial.open("ab" if there else "wb") as file:
        while block := _next_block(address, body.response):
            there += len(block)
            if there > most:
                raise DownloadError(address, f"sends more than {most:,} bytes", _NOT_GIVEN)
            file.write(block)
            on_bytes(there, total)
        file.flush()
        os.fsync(file.fileno())


def _next_block(address: str, response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(BLOCK_BYTES)
    except TimeoutError as error:
        raise DownloadError(address, f"nothing came any more for {TIMEOUT_S:.0f} s", _CONTINUES) from error
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(address, f"the connection broke off ({error})", _CONTINUES) from error


def _check_whole(address: str, there: int, total: int | None) -> None:
    if there == 0:
        raise DownloadError(address, "is empty there", _NOT_GIVEN)
    if total is not None and there < total:
        problem = f"the connection broke off after {there:,} of {total:,} bytes"
        raise DownloadError(address, problem, _CONTINUES)


@contextlib.contextmanager
def _disk_errors(partial: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "free some space, or choose another folder"
        raise OutputError(partial, f"cannot be written ({reason_of(error)})", remedy) from error


@contextlib.contextmanager
def _network_errors(address: str) -> Iterator[None]:
    """Turn what the client raises into one line."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        reason = str(error.reason).partition("\n")[0]
        fault = error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        usual = ("has a fault", _LATER) if fault else ("refuses this request", _NOT_GIVEN)
        problem, remedy = _STATUSES.get(error.code, usual)
        raise DownloadError(address, f"the server {problem} ({error.code} {reason})", remedy) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> DownloadError:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        problem = f"the server's certificate cannot be checked ({cause.verify_message})"
        return DownloadError(address, problem, "name the file of your certificates in SSL_CERT_FILE")
    if isinstance(cause, TimeoutError):
        return DownloadError(address, f"the server sent nothing for {TIMEOUT_S:.0f} s", _LATER)
    if isinstance(cause, OSError) and not isinstance(cause, http.client.HTTPException):
        return DownloadError(address, f"cannot be reached ({reason_of(cause)})", _CHECK_NETWORK)
    return DownloadError(address, f"cannot be read ({cause or type(cause).__name__})", _NOT_GIVEN)
