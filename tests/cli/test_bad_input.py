"""Every input that cannot work is one line of error, the right exit status, and nothing written."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from command_line import call
from corpus import Recipe, write_video
from training.sets import write_table

EXAMPLE = Path(__file__).parents[2] / "examples" / "bottle-detection.mp4"


def write_audio(path: Path) -> None:
    import av
    import numpy as np

    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def make_bad(kind: str, folder: Path) -> Path:
    """A path that is no readable video."""
    path = folder / f"{kind}.mp4"
    match kind:
        case "missing":
            pass
        case "empty":
            path.touch()
        case "text":
            path.write_text("Dear diary,\n" * 100)
        case "audio":
            write_audio(path)
        case "playlist":
            path.write_text(f"#EXTM3U\n#EXTINF:10,\nfile://{EXAMPLE}\n#EXT-X-ENDLIST\n")
        case "concat":
            path.write_text(f"ffconcat version 1.0\nfile '{EXAMPLE}'\n")
        case "cut":
            path.write_bytes(EXAMPLE.read_bytes()[:2000])
        case "fifo":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "loop":
            path.symlink_to(path)
    return path


KINDS = ["missing", "empty", "text", "audio", "playlist", "concat", "cut", "fifo", "device", "loop"]


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_no_videos(capfd: pytest.CaptureFixture[str], tmp_path: Path, kind: str) -> None:
    path = make_bad(kind, tmp_path)
    for output in ([], ["-o", str(tmp_path / "out.json")]):
        ended = call(capfd, "predict", path, *output)
        assert ended.status == 1
        assert ended.output == ""
        lines = ended.errors.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(f"error: {path}: ")
        assert "; " in lines[0]
    assert not (tmp_path / "out.json").exists()
    assert call(capfd, "info", path).status == 1


def test_a_folder_without_videos(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    ended = call(capfd, "predict", tmp_path)
    assert (ended.status, ended.output) == (1, "")
    assert ended.errors == (
        f"error: {tmp_path}: holds no videos (left out: {tmp_path / 'notes.txt'}); "
        "name a file to take it whatever it is called\n"
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("predict", EXAMPLE, "-o", ""), "--output: is empty; "),
        (("features", EXAMPLE, "-o", ""), "--output: is empty; "),
        (("evaluate", "labels.csv", "-o", ""), "--output: is empty; "),
        (("train", "labels.csv", "-o", ""), ".: is a folder where a model file is needed; "),
        (("train", "labels.csv", "-o", "clips"), "clips: is a folder where a model file is needed; "),
    ],
    ids=["predict", "features", "evaluate", "train", "train into a folder"],
)
def test_an_output_without_a_name_writes_nothing(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str | Path, ...],
    problem: str,
) -> None:
    """An empty name is what a shell makes of a variable that is not set; to Python it is the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips").mkdir()
    write_table(tmp_path, "clips/a.npz,,,run\nclips/b.npz,,,walk\n", ["clips/a.npz", "clips/b.npz"])
    before = sorted(tmp_path.rglob("*"))
    ended = call(capfd, *arguments)
    assert (ended.status, ended.output) == (2, "")
    assert f"error: {problem}" in ended.errors
    assert "Traceback" not in ended.errors
    assert sorted(tmp_path.rglob("*")) == before


