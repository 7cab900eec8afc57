"""From the scores of a model to segments, by the rules that the model brings."""

from __future__ import annotations

from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.segmentation import MultiLabelBuilder, SegmentBuilder, SingleLabelBuilder


def segment_builder(
    spec: ModelSpec, threshold: float | None = None, minimum_duration_s: float | None = None
) -> SegmentBuilder:
    """What turns the scores of one video into segments.

    Args:
        spec: of the model.
        threshold: for all labels, to begin and to go on alike; None: the model's, per label.
        minimum_duration_s: for all labels; None: the model's, per label.
    """
    count = len(spec.labels)
    thresholds, staying, durations = spec.thresholds, spec.staying_thresholds, spec.minimum_durations_s
    if threshold is not None:
        thresholds, staying = (threshold,) * count, None
    if minimum_duration_s is not None:
        durations = (minimum_duration_s,) * count
    if spec.task == "single":
        return SingleLabelBuilder(spec.labels, thresholds, durations, background=spec.background)
    return MultiLabelBuilder(
        spec.labels,
        thresholds,
        durations,
        background=spec.background,
        staying_thresholds=staying,
        closed_gaps_s=spec.closed_gaps_s,
    )
