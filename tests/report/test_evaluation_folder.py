"""What `evaluate -o` writes: whole, the same each time, and readable by others."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vidlabel
from evaluation.evaluated import telling_table
from labels.metrics.evaluations import best, clips, evaluation_of, timed
from vidlabel.errors import UsageError
from vidlabel.labels.metrics.evaluation import Evaluation, Predictions
from vidlabel.labels.result import Segment
from vidlabel.report.evaluation_folder import check_folder, prediction_lines, write_evaluation

pytestmark = pytest.mark.usefixtures("short_windows")


def seven_labels() -> Evaluation:
    """Clips of labels with names of all kinds."""
    generator = np.random.default_rng(0)
    names = tuple(f"label {number} $x_{number}$ \N{SNOWMAN WITHOUT SNOW}" * (1 + number % 3) for number in range(7))
    truth = generator.integers(0, 7, 70)
    scores = generator.random((70, 7)).astype(np.float32)
    return evaluation_of(clips(truth.tolist(), names), best(scores / scores.sum(axis=1, keepdims=True)))


def test_files_are_whole_and_the_same_each_time(tmp_path: Path) -> None:
    evaluation = vidlabel.evaluate(telling_table(tmp_path), folds=2, hidden=4, members=1, epochs=2, inner_folds=2)
    for name in ("first", "second"):
        write_evaluation(evaluation, tmp_path / name)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert first == second
    plots = ("confusion", "loss", "precision_recall", "reliability")
    assert set(first) == {"evaluation.json", "predictions.csv", *(f"{n}.{s}" for n in plots for s in ("png", "svg"))}
    assert json.loads(first["evaluation.json"])["data"]["videos"] == 12
    for name in plots:
        assert first[f"{name}.png"].startswith(b"\x89PNG")
        assert ElementTree.fromstring(first[f"{name}.svg"]).tag.endswith("svg")
        assert b"dc:date" not in first[f"{name}.svg"]


def test_odd_labels_and_more_than_there_is_room_for_have_plots_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("MOST_PANELS", "MOST_NUMBERED"):
        monkeypatch.setattr(f"vidlabel.report.evaluation_plots.{limit}", 5)
    write_evaluation(seven_labels(), tmp_path)
    assert (tmp_path / "confusion.png").stat().st_size > 1000


def test_a_file_in_the_way_is_refused_before_work(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        check_folder(tmp_path / "out")


def rows(evaluation: Evaluation) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(prediction_lines(evaluation)).splitlines()))


def test_clips_have_a_row_each() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)
    found = rows(evaluation_of(clips([0, 1, 1], ("a", "b")), best(scores)))
    assert [(row["video"], row["truth"], row["predicted"], row["score"]) for row in found] == [
        ("0.mp4", "a", "a", "0.9000"),
        ("1.mp4", "b", "b", "0.6000"),
        ("2.mp4", "b", "a", "0.7000"),
    ]


def test_several_labels_of_a_clip_stand_in_one_row() -> None:
    tested = replace(clips([0], ("a", "b")), single=False, targets=np.array([[True, True]]))
    answers = Predictions(np.array([[0.9, 0.2]], np.float32), np.array([[True, False]]), ())
    row = rows(evaluation_of(tested, answers))[0]
    assert (row["truth"], row["predicted"], row["score"]) == ("a|b", "a", "0.9000")


def test_segments_stand_beside_what_was_true() -> None:
    truth = [Segment(0, 4, "a", 1), Segment(6, 8, "b", 1)]
    predicted = [Segment(2, 5, "b", 0.8), Segment(6, 7, "b", 0.9), Segment(8, 9, "a", 0.7)]
    found = rows(evaluation_of(*timed(truth, predicted, 10)))
    assert [(row["start"], row["truth"], row["predicted"]) for row in found] == [
        ("0.000", "a", ""),
        ("2.000", "a", "b"),
        ("6.000", "b", "b"),
        ("8.000", "", "a"),
    ]


def test_a_clip_of_which_nothing_is_told_has_the_highest_score() -> None:
    tested = replace(clips([0], ("a", "b")), single=False, targets=np.array([[False, False]]))
    answers = Predictions(np.array([[0.3, 0.2]], np.float32), np.array([[False, False]]), ())
    row = rows(evaluation_of(tested, answers))[0]
    assert (row["truth"], row["predicted"], row["score"], row["start"]) == ("", "", "0.3000", "")


SEGMENTS = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from("ab")), max_size=5)


@given(SEGMENTS, SEGMENTS)
def test_every_segment_stands_there_once(true: list[tuple[int, int, str]], given: list[tuple[int, int, str]]) -> None:
    truth, predicted = (
        [Segment(start, start + length, label, 1.0) for start, length, label in segments] for segments in (true, given)
    )
    found = rows(evaluation_of(*timed(truth, predicted, 12)))
    written = [(float(row["start"]), float(row["end"]), row["predicted"]) for row in found if row["predicted"]]
    assert sorted(written) == sorted((one.start, one.end, one.label) for one in predicted)
    seconds = [{(n, one.label) for n in range(int(one.start), int(one.end))} for one in truth]
    held = {(n, one.label) for one in predicted for n in range(int(one.start), int(one.end))}
    missed = sorted((one.start, one.label) for one, own in zip(truth, seconds, strict=True) if not own & held)
    assert sorted((float(row["start"]), row["truth"]) for row in found if not row["predicted"]) == missed
