"""Results in all formats, output folders with their records, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.results.made import result, write
from vidlabel.batch.records import Record, Records, table_state_folder
from vidlabel.report.results.content import LabelledSpan
from vidlabel.report.results.reading import read_sources

DOG = (1.0, 2.5, "dog", 0.9)


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "srt", "vtt"])
def test_every_format_gives_the_same_segments(tmp_path: Path, ending: str) -> None:
    sources = read_sources([write(tmp_path / f"clip.mp4.{ending}", result("clip.mp4", DOG))])
    (video,) = sources.videos
    assert video.path == "clip.mp4"
    (track,) = video.tracks
    assert [(span.start, span.end, span.label) for span in track.spans] == [DOG[:3]]
    assert track.spans[0].score == (None if ending in ("srt", "vtt") else 0.9)


def test_an_output_folder_gives_the_states_of_its_records(tmp_path: Path) -> None:
    records = Records(tmp_path)
    states = {
        "a.mp4.csv": Record("v/a.mp4", "f", "done", duration=8.0),
        "b.mp4.csv": Record("v/b.mp4", "f", "done", partial=True, reason="b.mp4: half is lost"),
        "c.mp4.csv": Record("v/c.mp4", "f", "failed", reason="c.mp4: is empty"),
        "d.mp4.csv": Record("v/d.mp4", "f", "started"),
        "e.mp4.csv": Record("v/e.mp4", "f", "done"),
    }
    for name, record in states.items():
        records.write(tmp_path / name, record)
    write(tmp_path / "a.mp4.csv", result("v/a.mp4"))  # no label holds
    write(tmp_path / "b.mp4.csv", result("v/b.mp4", DOG))
    write(tmp_path / "stray.csv", result("v/z.mp4", DOG))
    sources = read_sources([tmp_path])
    found = {video.path: (video.status, video.reason) for video in sources.videos}
    assert found == {
        "v/a.mp4": ("ok", ""),
        "v/b.mp4": ("partial", "b.mp4: half is lost"),
        "v/c.mp4": ("failed", "c.mp4: is empty"),
        "v/d.mp4": ("unfinished", "labelling was begun and did not end"),
        "v/e.mp4": ("unfinished", "its labels are missing"),
    }
    assert sources.videos[0].duration == 8.0
    assert [track.spans for track in sources.videos[0].tracks] == [()]
    assert "stray.csv" in sources.warnings[0]


def test_a_table_knows_videos_without_rows_by_its_records(tmp_path: Path) -> None:
    table = write(tmp_path / "all.csv", result("a.mp4", DOG))
    records = Records(table_state_folder(table))
    for name, state in (("a.mp4", "done"), ("b.mp4", "done"), ("c.mp4", "failed")):
        record = Record(name, "f", "failed" if state == "failed" else "done", reason="", duration=5.0)
        records.write(table_state_folder(table) / f"{name}.json", record)
    found = {video.path: video for video in read_sources([table]).videos}
    assert {path: video.status for path, video in found.items()} == {"a.mp4": "ok", "b.mp4": "ok", "c.mp4": "failed"}
    assert found["b.mp4"].duration == 5.0
    assert [track.name for track in found["b.mp4"].tracks] == [track.name for track in found["a.mp4"].tracks]


def test_a_folder_without_records_gives_its_files(tmp_path: Path) -> None:
    write(tmp_path / "more" / "clip10.json", result("clip10.mp4"))
    write(tmp_path / "clip2.csv", result("clip2.mp4", DOG))
    (tmp_path / "notes.txt").write_text("no labels")
    (tmp_path / "other.json").write_text("{}")
    sources = read_sources([tmp_path])
    assert {video.path for video in sources.videos} == {"clip10.mp4", "clip2.mp4"}
    assert [error.subject for error in sources.unreadable] == [str(tmp_path / "other.json")]


def test_another_version_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", result("a.mp4"))
    path.write_text(path.read_text().replace("vidlabel.result/1", "vidlabel.result/2"))
    (error,) = read_sources([path]).unreadable
    assert "vidlabel.result/2" in str(error)


def test_a_broken_line_costs_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "all.jsonl", result("a.mp4"), result("b.mp4"))
    path.write_text(path.read_text() + '{"schema": "vidlabel.result/1", "sta')
    sources = read_sources([path])
    assert [video.path for video in sources.videos] == ["a.mp4", "b.mp4"]
    assert [error.subject for error in sources.unreadable] == [f"{path}, line 3"]


@pytest.mark.parametrize("name", ["missing.json", "empty"])
def test_what_is_not_there_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    sources = read_sources([tmp_path / name])
    assert not sources.videos
    assert len(sources.unreadable) == 1


def test_annotators_have_tracks_of_their_own(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("video,start,end,label,annotator\na.mp4,1,2,dog,Zoë\na.mp4,0,3,dog,Ann\na.mp4,,,day,Ann\n")
    (video,) = read_sources([table]).videos
    assert [track.name for track in video.tracks] == ["Ann", "Zoë"]
    assert video.tracks[0].spans == (
        LabelledSpan(0.0, 3.0, "dog", None),
        LabelledSpan(0.0, float("inf"), "day", None),
    )
