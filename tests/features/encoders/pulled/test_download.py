"""Downloads from a server on this machine: whole, continued, and each way in which they fail."""

from __future__ import annotations

import errno
import io
import os
import shutil
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from file_server import FileServer, Served, serve_files
from vidlabel.errors import DownloadError, OutputError
from vidlabel.features.encoders.pulled import download as module
from vidlabel.features.encoders.pulled.download import BLOCK_BYTES, download

CONTENT = bytes(range(256)) * 2400
"""Larger than two blocks."""


@pytest.fixture(name="server")
def served_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve_files() as server:
        yield server


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "part"


def nothing(there: int, total: int | None) -> None:
    """Progress that nobody looks at."""


def test_a_file_arrives_with_its_progress(server: FileServer, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    seen: list[tuple[int, int | None]] = []
    partial = tmp_path / "models" / "file.part"
    download(f"{server.address}/file", partial, None, lambda there, total: seen.append((there, total)))
    assert partial.read_bytes() == CONTENT
    assert (seen[0], seen[-1]) == ((0, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert len(seen) > len(CONTENT) // BLOCK_BYTES


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_after_a_cut_connection_the_next_try_continues(server: FileServer, part: Path, size: int | None) -> None:
    server.files["/file"] = Served(CONTENT, cut_after=400_000)
    with pytest.raises(DownloadError, match=r"broke off after 400,000 of 614,400 bytes; run the same command again"):
        download(f"{server.address}/file", part, size, nothing)
    server.files["/file"] = Served(CONTENT)
    download(f"{server.address}/file", part, size, nothing)
    assert part.read_bytes() == CONTENT
    assert server.requests == [("/file", None), ("/file", "bytes=400000-")]


def test_what_arrived_before_the_process_ended_is_kept(server: FileServer, part: Path) -> None:
    server.files["/file"] = Served(CONTENT)

    def end(there: int, total: int | None) -> None:
        if there > BLOCK_BYTES:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(f"{server.address}/file", part, len(CONTENT), end)
    kept = part.stat().st_size
    assert 0 < kept < len(CONTENT)
    download(f"{server.address}/file", part, len(CONTENT), nothing)
    assert part.read_bytes() == CONTENT
    assert server.requests[1] == ("/file", f"bytes={kept}-")


@pytest.mark.parametrize(
    ("there", "served"),
    [
        (1000, Served(CONTENT, knows_ranges=False)),
        (1000, Served(CONTENT, range_start=7)),
        (len(CONTENT) + 1, Served(CONTENT)),
    ],
    ids=["ranges are ignored", "another part is sent", "more is there than the file has"],
)
def test_what_cannot_be_continued_begins_anew(server: FileServer, part: Path, there: int, served: Served) -> None:
    server.files["/file"] = served
    part.write_bytes(b"x" * there)
    download(f"{server.address}/file", part, None, nothing)
    assert part.read_bytes() == CONTENT


def test_a_file_that_is_there_is_not_asked_for(server: FileServer, part: Path) -> None:
    part.write_bytes(CONTENT)
    download(f"{server.address}/file", part, len(CONTENT), nothing)
    assert server.requests == []


def test_an_answer_without_a_length_is_read_to_its_end(server: FileServer, part: Path) -> None:
    server.files["/file"] = Served(CONTENT, has_length=False)
    download(f"{server.address}/file", part, None, nothing)
    assert part.read_bytes() == CONTENT
    server.files["/file"] = Served(CONTENT, has_length=False, cut_after=100)
    part.unlink()
    with pytest.raises(DownloadError, match="broke off after 100 of 614,400 bytes"):
        download(f"{server.address}/file", part, len(CONTENT), nothing)


@pytest.mark.parametrize(
    ("served", "size", "line"),
    [
        (Served(status=401), None, r"the server asks for a login \(401 Unauthorized\); check the mirror"),
        (Served(status=403), None, r"the server refuses this file \(403 Forbidden\); check the mirror"),
        (Served(status=404), None, r"the server does not have this file \(404 Not Found\); check the mirror"),
        (Served(status=418), None, r"the server refuses this request \(418 .*\); check the mirror"),
        (Served(status=429), None, r"the server refuses so many requests \(429 .*\); try again later"),
        (Served(status=503), None, r"the server has a fault \(503 Service Unavailable\); try again later"),
        (Served(status=204), None, "answers 204 in place of the file"),
        (Served(b""), None, "is empty there"),
        (Served(b"", has_length=False), 7, "is empty there"),
        (Served(b"<html>log in</html>"), 614_400, "has 19 bytes there, not 614,400: it is another file, or the page"),
        (Served(CONTENT, has_length=False), 1000, "sends more than 1,000 bytes"),
        (Served(CONTENT, headers={"Content-Encoding": "gzip"}), None, "is sent packed by gzip"),
        (Served(status=302, location="file:///etc/hostname"), None, "Redirection to url .* is not allowed"),
        (Served(status=302, location="/file"), None, "refuses this request .302 .*infinite loop"),
    ],
)
def test_each_fault_of_a_server_is_one_line(
    server: FileServer, part: Path, served: Served, size: int | None, line: str
) -> None:
    server.files["/file"] = served
    with pytest.raises(DownloadError, match=line) as raised:
        download(f"{server.address}/file", part, size, nothing)
    assert raised.value.subject == f"{server.address}/file"


def test_a_stream_without_end_fills_no_disk(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BYTES", 300_000)
    server.files["/file"] = Served(CONTENT, has_length=False)
    with pytest.raises(DownloadError, match="sends more than 300,000 bytes"):
        download(f"{server.address}/file", part, None, nothing)


def test_a_server_that_sends_nothing_is_not_waited_for(
    server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.1)
    server.files["/file"] = Served(hangs=True)
    with pytest.raises(DownloadError, match="the server sent nothing for 0 s; try again later"):
        download(f"{server.address}/file", part, None, nothing)


def test_a_connection_that_ends_within_a_chunk_is_one_line(server: FileServer, part: Path) -> None:
    chunks = b"5\r\nhello\r\nff\r\nhalf of a ch"
    server.files["/file"] = Served(chunks, has_length=False, headers={"Transfer-Encoding": "chunked"})
    with pytest.raises(DownloadError, match=r"the connection broke off \(IncompleteRead.*; run the same command again"):
        download(f"{server.address}/file", part, None, nothing)
    assert part.read_bytes().startswith(b"hello")


def test_redirects_are_followed_with_the_range(server: FileServer, part: Path) -> None:
    server.files["/file"] = Served(status=302, location="/store/abc?signature=x")
    server.files["/store/abc?signature=x"] = Served(CONTENT)
    part.write_bytes(CONTENT[:5])
    download(f"{server.address}/file", part, None, nothing)
    assert part.read_bytes() == CONTENT
    assert server.requests == [("/file", "bytes=5-"), ("/store/abc?signature=x", "bytes=5-")]


def test_a_redirect_from_https_to_http_is_refused() -> None:
    redirects = module._SafeRedirects()
    request = urllib.request.Request("https://a.example/file")
    with pytest.raises(DownloadError, match="redirects from https to http;"):
        redirects.redirect_request(request, io.BytesIO(), 302, "Found", Message(), "http://b.example/file")


def test_no_server_is_one_line(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
        with pytest.raises(DownloadError, match=r"cannot be reached \(Connection refused\); check the network"):
            download(address, part, None, nothing)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (socket.gaierror(-2, "Name or service not known"), r"cannot be reached \(Name or service not known\)"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), r"reached \(Connection reset by peer\)"),
        (OSError("Tunnel connection failed: 403 Forbidden"), r"reached \(Tunnel connection failed: 403 Forbidden\)"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "certificate cannot be checked .*SSL_CERT_FILE"),
    ],
)
def test_a_network_that_fails_is_one_line(
    part: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, line: str
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    monkeypatch.setenv("NO_PROXY", "*")
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "self-signed certificate"
    with pytest.raises(DownloadError, match=line):
        download("http://a.example/file", part, None, nothing)


@pytest.mark.parametrize(
    "address", ["ftp://a/b", "file:///etc/hostname", "a/b", "http://[a/b", "http://a b/c", "http://:x"]
)
def test_addresses_of_other_kinds_are_refused(part: Path, address: str) -> None:
    with pytest.raises(DownloadError, match=r"cannot be (read|reached)"):
        download(address, part, None, nothing)


def test_proxies_of_the_environment_are_used(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    server.files["http://a.example/file"] = Served(CONTENT)
    download("http://a.example/file", part, None, nothing)
    assert part.read_bytes() == CONTENT


def test_a_disk_without_space_is_asked_first(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    server.files["/file"] = Served(CONTENT)
    with pytest.raises(OutputError, match="614,400 bytes are needed, 1,000 are free; free some space"):
        download(f"{server.address}/file", part, None, nothing)
    assert not part.exists()


def test_a_disk_that_fills_up_is_one_line(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    server.files["/file"] = Served(CONTENT)
    with pytest.raises(OutputError, match=r"part: cannot be written \(No space left on device\); free some space"):
        download(f"{server.address}/file", part, None, nothing)
