"""`vidlabel report`: files, exit statuses, and what it refuses."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import vidlabel
from command_line import call
from report.results.made import result, write
from vidlabel.cli.commands.report import DEFAULT_THUMBNAILS
from vidlabel.report.results import thumbnails

DOG = (1.0, 2.5, "dog", 0.9)


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "labels.csv", result("vidéo.mp4", DOG))


def test_the_default_is_that_of_the_library() -> None:
    assert DEFAULT_THUMBNAILS == thumbnails.DEFAULT_THUMBNAILS


def test_the_same_results_give_the_same_bytes(labels: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written = []
    for name in ("one", "two"):
        ended = call(capfd, "report", labels, "-o", "report.html", "--time-budget", "budget.csv", "--quiet")
        assert ended.status == 0, name
        written.append((Path("report.html").read_bytes(), Path("budget.csv").read_bytes()))
    assert written[0] == written[1]
    assert ended.errors.startswith("warning: vidéo.mp4: video not found")
    assert {path.name for path in Path().iterdir()} == {"labels.csv", "report.html", "budget.csv"}


def test_what_is_unreadable_is_named_and_the_rest_is_written(labels: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("bad.json").write_text('{"schema": "vidlabel.result/9"}')
    ended = call(capfd, "report", labels, "bad.json", "-o", "report.html")
    assert ended.status == 3
    assert "error: bad.json, line 1: is not a result of vidlabel: schema: is vidlabel.result/9" in ended.errors
    assert "bad.json, line 1: is not a result" in Path("report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["none.json", "-o", "report.html"], 1, "none.json: cannot be read (No such file or directory)"),
        (["rows.csv", "-o", "report.html"], 1, "rows.csv: names no videos"),
        (["labels.csv", "-o", "report.txt"], 2, "report.txt: is not a name that a report can have"),
        (["labels.csv", "-o", "mine.html"], 2, "mine.html: exists, and is no report"),
        (["labels.csv", "-o", ""], 2, "--output: is empty"),
        (["labels.csv", "-o", "report.html", "--videos", "labels.csv"], 2, "labels.csv is not a folder"),
        (["labels.csv", "-o", "report.html", "--thumbnails", "-1"], 2, "--thumbnails: -1 is out of range"),
        (
            ["labels.csv", "-o", "report.html", "--time-budget", "rows.csv"],
            2,
            "rows.csv: exists, and is no time budget",
        ),
        (["labels.csv", "-o", "report.html", "--truth", "mine.html"], 1, "mine.html"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    labels: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    Path("rows.csv").write_text("video,start,end,label\n")
    Path("mine.html").write_text("<p>mine</p>")
    ended = call(capfd, "report", *arguments)
    assert ended.status == status
    (line,) = ended.errors.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert not Path("report.html").exists()
    assert Path("mine.html").read_text() == "<p>mine</p>"


def test_a_folder_that_cannot_be_written_is_one_line(
    labels: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "replace", refuse)
    ended = call(capfd, "report", labels, "-o", "out/report.html")
    assert ended.status == 1
    assert ended.errors.splitlines()[-1].startswith("error: out/report.html: cannot be written (Read-only file system)")
    assert list(Path("out").iterdir()) == []


def test_the_function_takes_one_path_or_several(labels: Path) -> None:
    with pytest.warns(UserWarning, match="video not found"):
        one = vidlabel.write_report(labels, "report.html", thumbnails=0)
    with pytest.warns(UserWarning, match="video not found"):
        several = vidlabel.write_report([str(labels), labels], "report.html", thumbnails=0)
    assert [len(found.videos[0].tracks) for found in (one, several)] == [1, 2]