def test_lists_that_are_not_there(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing is left to do: no output appears, and the summary names the list."""
    missing, summary = tmp_path / "list.txt", tmp_path / "s.csv"
    expected = f"error: {missing}: cannot be read (No such file or directory); check the path and its permissions\n"
    for output in ("one.json", "out/"):
        command = ("predict", f"@{missing}", "-o", tmp_path / output, "--summary", summary)
        dry = call(capfd, *command, "--dry-run")
        assert (dry.status, dry.output, dry.errors) == (1, "", expected)
        assert list(tmp_path.iterdir()) == []
        real = call(capfd, *command)
        assert (real.status, real.output, real.errors) == (1, "", expected)
        assert summary.read_text().splitlines()[1].startswith(f"{missing},failed,")
        assert list(tmp_path.iterdir()) == [summary]
        summary.unlink()


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", "secret/a.mp4"),
        ("predict", "secret/a.mp4"),
        ("predict", "secret"),
        ("predict", "@secret/list.txt"),
        ("predict", EXAMPLE, "--model", "secret/m.safetensors"),
        ("predict", EXAMPLE, "-o", "secret/o.json", "--end", "1"),
        ("features", "secret/a.mp4", "-o", "out"),
        ("status", "secret/out"),
        ("train", "secret/labels.csv", "--check"),
        ("train", "--from-folders", "secret/clips", "--check"),
        ("evaluate", "secret/labels.csv", "-o", "secret/out"),
        ("info", "x" * 300 + ".mp4"),
        ("predict", "x" * 300 + ".mp4"),
        ("status", "x" * 300),
    ],
    ids=lambda arguments: " ".join(map(str, arguments))[:40],
)
def test_a_path_that_may_not_be_looked_at(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str | Path, ...],
) -> None:
    """In place of a folder that may not be entered, since permissions do not bind whoever runs the tests as root."""
    monkeypatch.chdir(tmp_path)

    def guarded(real: Callable[..., object]) -> Callable[..., object]:
        def look(path: object, *rest: object, **named: object) -> object:
            if isinstance(path, str | Path) and Path(path).parts[:1] == ("secret",):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *rest, **named)

        return look

    for module, name in ((os, "stat"), (os, "lstat"), (os, "scandir"), (os, "mkdir"), (io, "open")):
        monkeypatch.setattr(module, name, guarded(getattr(module, name)))
    ended = call(capfd, *arguments)
    assert (ended.status, ended.output) in [(1, ""), (2, "")]
    assert ended.errors.startswith("error: ")
    assert ended.errors.count("\n") == 1
    assert "--debug" not in ended.errors


@pytest.mark.parametrize(
    "options",
    [
        ("--rate", "0"),
        ("--rate", "-1"),
        ("--rate", "nan"),
        ("--rate", "inf"),
        ("--start", "5", "--end", "5"),
        ("--end", "-1"),
        ("--start", "nan"),
        ("--threshold", "1.5"),
        ("--min-duration", "-1"),
        ("--top", "0"),
        ("--workers", "0", "-o", "out"),
        ("--timeout", "0"),
        ("--device", "tpu"),
        ("--model", "no-such-model"),
        ("-o", "out.txt"),
        ("-o", "clip.mp4"),
        ("--format", "xml"),
        ("--summary", "s.txt"),
    ],
    ids=" ".join,
)
def test_wrong_usage(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call(capfd, "predict", EXAMPLE, *options)
    assert (ended.status, ended.output) == (2, "")
    assert "rror: " in ended.errors
    assert "Traceback" not in ended.errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    ended = call(capfd, "predict", EXAMPLE, "--device", "cuda", "--end", "1")
    assert ended.status == 2
    assert ended.errors.startswith("error: --device cuda: ")


def test_a_gpu_that_cannot_decode_is_said_and_the_cpu_used(capfd: pytest.CaptureFixture[str]) -> None:
    ended = call(capfd, "predict", EXAMPLE, "--decode-device", "gpu", "--end", "1", "--format", "csv")
    assert ended.status == 0
    assert "warning: " in ended.errors
    assert "decoding on the CPU" in ended.errors
    refused = call(capfd, "predict", EXAMPLE, "--require-gpu-decode", "--end", "1")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == f"error: {EXAMPLE}: no GPU decodes this video here; leave --require-gpu-decode out\n"


@pytest.mark.parametrize(
    "content", [b"", b"no model", b"\x10\0\0\0\0\0\0\0{}", bytes(1000)], ids=["empty", "text", "cut", "zeros"]
)
def test_files_that_are_no_models(capfd: pytest.CaptureFixture[str], tmp_path: Path, content: bytes) -> None:
    model = tmp_path / "m.safetensors"
    model.write_bytes(content)
    for command in (["predict", str(EXAMPLE), "--model", str(model)], ["info", str(model)]):
        ended = call(capfd, *command)
        assert ended.status == 1
        assert ended.errors.startswith(f"error: {model}: ")
        assert len(ended.errors.splitlines()) == 1


def test_a_failure_can_be_looked_into(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from vidlabel.errors import VidlabelError

    with pytest.raises(VidlabelError):
        call(capfd, "predict", tmp_path, "--debug")


@pytest.mark.slow
def test_words_of_decoders_stand_behind_each_failed_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cut = make_bad("cut", tmp_path)
    again = cut.rename(tmp_path / "again.mp4")
    make_bad("cut", tmp_path)
    commands: list[tuple[int, list[str | Path]]] = [
        (1, ["predict", cut]),
        (2, ["predict", cut, again, "-o", tmp_path / "out", "--workers", "1"]),
        (2, ["features", cut, again, "-o", tmp_path / "features"]),
    ]
    for files, command in commands:
        ended = call(capfd, *command, "--debug")
        assert (ended.status, ended.output) == (1, "")
        assert len(re.findall(r"NativeOutput: .*moov atom not found\n", ended.errors)) == files
        assert ended.errors.count("Traceback") == files


@pytest.mark.usefixtures("in_one_process")
def test_one_bad_file_does_not_stop_the_rest(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = write_video(tmp_path / "good.mp4", Recipe(frames=10))
    bad = make_bad("text", tmp_path)
    ended = call(capfd, "predict", bad, good, "--format", "csv")
    assert ended.status == 3
    assert ended.output.startswith("video,start,end,label,score")
