"""The GPU check, on the CPU: its rows, its deadlines, and that it notices what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import gpu_check_decoding
import gpu_check_encoding
from gpu_check import CHECKS, run_command
from gpu_check_decoding import CASES, check_decoding, write_case
from gpu_check_encoders import _row, check_encoders
from gpu_check_encoding import check_features
from gpu_check_machine import check_machine
from gpu_check_rows import Row, Setting, judged, read_rows, table, to_line
from gpu_check_run import HOMES
from gpu_check_speed import Clip, Run, Side, aim_row, copy_clip, speed_row, write_clip
from vidlabel.cli.render.profile import profile_lines
from vidlabel.profiling import Phase, Profile
from vidlabel.video.probe import probe

ROOT = Path(__file__).parents[2]


def test_a_row_fails_for_each_condition_that_does_not_hold() -> None:
    row = judged("a", {"too slow": True, "too large": False, "too late": False}, {"seconds": 1.23456})
    assert (row.outcome, row.reason) == ("failed", "too large; too late")
    assert table([row, Row("b", "passed")]).splitlines()[2:] == [
        "| a | failed: too large; too late | seconds 1.235 |",
        "| b | passed |  |",
    ]


def test_rows_are_found_among_other_lines() -> None:
    row = Row("a", "passed", figures={"GPU": "none", "cores": 2})
    assert list(read_rows(f"a library says hello\n{to_line(row)}\n{{}}\n")) == [row]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import threading; threading.Event().wait()", "did not end within 0 s"),
        ("import os; os.abort()", "its process ended with -6, saying nothing"),
        ("raise ValueError('no such thing')", "its process ended with 1, saying ValueError: no such thing"),
    ],
)
def test_a_check_that_breaks_costs_its_own_row_alone(code: str, reason: str) -> None:
    rows = run_command("decoding", [sys.executable, "-c", code], 0.4 if "Event" in code else 60)
    assert rows == [Row("decoding", "failed", reason)]


def test_rows_before_a_crash_are_kept() -> None:
    row = Row("a", "passed")
    code = f"import os; print({to_line(row)!r}, flush=True); os.abort()"
    assert run_command("x", [sys.executable, "-c", code], 60)[0] == row


def test_every_check_has_a_home_and_a_deadline() -> None:
    assert list(HOMES) == list(CHECKS)


@pytest.mark.slow
def test_without_a_gpu_the_check_says_so_and_nothing_fails(tmp_path: Path) -> None:
    """The whole command."""
    script, report = ROOT / "benchmarks" / "gpu_check.py", tmp_path / "rows.json"
    command = [sys.executable, str(script), "--quick", "--only", "training", "--json", str(report)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(report.read_text())
    if not torch.cuda.is_available():
        assert rows == [{"name": "training", "outcome": "not possible here", "reason": "no GPU here", "figures": {}}]
    assert ended.stdout.splitlines()[0] == "| check | outcome | figures |"


def test_the_machine_is_described_and_labels_a_painted_video(tmp_path: Path) -> None:
    rows = {row.name: row for row in check_machine(Setting(tmp_path, "none"))}
    assert rows["machine"].figures["torch"] == torch.__version__
    assert rows["predict on the CPU with PyAV and torch"].outcome == "passed"
    assert "failed" not in {row.outcome for row in rows.values()}


def test_an_unknown_check_is_refused() -> None:
    script = ROOT / "benchmarks" / "gpu_check.py"
    ended = subprocess.run(
        [sys.executable, str(script), "--only", "speeds"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "there is no check 'speeds'" in ended.stderr


def test_without_nvdec_the_cpu_gives_the_frames_and_the_rows_say_why(tmp_path: Path) -> None:
    rows = list(check_decoding(Setting(tmp_path, "none", quick=True)))
    assert len(rows) == 6
    if not torch.cuda.is_available():
        assert [row.outcome for row in rows] == ["not possible here"] * 3 + ["passed"] * 2 + ["not possible here"]
        assert {row.reason for row in rows} == {"no GPU here", ""}
    assert [row.figures["largest change"] for row in rows[:3]] == [0, 0, 0]


def test_other_frames_than_were_painted_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the GPU gave each time the frame before."""
    read = gpu_check_decoding._read

    def wrong(path: Path, device: str, *, isolated: bool) -> object:
        samples, report, seconds = read(path, "cpu", isolated=isolated)
        if device == "gpu":
            pictures = [samples[0].rgb, *(sample.rgb for sample in samples[:-1])]
            samples = [replace(sample, rgb=rgb) for sample, rgb in zip(samples, pictures, strict=True)]
            report = replace(report, decoder="pyav on GPU")
        return samples, report, seconds

    monkeypatch.setattr(gpu_check_decoding, "_read", wrong)
    monkeypatch.setattr(gpu_check_decoding, "QUICK", ("H.264, 8 bit",))
    rows = list(check_decoding(Setting(tmp_path, "cuda", quick=True)))
    assert [row.outcome for row in rows[:2]] == ["failed"] * 2
    assert rows[0].reason == "other frames than were painted; other pixels than on the CPU"


