"""Options that cannot be meant are refused when they are made."""

from __future__ import annotations

import math

import pytest

from vidlabel.errors import UsageError
from vidlabel.prediction.options import PredictOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", 0.0),
        ("rate", math.nan),
        ("rate", math.inf),
        ("threshold", -0.1),
        ("threshold", math.nan),
        ("min_duration", -1.0),
        ("top", 0),
        ("start", -1.0),
        ("start", math.nan),
        ("end", 0.0),
        ("end", math.inf),
        ("timeout", 0.0),
        ("device", "tpu"),
        ("runtime", "onnx"),
        ("decoder", "opencv"),
        ("decode_device", "tpu"),
        ("audio_stream", -1),
    ],
)
def test_impossible_values(name: str, value: object) -> None:
    option = "--" + name.replace("_", "-")
    with pytest.raises(UsageError, match=f"{option}: .* is not possible; give"):
        PredictOptions(**{name: value})  # type: ignore[arg-type]


def test_values_at_the_edges() -> None:
    PredictOptions(rate=0.001, threshold=1.0, min_duration=0.0, top=1, start=0.0, end=0.5, timeout=0.1)


def test_decoding_on_the_gpu_alone_and_on_the_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="--require-gpu-decode: contradicts --decode-device cpu"):
        PredictOptions(require_gpu_decode=True, decode_device="cpu")
