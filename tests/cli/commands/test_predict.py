"""`vidlabel predict` as its users run it: one video, many, lists, and what comes out."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from command_line import call
from corpus import Recipe, write_video
from terminal import shown_on_terminal
from vidlabel.labels.formats.json import result_schema

EXAMPLE = Path(__file__).parents[3] / "examples" / "bottle-detection.mp4"
EVERYTHING = ("--model", "objects", "--threshold", "0", "--min-duration", "0")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of painted video."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=25))


@pytest.fixture
def folder(clip: Path, tmp_path: Path) -> Path:
    """Three videos, one of them broken, and other files."""
    folder = tmp_path / "videos"
    (folder / "more").mkdir(parents=True)
    for name in ("a.mp4", "more/a.mp4"):
        shutil.copy(clip, folder / name)
    (folder / "b.mkv").write_text("no video")
    (folder / "notes.txt").write_text("notes")
    return folder


def test_the_example_is_a_bottle_all_the_time(capfd: pytest.CaptureFixture[str]) -> None:
    """Its first seconds; the whole clip is the README's first command."""
    ended = call(capfd, "predict", EXAMPLE, "--end", "8")
    result = json.loads(ended.output)
    jsonschema.validate(result, result_schema())
    held = sum(segment["end"] - segment["start"] for segment in result["segments"] if segment["label"] == "bottle")
    assert held >= 0.9 * 8
    assert {segment["label"] for segment in result["segments"]} == {"bottle"}
    assert result["run"]["decoder"] == "pyav: frames that no sample needs are skipped"


def test_the_same_input_gives_the_same_bytes(capfd: pytest.CaptureFixture[str], clip: Path) -> None:
    first, second = (call(capfd, "predict", clip, *EVERYTHING, "--scores").output for _ in range(2))
    assert first
    assert first == second


def test_scores_are_probabilities_of_each_sample(capfd: pytest.CaptureFixture[str]) -> None:
    options = ("--end", "3", "--rate", "2", "--scores", "--top", "2")
    (scores,) = json.loads(call(capfd, "predict", EXAMPLE, *EVERYTHING, *options).output)["scores"]
    assert scores["model"] == "objects"
    assert len(scores["times"]) == len(scores["values"]) == 6
    assert "water bottle" in scores["labels"]
    assert all(len(row) == 2 and min(row) >= 0 and sum(row) <= 1.0001 for row in scores["values"])


@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv", "srt", "vtt"])
def test_every_format_to_a_file_and_to_standard_output(
    capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"out.{suffix}"
    assert call(capfd, "predict", clip, *EVERYTHING, "-o", path).status == 0
    printed = call(capfd, "predict", clip, *EVERYTHING, "--format", suffix)
    assert printed.output == path.read_bytes().decode()
    assert printed.output


def test_a_terminal_gets_a_table() -> None:
    shown = shown_on_terminal([sys.executable, "-m", "vidlabel", "predict", str(EXAMPLE), "--end", "3", "--quiet"])
    for words in ("bottle-detection.mp4", "640x360", "bottle", "0:00.00", "█"):
        assert words in shown


def test_a_folder_with_a_broken_file(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    ended = call(capfd, "predict", folder, "-m", "objects", "-o", out, "--summary", tmp_path / "s.csv")
    assert ended.status == 3
    assert f"error: {folder / 'b.mkv'}: " in ended.errors
    assert f"2 done, 0 skipped, 1 failed; left out: {folder / 'notes.txt'};" in ended.errors
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.json") if ".vidlabel" not in p.parts) == [
        "a.mp4.json",
        "more/a.mp4.json",
    ]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text())))
    assert [row["status"] for row in rows] == ["done", "failed", "done", "left out"]
    before = {path: path.read_bytes() for path in out.rglob("*.json")}

    again = call(capfd, "predict", folder, "-m", "objects", "-o", out)
    assert again.status == 3
    assert "0 done, 2 skipped, 1 failed" in again.errors
    assert {path: path.read_bytes() for path in out.rglob("*.json")} == before

    planned = call(capfd, "predict", folder, "-m", "objects", "-o", out, "--rate", "3", "--dry-run")
    assert planned.output.splitlines() == [
        f"label  {folder / 'a.mp4'}  (the video, the model or the options changed)",
        f"label  {folder / 'b.mkv'}  (the video, the model or the options changed)",
        f"label  {folder / 'more' / 'a.mp4'}  (the video, the model or the options changed)",
        f"leave  {folder / 'notes.txt'}  (not called like a video)",
    ]
    status = call(capfd, "status", out)
    assert status.output.startswith("2 done, 0 partial, 1 failed, 0 unfinished\nfailed: ")


