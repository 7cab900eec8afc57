"""Labels computed on a GPU beside those of the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gpu_check_encoding import EXAMPLE
from gpu_check_rows import NO_GPU, Figure, Row, Setting, judged
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.labels.result import Result
from vidlabel.prediction.predict import predict
from vidlabel.video.request import DecodeDevice

RATE = 2.0
MOST_CHANGE = {"torch": 1e-3, "torch-half": 0.05}
"""Of a score, which lies between 0 and 1."""
LEAST_AGREEMENT = {"torch": 1.0, "torch-half": 0.97}
"""Share of samples whose most likely label is the same."""


def check_predict(setting: Setting) -> Iterator[Row]:
    """The example with the model `objects`, in both precisions, with frames from the CPU and from NVDEC."""
    runtimes: tuple[Runtime, ...] = ("torch", "torch-half")
    if setting.device == "none":
        for runtime in runtimes:
            yield Row(f"predict, {runtime}", "not possible here", NO_GPU)
        return
    expected = _predict("cpu", "torch", "cpu", setting)
    for runtime in runtimes if setting.device == "cuda" else runtimes[:1]:
        found = _predict(setting.encode_device, runtime, "cpu", setting)
        yield _row(f"predict, {runtime}", expected, found, runtime)
        found = _predict(setting.encode_device, runtime, setting.decode_device, setting)
        yield _row(f"predict, {runtime}, NVDEC", expected, found, runtime)


def _predict(device: Device, runtime: Runtime, decode_device: DecodeDevice, setting: Setting) -> Result:
    end = 5.0 if setting.quick else None
    return predict(
        EXAMPLE,
        "objects",
        device=device,
        runtime=runtime,
        decoder="pyav",
        decode_device=decode_device,
        rate=RATE,
        scores=True,
        end=end,
    )


def _row(name: str, expected: Result, found: Result, runtime: str) -> Row:
    (before,), (after,) = expected.scores, found.scores
    figures: dict[str, Figure] = {
        "samples": found.run.samples,
        "device": f"{found.run.device} {found.run.runtime}",
        "decoder": found.run.decoder,
    }
    same_times = np.array_equal(before.times, after.times)
    conditions = {
        "not ok": found.status == "ok",
        "other times": same_times,
        "other segments": _alike(expected, found),
    }
    if same_times:
        change = float(np.abs(before.values - after.values).max())
        agreement = float((before.values.argmax(axis=1) == after.values.argmax(axis=1)).mean())
        figures |= {"largest change of a score": change, "same label on top": agreement}
        conditions["a score differs too much"] = change <= MOST_CHANGE[runtime]
        conditions["too many samples have another label on top"] = agreement >= LEAST_AGREEMENT[runtime]
    return judged(name, conditions, figures)


def _alike(one: Result, other: Result) -> bool:
    """Whether two results have the same segments, up to one sample at each end."""
    return len(one.segments) == len(other.segments) and all(
        first.label == second.label
        and abs(first.start - second.start) <= 1 / RATE
        and abs(first.end - second.end) <= 1 / RATE
        for first, second in zip(one.segments, other.segments, strict=True)
    )
