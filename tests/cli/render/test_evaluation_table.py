"""What a person reads of an evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labels.metrics.evaluations import best, clips, evaluation_of, timed
from vidlabel.cli.render.evaluation_table import print_evaluation
from vidlabel.labels.metrics.evaluation import Figure, MultiLabelGroups
from vidlabel.labels.result import Segment

SCORES = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)


def words(capfd: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in capfd.readouterr().out.splitlines()]


def test_figures_stand_beside_the_baselines(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    evaluation = evaluation_of(clips([0, 1, 1], ("a[b]", "c")), best(SCORES))
    figures = {**evaluation.metrics, "accuracy": Figure(2 / 3, 0.5, 0.875), "ece": Figure(0.1234, None, None)}
    matched = MultiLabelGroups(2, 1, figures, evaluation.baselines)
    print_evaluation(replace(evaluation, metrics=figures, matched=matched, rules={"mean": "missing", "map": "hidden"}))
    lines = words(capfd)
    assert "m (gru, frames): 3 videos in 1 groups, 3 clips; none".split() in lines
    assert lines.count("accuracy 66.7 % 50.0 to 87.5 66.7 %".split()) == 2  # all groups, and matched ones
    assert any(line[:3] == ["calibration", "error", "0.123"] for line in lines)
    assert not any("edit" in line for line in lines)
    assert ["a[b]", "1", "50.0", "%", "100.0", "%"] in [line[:6] for line in lines]
    assert ["a[b]", "1", "0"] in lines
    assert ["c", "1", "1"] in lines
    assert ["mean:", "missing"] in lines
    assert not any("hidden" in line for line in lines)


def test_many_labels_have_no_matrix_and_times_have_events(capfd: pytest.CaptureFixture[str]) -> None:
    truth = list(range(13))
    print_evaluation(evaluation_of(clips(truth, tuple("abcdefghijklm")), best(np.eye(13, dtype=np.float32))))
    assert not any(line[:2] == ["rows:", "true,"] for line in words(capfd))
    print_evaluation(evaluation_of(*timed([Segment(0, 4, "a", 1)], [Segment(0, 4, "a", 0.8)], 10)))
    lines = words(capfd)
    assert any(line[-1:] == ["events"] for line in lines)
    assert any(line[:2] == ["rows:", "true,"] for line in lines)
