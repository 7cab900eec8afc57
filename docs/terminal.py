"""Draw the picture of a terminal that the README shows, from a real run.

    python docs/terminal.py docs/terminal.svg

Runs the commands below on a terminal of its own, in a folder with a copy of `examples/`. Needs Linux or macOS.
"""

from __future__ import annotations

import io
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

EXAMPLES = Path(__file__).parent.parent / "examples"
WIDTH = 96
COMMANDS = (
    "vidlabel predict examples/bottle-detection.mp4",
    "vidlabel predict examples/bottle-detection.mp4 --quiet -o bottles.srt && cat bottles.srt",
)

FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px;
line-height: {line_height}px;
font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich's own, but without fonts from the network."""


def shown_on_terminal(command: str, folder: Path) -> str:
    """Run a command line; return what its standard output shows on a terminal, with colours."""
    controller, terminal = pty.openpty()
    parts: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(controller, 1 << 16):
                parts.append(part)
        except OSError:  # Linux reports the end of a terminal as an error
            return

    reader = threading.Thread(target=read)
    reader.start()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {
        "HOME": str(folder),
        "PATH": path,
        "TERM": "xterm-256color",
        "COLUMNS": str(WIDTH),
        "LANG": "C.UTF-8",
    }
    subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, stdout=terminal, stderr=subprocess.DEVNULL, check=True
    )
    os.close(terminal)
    reader.join()
    os.close(controller)
    return b"".join(parts).decode().replace("\r\n", "\n")


def picture() -> str:
    """An SVG of a terminal in which the commands have run."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(EXAMPLES, folder / "examples")
        for command in COMMANDS:
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            console.print(Text.from_ansi(shown_on_terminal(command, folder).rstrip("\n")))
    return console.export_svg(title="vidlabel", theme=MONOKAI, code_format=FORMAT, unique_id="terminal")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
