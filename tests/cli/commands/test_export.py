"""`vidlabel export` as it is called; what it writes is tested in tests/export."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import call
from heads.example_specs import mixed_spec, save_example, video_spec

pytestmark = pytest.mark.usefixtures("shared_encoders")


def test_it_says_what_the_files_take_and_give(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_example(video_spec(), Path("m.safetensors"))
    ended = call(capfd, "export", "m.safetensors", "-o", "m.onnx")
    assert (ended.status, ended.output) == (0, "")
    heads, encoder, checked = ended.errors.splitlines()
    assert heads == (
        "m.onnx: features (T, 1280) of frames at 4 a second, to scores (T, 3), with the state to go on with"
    )
    assert encoder == "m.frames.onnx: (B, H, W, 3) uint8, RGB, to features (B, 1280) of frames"
    assert checked.startswith("checked in ONNX Runtime: scores differ by ")
    assert call(capfd, "export", "m.safetensors", "-o", "m.onnx", "--quiet").errors == ""


def test_what_is_not_in_the_files_is_a_warning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_example(mixed_spec(), Path("m.safetensors"))
    ended = call(capfd, "export", "m.safetensors", "-o", "m.onnx", "--quiet")
    assert ended.status == 0
    *streams, window = ended.errors.splitlines()
    assert [line.split(": the model")[0] for line in streams] == [
        f"warning: no file makes the features of {name}" for name in ("frames", "motion")
    ]
    assert window == (
        "warning: the model looks at whole windows, and cannot stream: m.onnx takes windows of 8 samples (2 s), "
        "and gives one row of scores for each"
    )


def test_an_interruption_is_one_line(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidlabel.cli.run.export.export_onnx", interrupted)
    ended = call(capfd, "export", "objects", "-o", "m.onnx")
    assert (ended.status, ended.errors) == (130, "interrupted: the heads were not written\n")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("none.safetensors", "-o", "m.onnx"), 1, "error: none.safetensors: there is no such file; "),
        (("objcts", "-o", "m.onnx"), 2, "error: --model: there is no model called 'objcts'; did you mean objects?"),
        (("objects", "-o", "m.pt"), 2, "error: --output: 'm.pt' does not end with .onnx; end it so\n"),
        (("objects", "-o", ""), 2, "error: --output: '' does not end with .onnx; end it so\n"),
        (("objects", "-o", "m.onnx", "--streams", ""), 2, "error: --streams: '' are not streams of objects; give "),
        (("people", "-o", "file/m.onnx"), 1, "error: file/m.onnx: cannot be written ("),
    ],
)
def test_bad_arguments_are_one_line(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    ended = call(capfd, "export", *arguments)
    assert (ended.status, ended.output) == (status, "")
    assert ended.errors.startswith(message)
    assert ended.errors.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
