"""Every figure has a name for people."""

from __future__ import annotations

from vidlabel.labels.metrics.evaluation import METRICS
from vidlabel.labels.metrics.names import METRIC_NAMES


def test_every_figure_has_a_name_of_its_own() -> None:
    assert tuple(METRIC_NAMES) == METRICS
    assert len(set(METRIC_NAMES.values())) == len(METRICS)
