"""What `evaluate -o` writes: whole, the same each time, and readable by others."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import vidlabel
from evaluation.evaluated import telling_table
from labels.metrics.evaluations import best, clips, evaluation_of
from vidlabel.errors import UsageError
from vidlabel.labels.metrics.evaluation import Evaluation
from vidlabel.report.evaluation_folder import check_folder, write_evaluation


def many_labels() -> Evaluation:
    """More labels than a plot has room for, with names of all kinds."""
    generator = np.random.default_rng(0)
    names = tuple(f"label {number} $x_{number}$ \N{SNOWMAN WITHOUT SNOW}" * (1 + number % 3) for number in range(40))
    truth = generator.integers(0, 40, 300)
    scores = generator.random((300, 40)).astype(np.float32)
    return evaluation_of(clips(truth.tolist(), names), best(scores / scores.sum(axis=1, keepdims=True)))


def test_files_are_whole_and_the_same_each_time(tmp_path: Path) -> None:
    evaluation = vidlabel.evaluate(telling_table(tmp_path), folds=2, hidden=4, members=1, epochs=3, inner_folds=2)
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


def test_odd_and_many_labels_have_plots_too(tmp_path: Path) -> None:
    write_evaluation(many_labels(), tmp_path)
    assert (tmp_path / "confusion.png").stat().st_size > 1000


def test_a_file_in_the_way_is_refused_before_work(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        check_folder(tmp_path / "out")