def test_a_cropped_video_is_smaller_than_what_was_painted(tmp_path: Path) -> None:
    found = probe(write_case(tmp_path / "cropped.mp4", CASES["H.264, cropped at left and top"]))
    assert (found.shown_width, found.shown_height) == (256, 224)


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pictures of noise."""
    pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 64, 3), dtype=np.uint8)
    monkeypatch.setattr(gpu_check_encoding, "_pictures", lambda count: pictures)


@pytest.mark.usefixtures("small_pictures")
def test_the_cpu_in_place_of_the_gpu_gives_the_same_features(tmp_path: Path) -> None:
    rows = {row.name: row for row in check_features(Setting(tmp_path, "cpu", quick=True))}
    assert {row.outcome for row in rows.values()} == {"passed"}
    assert 0 < float(rows["features half"].figures["mean change"]) < 0.004


@pytest.mark.usefixtures("small_pictures")
def test_features_that_differ_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = gpu_check_encoding._network
    calls: Iterator[int] = iter(range(1000))

    class Worse:
        """Features that are off by a hundredth, and by another number each time."""

        def __init__(self, setting: Setting, precision: str) -> None:
            self._network = network(setting, precision)

        def run(self, frames: gpu_check_encoding.Pictures) -> gpu_check_encoding.Values:
            return self._network.run(frames) + np.float32(0.01 + 1e-4 * next(calls))

    monkeypatch.setattr(gpu_check_encoding, "_network", Worse)
    outcomes = {row.name: row.outcome for row in check_features(Setting(tmp_path, "cpu", quick=True))}
    assert outcomes["features float32"] == outcomes["features alone"] == "failed"


def test_an_encoder_that_differs_on_the_gpu_is_noticed(tmp_path: Path) -> None:
    rows = list(check_encoders(Setting(tmp_path, "none")))
    assert [row.outcome for row in rows] == ["not possible here"] * 4
    pictures = np.zeros((2, 4, 4, 3), np.uint8)
    features = np.array([[1.0, -4.0], [2.0, 3.0]], np.float32)
    for change, outcome in ((0.003, "passed"), (0.005, "failed")):
        given = {"cpu": features, "cuda": features + np.float32(change)}
        row = _row("a", lambda device, given=given: lambda inputs: given[device], pictures, Setting(tmp_path, "cuda"))  # type: ignore[misc]
        assert row.outcome == outcome
        assert row.figures["largest change, of the largest"] == pytest.approx(change / 4, rel=1e-3)


def test_speed_leaves_starting_out() -> None:
    words = "\n".join(profile_lines(Profile(samples=9, waiting=Phase(3.5, 0.1), encode=Phase(1.25, 1.0)), 9.0))
    clip, side = Clip(20, 1280, 720), Side((), few=2, many=8)
    one_core = speed_row("one core", clip, side, [Run(9.0, ""), Run(21.0, words)], None)
    assert one_core.figures["x real time"] == pytest.approx(10)  # 120 s of video in 12 s
    assert one_core.figures["waiting s, all workers"] == 3.5
    assert one_core.figures["encode s, all workers"] == 1.25
    on_gpu = speed_row("GPU", clip, Side((), 4, 64), [Run(9.0, ""), Run(14.0, "")], one_core)
    assert on_gpu.figures["over one core"] == pytest.approx(24)
    assert aim_row("predict", [on_gpu]).outcome == "passed"
    slow = speed_row("GPU", clip, Side((), 4, 64), [Run(9.0, ""), Run(19.0, "")], one_core)
    assert aim_row("predict", [slow]).outcome == "failed"
    assert aim_row("predict", [slow, on_gpu]).figures["best"] == "GPU"
    unsteady = speed_row("GPU", clip, side, [Run(9.0, ""), Run(8.9, "")], one_core)
    assert unsteady.outcome == "not possible here"
    assert aim_row("predict", [unsteady]).outcome == "not possible here"


def test_clips_for_speed_last_what_they_say(tmp_path: Path) -> None:
    folder = copy_clip(write_clip(tmp_path / "clip.mp4", Clip(1, 160, 120)), 3)
    assert sorted(path.name for path in folder.iterdir()) == ["0000.mp4", "0001.mp4", "0002.mp4"]
    found = probe(folder / "0002.mp4")
    assert (found.frames, found.shown_width) == (30, 160)
    assert found.duration_s == pytest.approx(1)
