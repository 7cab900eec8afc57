"""Label what happens when in videos.

    import vidlabel

    result = vidlabel.predict("clip.mp4")
    for segment in result.segments:
        print(segment.start, segment.end, segment.label, segment.score)

Names are loaded on first use: `import vidlabel` itself loads neither torch nor a decoder.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vidlabel.version import VERSION

if TYPE_CHECKING:
    from vidlabel.errors import VidlabelError
    from vidlabel.evaluation.evaluate import evaluate
    from vidlabel.evaluation.tune import TuneResult, tune
    from vidlabel.explanation.explain import explain
    from vidlabel.explanation.explanation import Explanation
    from vidlabel.export.export import export_onnx
    from vidlabel.heads.model import Model, load_model
    from vidlabel.labels.formats.registry import read_labels, write_labels
    from vidlabel.labels.metrics.evaluation import Evaluation
    from vidlabel.labels.metrics.segments import segment_metrics
    from vidlabel.labels.result import Result, Segment
    from vidlabel.prediction.predict import predict
    from vidlabel.report.evaluation_folder import write_evaluation
    from vidlabel.report.results.write import write_report
    from vidlabel.report.trials import write_trials
    from vidlabel.training.train import train
    from vidlabel.video.request import Sample
    from vidlabel.video.samples import samples
    from vidlabel.video_writing.cut import cut

__version__ = VERSION

__all__ = [
    "Evaluation",
    "Explanation",
    "Model",
    "Result",
    "Sample",
    "Segment",
    "TuneResult",
    "VidlabelError",
    "cut",
    "evaluate",
    "explain",
    "export_onnx",
    "load_model",
    "predict",
    "read_labels",
    "samples",
    "segment_metrics",
    "train",
    "tune",
    "write_evaluation",
    "write_labels",
    "write_report",
    "write_trials",
]

_HOMES = {
    "Evaluation": "vidlabel.labels.metrics.evaluation",
    "Explanation": "vidlabel.explanation.explanation",
    "Model": "vidlabel.heads.model",
    "Result": "vidlabel.labels.result",
    "Sample": "vidlabel.video.request",
    "Segment": "vidlabel.labels.result",
    "TuneResult": "vidlabel.evaluation.tune",
    "VidlabelError": "vidlabel.errors",
    "cut": "vidlabel.video_writing.cut",
    "evaluate": "vidlabel.evaluation.evaluate",
    "explain": "vidlabel.explanation.explain",
    "export_onnx": "vidlabel.export.export",
    "load_model": "vidlabel.heads.model",
    "predict": "vidlabel.prediction.predict",
    "read_labels": "vidlabel.labels.formats.registry",
    "samples": "vidlabel.video.samples",
    "segment_metrics": "vidlabel.labels.metrics.segments",
    "train": "vidlabel.training.train",
    "tune": "vidlabel.evaluation.tune",
    "write_evaluation": "vidlabel.report.evaluation_folder",
    "write_labels": "vidlabel.labels.formats.registry",
    "write_report": "vidlabel.report.results.write",
    "write_trials": "vidlabel.report.trials",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the one place where any public name may come out
    if name not in _HOMES:
        raise AttributeError(f"module 'vidlabel' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
