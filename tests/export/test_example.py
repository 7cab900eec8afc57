"""The program of `docs/export.md` labels as vidlabel does, and needs neither torch nor vidlabel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

import vidlabel

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")


def first_seconds(source: Path, target: Path, seconds: float) -> None:
    """Copy the packets at the start of a video."""
    with av.open(source) as whole, av.open(target, "w") as cut:
        stream = cut.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None and packet.dts * packet.time_base < seconds:
                packet.stream = stream
                cut.mux(packet)


def test_the_program_finds_what_vidlabel_finds(tmp_path: Path) -> None:
    first_seconds(ROOT / "examples" / "bottle-detection.mp4", tmp_path / "clip.mp4", 4)
    vidlabel.export_onnx("objects", tmp_path / "objects.onnx")
    block = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    without = "import sys\nsys.modules.update(torch=None, vidlabel=None)\n"
    command = [sys.executable, "-c", without + block[1]]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240)
    assert ended.stderr == ""
    result = vidlabel.predict(tmp_path / "clip.mp4", ["objects"])
    expected = [f"{one.start:.2f} {one.end:.2f} {one.label}" for one in result.segments]
    assert expected != []
    assert ended.stdout.splitlines() == expected
