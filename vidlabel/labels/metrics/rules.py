"""How the figures of an evaluation are meant, in words."""

from __future__ import annotations

from vidlabel.labels.metrics.evaluation import GroundTruth


def rules(tested: GroundTruth, tolerance_s: float, *, with_mean: bool) -> dict[str, str]:
    """What each figure means for these videos, and why some are missing.

    Args:
        tested: the videos.
        tolerance_s: how far the start of an event may be off.
        with_mean: whether the head without recurrence was trained.
    """
    clips = tested.unit == "clip"
    said = {
        "interval": "95 % percentile bootstrap over groups, 1000 draws, seed 0",
        "accuracy": "share of clips" if clips else "share of samples, by the segments",
        "macro_f1": f"mean over labels without background, on {'clips' if clips else 'samples by their scores'}",
        "map": "mean average precision over labels without background",
        "ece": "expected calibration error in 15 bins, pooled"
        + ("" if tested.single else "; each label is a question with the answers no and yes"),
        "background": "excluded from macro_f1, map, edit, f1@k and event_recall",
        "majority": "the most frequent answer "
        + ("in the training part of each fold" if with_mean else "among these videos themselves"),
        "mean": "a head without recurrence, trained the same way in the same folds"
        if with_mean
        else "missing: it would have to be trained on what the model was trained on",
    }
    if not tested.single:
        said["accuracy"] += " where all labels are right"
    if clips:
        said["missing"] = "step_accuracy, edit, f1@k and event_recall need labels with times"
        return said
    said["step_accuracy"] = "share of samples, by the scores alone"
    said["event_recall"] = f"share of true segments with one that starts within {tolerance_s:g} s of it"
    if tested.segments_known:
        said["averaging"] = "edit and f1@k: per video"
    else:
        said["missing"] = "edit and f1@k need to know what unlabelled time holds"
    return said
