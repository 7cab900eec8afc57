"""Segment metrics against the figures that their authors published: 50 Salads, ED-TCN.

Collected only where the environment names the data.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from vidlabel.labels.metrics.segments import Averaging, segment_metrics
from vidlabel.labels.result import Segment

GOLDEN = Path(os.environ["VIDLABEL_DATA"]).parent / "metrics-golden"


def golden_track(path: Path) -> dict[str, list[Segment]]:
    videos: dict[str, list[Segment]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            segment = Segment(float(row["start"]), float(row["end"]), row["label"], 1.0)
            videos.setdefault(row["video"], []).append(segment)
    return videos


@pytest.mark.parametrize(("rule", "background"), [("background_excluded", "background"), ("background_as_label", None)])
def test_published_figures(rule: str, background: str | None) -> None:
    wanted: dict[str, Any] = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))[rule]
    truth, predicted = golden_track(GOLDEN / "gt.csv"), golden_track(GOLDEN / "pred.csv")
    averagings: list[tuple[str, Averaging]] = [("video_mean", "per video"), ("pooled", "pooled")]
    figures: dict[str, object] = {}
    for name, averaging in averagings:
        found = segment_metrics(truth, predicted, background=background, averaging=averaging)
        for overlap, counts in found.counts.items():
            figures[f"f1@{overlap}_{name}"] = pytest.approx(found.f1[overlap], abs=0.6e-4)
            figures[f"counts@{overlap}"] = [counts.true_positives, counts.false_positives, counts.false_negatives]
            figures["segments_pred"] = counts.true_positives + counts.false_positives
            figures["segments_true"] = counts.true_positives + counts.false_negatives
        figures[f"accuracy_{name}".replace("_pooled", "_frames_pooled")] = pytest.approx(found.accuracy, abs=0.6e-4)
        figures["edit_video_mean"] = pytest.approx(found.edit, abs=0.6e-4)
        figures["videos"] = found.videos
        if background:
            figures["accuracy_without_bg_frames"] = pytest.approx(found.accuracy_without_background, abs=0.6e-4)
    del wanted["frames"]
    assert wanted == figures
