"""Time budgets are those computed by hand."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

from report.results.made import spans, video
from vidlabel.errors import UsageError
from vidlabel.report.results.content import LabelTrack
from vidlabel.report.results.time_budget import (
    check_time_budget,
    overall_time_budget,
    time_budget,
    write_time_budget,
)

FIRST = video("a.mp4", [("m", spans((0, 2, "dog"), (1, 4, "dog"), (9, 12, "dog"), (5, 5, "bark")))], 10.0)
SECOND = video("b.mp4", [("m", spans((0, 30, "dog")))], 50.0)
EMPTY = video("c.mp4", [("m", ())], 60.0)


def test_one_video() -> None:
    bark, dog = time_budget(FIRST)
    # 2 + 3 + 3 s; held from 0 to 4 and from 9 to the end at 10.
    assert (dog.count, dog.total_s, dog.longest_s, dog.held_s) == (3, 8.0, 3.0, 5.0)
    assert dog.mean_s == pytest.approx(8 / 3)
    assert (dog.share, dog.per_minute) == (0.5, 18.0)
    assert (bark.count, bark.total_s, bark.share, bark.per_minute) == (1, 0.0, 0.0, 6.0)


def test_all_videos_count_whether_the_label_holds_or_not() -> None:
    dog, bark = overall_time_budget([FIRST, SECOND, EMPTY])
    assert (dog.count, dog.total_s, dog.longest_s) == (4, 38.0, 30.0)
    assert dog.share == pytest.approx(35 / 120)
    assert dog.per_minute == 2.0
    assert bark.per_minute == 0.5


def test_the_truth_comes_first() -> None:
    true = replace(SECOND, truth=LabelTrack("truth", spans((0, 5, "dog"))))
    assert [one.track for one in overall_time_budget([FIRST, true])] == ["truth", "m", "m"]
    assert [(one.track, one.total_s) for one in time_budget(true)] == [("truth", 5.0), ("m", 30.0)]


def test_an_unknown_duration_leaves_shares_open() -> None:
    unknown = video("d.mp4", [("m", spans((0, 3, "dog")))], None)
    (dog,) = time_budget(unknown)
    assert (dog.total_s, dog.share, dog.per_minute) == (3.0, None, None)
    assert overall_time_budget([SECOND, unknown])[0].share is None


def test_the_table(tmp_path: Path) -> None:
    write_time_budget([FIRST, SECOND], tmp_path / "budget.csv")
    with (tmp_path / "budget.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["video"] for row in rows] == ["a.mp4", "a.mp4", "b.mp4", "", ""]
    assert list(rows[1].values()) == [
        "a.mp4", "m", "dog", "3", "8.000", "2.667", "3.000", "0.5000", "18.0000", "10.000",
    ]  # fmt: skip
    assert pandas.read_csv(tmp_path / "budget.csv")["total_s"].sum() == pytest.approx(2 * (8 + 30))


@pytest.mark.parametrize(("name", "content"), [("budget.txt", None), ("labels.csv", "video,start,end,label\n")])
def test_other_files_are_not_replaced(tmp_path: Path, name: str, content: str | None) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(UsageError):
        check_time_budget(tmp_path / name)


def test_an_older_budget_is_replaced(tmp_path: Path) -> None:
    write_time_budget([FIRST], tmp_path / "budget.csv")
    check_time_budget(tmp_path / "budget.csv")
