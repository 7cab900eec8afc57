"""What the figures of an evaluation are called where a person reads them."""

from __future__ import annotations

METRIC_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "map": "mAP",
    "step_accuracy": "step accuracy",
    "edit": "edit score",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
    "event_recall": "event recall",
    "ece": "calibration error",
}