@pytest.mark.usefixtures("in_one_process")
def test_one_table_for_a_folder(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    options = (*EVERYTHING, "-o", tmp_path / "all.csv")
    (folder / "b.mkv").unlink()
    assert call(capfd, "predict", folder, *options).status == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text())))
    assert [row["video"] for row in rows][:1] == [str(folder / "a.mp4")]
    assert {row["video"] for row in rows} == {str(folder / "a.mp4"), str(folder / "more" / "a.mp4")}
    written = (tmp_path / "all.csv").read_bytes()
    again = call(capfd, "predict", folder, *options)
    assert "0 done, 2 skipped" in again.errors
    assert (tmp_path / "all.csv").read_bytes() == written
    assert call(capfd, "status", tmp_path / "all.csv").output.startswith("2 done")


@pytest.mark.usefixtures("in_one_process")
def test_the_summary_names_what_each_mode_wrote(
    capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    one, broken = folder / "a.mp4", folder / "b.mkv"
    labels, table, alone, summary = (str(tmp_path / name) for name in ("labels", "all.csv", "one.srt", "s.json"))
    for arguments, outputs in {
        (one, broken, "-o", labels): [str(tmp_path / "labels" / "a.mp4.json"), ""],
        (one, broken, "-o", table): [table, ""],
        (one, "-o", alone): [alone],
        (one, broken): ["-", ""],
        (one,): ["-"],
    }.items():
        for _ in range(2 if "-o" in arguments else 1):  # The second run skips what is done, which has the same output.
            call(capfd, "predict", *arguments, "-m", "objects", "--summary", summary)
            assert [row["output"] for row in json.loads(Path(summary).read_text())] == outputs


@pytest.mark.usefixtures("in_one_process")
def test_many_to_standard_output_in_the_order_given(capfd: pytest.CaptureFixture[str], folder: Path) -> None:
    ended = call(capfd, "predict", folder / "more" / "a.mp4", folder / "b.mkv", folder / "a.mp4", "-m", "objects")
    assert ended.status == 3
    results = [json.loads(line) for line in ended.output.splitlines()]
    assert [result["video"]["path"] for result in results] == [str(folder / "more" / "a.mp4"), str(folder / "a.mp4")]


@pytest.mark.usefixtures("in_one_process")
def test_lists_and_standard_input(
    capfd: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("list").write_bytes(b"a.mp4\nmore/a.mp4\n")
    listed = call(capfd, "predict", "@list", "-m", "objects", "--format", "csv")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.mp4\0more/a.mp4\0")))
    piped = call(capfd, "predict", "-", "-m", "objects", "--format", "csv")
    assert (listed.status, piped.status) == (0, 0)
    assert listed.output == piped.output


def test_one_file_into_one_file_is_skipped_when_done(
    capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "clip.json"
    call(capfd, "predict", clip, "-m", "objects", "-o", path)
    first = path.stat()
    call(capfd, "predict", clip, "-m", "objects", "-o", path)
    assert path.stat().st_ino == first.st_ino
    call(capfd, "predict", clip, "-m", "objects", "-o", path, "--rate", "5")
    assert path.stat().st_ino != first.st_ino


def test_modules_in_the_working_folder_are_not_imported(clip: Path, tmp_path: Path) -> None:
    for name in ("random.py", "queue.py", "torch.py", "vidlabel.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the working folder')")
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(clip, tmp_path / name)
    script = Path(sys.executable).with_name("vidlabel")
    command = [str(script), "predict", "a.mp4", "b.mp4", "-m", "objects", "-o", "out", "--workers", "1"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_an_input_is_never_changed(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    before = (clip.read_bytes(), clip.stat().st_mtime_ns, sorted(clip.parent.iterdir()))
    for options in ((), ("--decoder", "pyav"), ("--keyframes",), ("-o", tmp_path / "out")):
        assert call(capfd, "predict", clip, "-m", "objects", *options).status == 0
    assert (clip.read_bytes(), clip.stat().st_mtime_ns, sorted(clip.parent.iterdir())) == before


def test_a_reader_that_goes_away_is_no_traceback(clip: Path) -> None:
    command = (
        f"{sys.executable} -m vidlabel predict {clip} {clip}.mp4 -m objects --format csv --scores --workers 1 | true"
    )
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("in_one_process")
def test_odd_names_work(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    names = [
        "-dash.mp4",
        "new\nline.mp4",
        "50%.mp4",
        'it\'s "quoted".mp4',
        "a:b.mp4",
        os.fsdecode(b"caf\xe9.mp4"),
        "x" * 240 + ".mp4",
    ]
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in names:
        shutil.copy(clip, videos / name)
    ended = call(capfd, "predict", videos, "-m", "objects", "-o", tmp_path / "out")
    assert ended.status == 0, ended.errors
    assert len(list((tmp_path / "out").glob("*.json"))) == len(names)


def test_an_unreadable_output_folder_is_one_error(
    capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = call(capfd, "predict", folder, "-o", tmp_path / "file" / "labels")
    assert ended.status == 1
    assert ended.errors.count("error:") == 1
    assert "cannot be written" in ended.errors


def test_permissions_of_outputs_are_the_usual_ones(
    capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path
) -> None:
    call(capfd, "predict", clip, "-o", tmp_path / "a.json")
    (tmp_path / "usual").touch()
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


TWO = ("-m", "objects", "-m", "objects-coarse", "--threshold", "0", "--min-duration", "0")


@pytest.mark.usefixtures("in_one_process")
def test_several_models_in_folders_and_tables(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    (folder / "b.mkv").unlink()
    table = tmp_path / "all.csv"
    assert call(capfd, "predict", folder, "-o", table, *TWO).status == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert {(row["video"], row["model"]) for row in rows} == {
        (str(path), model)
        for path in (folder / "a.mp4", folder / "more" / "a.mp4")
        for model in ("objects", "objects-coarse")
    }
    printed = call(capfd, "predict", folder / "a.mp4", folder / "more" / "a.mp4", *TWO, "--format", "csv").output
    assert printed.splitlines() == table.read_text().splitlines()

    labels = tmp_path / "labels"
    assert call(capfd, "predict", folder, "-o", labels, *TWO).status == 0
    found = json.loads((labels / "a.mp4.json").read_text())
    jsonschema.validate(found, result_schema())
    for name in ("objects", "objects-coarse"):
        alone = json.loads(call(capfd, "predict", folder / "a.mp4", "-m", name, *TWO[4:]).output)
        assert [model["name"] for model in alone["models"]] == [name]
        assert [{**segment, "model": name} for segment in alone["segments"]] == [
            segment for segment in found["segments"] if segment["model"] == name
        ]
    assert "0 done, 2 skipped" in call(capfd, "predict", folder, "-o", labels, *TWO).errors
    other_order = ("-m", "objects-coarse", "-m", "objects", *TWO[4:])
    plan = call(capfd, "predict", folder, "-o", labels, *other_order, "--dry-run").output
    assert plan.count("the video, the model or the options changed") == 2


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_two_models_of_one_name_are_refused(
    capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    out = tmp_path / "labels"
    ended = call(capfd, "predict", clip, "-o", f"{out}/", "-m", "objects", "-m", "objects", *more)
    assert ended.status == 2
    assert ended.errors == "error: --model: 'objects' is named twice; name each model once\n"
    assert not list(tmp_path.rglob("*.json"))
