"""Labels to review in tests, and a review of them that serves its page."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus import Recipe, write_video

ROWS = (
    ("clip.mp4", 0.2, 1.0, "left", 0.93),
    ("clip.mp4", 1.2, 1.6, "right", 0.52),
    ("clip.mp4", 1.7, 2.2, "left", 0.61),
    ("other.mp4", 0.0, 2.0, "right", 0.8),
)
TABLE = "video,start,end,label,score\n" + "".join(f"{','.join(map(str, row))}\n" for row in ROWS)


def write_labels(folder: Path) -> Path:
    """Two videos of 2.4 s that show their frame numbers, and a table of their labels."""
    write_video(folder / "clip.mp4", Recipe())
    (folder / "other.mp4").write_bytes((folder / "clip.mp4").read_bytes())
    (folder / "day.csv").write_text(TABLE)
    return folder / "day.csv"


@dataclass(frozen=True, slots=True)
class Served:
    """A review in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    """With the token."""

    @property
    def port(self) -> int:
        """Of the server."""
        return int(self.address.split(":")[2].split("/")[0])

    @property
    def token(self) -> str:
        """Of the run."""
        return self.address.partition("token=")[2]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send a request as the page does; give the status and the content of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"cookie": f"vidlabel-review-{self.port}={self.token}", "content-type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def confirm_first(self) -> None:
        """Confirm the first segment of the first video."""
        content = json.loads(self.ask("GET", "/api/videos/0")[1])
        first = {name: content["segments"][0][name] for name in ("number", "start", "end", "label")}
        body = {"action": "correct", "revision": content["revision"], "video": 0, **first}
        assert self.ask("POST", "/api/changes", body)[0] == 200

    def end(self) -> tuple[int, str]:
        """End it as Ctrl-C does; give its exit status and what it wrote on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@contextlib.contextmanager
def served(*arguments: str | Path) -> Iterator[Served]:
    """Run `vidlabel review`, and end it where the test has not."""
    command = [sys.executable, "-m", "vidlabel", "review", *map(str, arguments), "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, process.communicate(timeout=60)[1]
        yield Served(process, address)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)
