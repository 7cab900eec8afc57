"""The server as a process: killed at any moment, ended, slow clients, and taken ports."""

from __future__ import annotations

import json
import signal
import socket
import struct
import threading
from pathlib import Path

import pytest

from command_line import start
from review.reviewing import Served, served, write_labels
from vidlabel.errors import UsageError
from vidlabel.labels.formats.registry import read_labels
from vidlabel.review.server import FIRST_PORT, listening_socket


def test_no_confirmed_change_is_lost_by_a_kill(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    confirmed: list[int] = []
    enough = threading.Event()

    def work(review: Served) -> None:
        """Add one segment after the other until nobody answers."""
        for number in range(100_000):
            body = {
                "action": "add",
                "revision": number,
                "video": 0,
                "start": 0,
                "end": 0.01,
                "label": f"label {number}",
            }
            try:
                status, _ = review.ask("POST", "/api/changes", body)
            except OSError:
                return
            assert status == 200
            confirmed.append(number)
            if number == 40:
                enough.set()

    with served(labels) as review:
        worker = threading.Thread(target=work, args=(review,))
        worker.start()
        assert enough.wait(60)
        review.process.kill()  # while a change is under way
        worker.join()
    with served(labels) as review:
        content = json.loads(review.ask("GET", "/api/review")[1])
        review.process.send_signal(signal.SIGTERM)
        _, errors = review.process.communicate(timeout=60)
    assert content["revision"] in {len(confirmed), len(confirmed) + 1}
    assert f"{content['revision']} changes so far" in errors
    kept = {row.label for row in read_labels(tmp_path / "day-reviewed.csv")}
    assert {f"label {number}" for number in confirmed} <= kept
    assert review.process.returncode == 0


@pytest.mark.slow
def test_a_client_that_does_not_read_keeps_nobody_waiting(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    size = 30 << 20
    with (tmp_path / "clip.mp4").open("ab") as file:  # a box that players pass over
        file.write(struct.pack(">I4s", size, b"free"))
        file.truncate(file.tell() + size - 8)
    with served(labels, "--reviewer", "Ann") as review:
        state = {"playing": {"stage": "waiting"}}
        while state["playing"]["stage"] in {"waiting", "reading"}:
            state = json.loads(review.ask("GET", "/api/videos/0")[1])
        assert state["playing"]["stage"] == "ready"
        with socket.create_connection(("127.0.0.1", review.port)) as slow:
            cookie = f"vidlabel-review-{review.port}={review.token}"
            slow.sendall(f"GET /media/0 HTTP/1.1\r\nHost: 127.0.0.1:{review.port}\r\nCookie: {cookie}\r\n\r\n".encode())
            assert slow.recv(15) == b"HTTP/1.1 200 OK"
            change = {"action": "delete", "revision": 0, "video": 0, "number": 0}
            assert review.ask("POST", "/api/changes", change)[0] == 200
            assert len(review.ask("GET", "/media/0")[1]) > size
            status, errors = review.end()
    assert status == 0
    assert "0 of 3 segments reviewed" in errors
    assert "Traceback" not in errors
    assert len(read_labels(tmp_path / "day-reviewed.csv")) == 3


def test_the_first_free_port_is_taken() -> None:
    with listening_socket(None) as first, listening_socket(None) as second:
        ports = [int(one.getsockname()[1]) for one in (first, second)]
        assert FIRST_PORT <= ports[0] < ports[1]
        assert {one.getsockname()[0] for one in (first, second)} == {"127.0.0.1"}
        with pytest.raises(UsageError, match=f"--port: {ports[1]} cannot be used"):
            listening_socket(ports[1])


def test_a_taken_port_that_was_asked_for_is_one_line(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    with listening_socket(None) as taken:
        port = taken.getsockname()[1]
        ended = start("review", labels, "--port", str(port))
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors == f"error: --port: {port} cannot be used (Address already in use); give another one\n"
    assert not (tmp_path / "day-reviewed.csv.journal").exists()
