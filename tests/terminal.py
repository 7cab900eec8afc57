"""What a command prints on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown_on_terminal(command: Sequence[str], folder: Path | None = None, width: int = 100) -> str:
    """Standard output of a command that writes to a terminal, without colours."""
    controller, terminal = pty.openpty()
    parts: list[bytes] = []
    reader = threading.Thread(target=_read, args=(controller, parts))
    reader.start()
    environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    subprocess.run(command, cwd=folder, env=environment, stdout=terminal, stderr=subprocess.DEVNULL, check=True)
    os.close(terminal)
    reader.join()
    os.close(controller)
    return ESCAPES.sub("", b"".join(parts).decode()).replace("\r\n", "\n")


def _read(controller: int, parts: list[bytes]) -> None:
    while True:
        try:
            part = os.read(controller, 1 << 16)
        except OSError:  # Linux's way to say that the other side has closed
            return
        if not part:
            return
        parts.append(part)
