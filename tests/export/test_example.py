"""The programs of `docs/export.md` label as vidlabel does, and need neither torch nor vidlabel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime
import pytest

import vidlabel
from heads.example_specs import mixed_spec, save_example, window_spec
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec

ROOT = Path(__file__).parents[2]
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text(encoding="utf-8"), re.DOTALL)
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
    without = "import sys\nsys.modules.update(torch=None, vidlabel=None)\n"
    command = [sys.executable, "-c", without + PROGRAMS[0]]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240)
    assert ended.stderr == ""
    result = vidlabel.predict(tmp_path / "clip.mp4", ["objects"])
    expected = [f"{one.start:.2f} {one.end:.2f} {one.label}" for one in result.segments]
    assert expected != []
    assert ended.stdout.splitlines() == expected


@pytest.mark.parametrize("spec", [window_spec, mixed_spec])
def test_windows_give_what_vidlabel_gives(tmp_path: Path, spec: Callable[[], ModelSpec]) -> None:
    model = save_example(spec(), tmp_path / "m.safetensors")
    vidlabel.export_onnx(model.path, tmp_path / "m.onnx")
    heads = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    window = json.loads(heads.get_modelmeta().custom_metadata_map["window"])
    program: dict[str, Any] = {}
    exec(PROGRAMS[1], program)
    for samples in (1, 8, 9, 30):
        features = np.random.default_rng(6).standard_normal((samples, 6), np.float32)
        scorer = make_scorer(model)
        expected = np.concatenate([scorer.push(features), scorer.finish()])
        np.testing.assert_allclose(program["window_scores"](heads, features, window), expected, rtol=0, atol=1e-5)
