"""What `train` shows of labels before it begins."""

from __future__ import annotations

from vidlabel.cli.render.training_report import check_lines
from vidlabel.training.dataset.report import CheckReport, LabelCount, Leak


def test_labels_are_a_table_and_leaks_have_a_line_each() -> None:
    report = CheckReport(
        task="single",
        clips=3,
        groups=2,
        seconds=30.0,
        labels=(LabelCount("embrace", 2, 5, 1, 7.5, 0.25), LabelCount("push", 1, 12, 1, 15.0, 0.5)),
        unlabelled_s=7.5,
        unlabelled="background",
        leaks=(Leak(("a.mp4", "b.mp4"), ("g", "h")),),
        unusable=(),
        errors=(),
        warnings=(),
    )
    assert check_lines(report) == [
        "3 clips in 2 groups, 30.0 s; task single",
        "label    clips  groups  rows  seconds  share",
        "embrace      2       1     5      7.5  25.0%",
        "push         1       1    12     15.0  50.0%",
        "7.5 s without a row: background",
        "the same content in several groups: a.mp4, b.mp4",
    ]
