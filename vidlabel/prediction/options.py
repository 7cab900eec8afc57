"""Options of a prediction, and what follows its progress."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, get_args

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.video.request import DecodeDevice, Decoder


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """Options of `predict`, of the same names in the command line and in Python."""

    model: str = "objects"
    """Name of a shipped model, or path of a model file."""
    rate: float | None = None
    """Samples per second; None: the model's."""
    threshold: float | None = None
    """Least score of a shown segment's samples, 0 to 1, for every label; None: the model's, per label."""
    min_duration: float | None = None
    """Seconds a segment must last to be shown, for every label; None: the model's, per label."""
    top: int | None = None
    """Show only this many labels: those that hold the most time; None: all."""
    scores: bool = False
    """Also give the scores of each sample."""
    device: Device = "auto"
    """Where the network runs."""
    runtime: Runtime = "auto"
    """Which library computes the encoder; `auto`: OpenVINO on the CPU where it is installed, else torch."""
    decode_device: DecodeDevice = "auto"
    require_gpu_decode: bool = False
    """Decode on the GPU, and fail a video that it cannot decode."""
    decoder: Decoder = "auto"
    keyframes: bool = False
    """Look at key frames only: several times faster on H.264 and HEVC, and as coarse as they lie apart."""
    start: float = 0.0
    """Seconds from the first presented frame at which labelling begins."""
    end: float | None = None
    """Seconds at which it ends; None: with the video."""
    timeout: float = 60.0
    """Seconds without a new frame before a video is given up."""

    def __post_init__(self) -> None:
        _check(self.rate is None or 0 < self.rate < math.inf, "--rate", self.rate, "give a number above 0")
        _check(self.threshold is None or 0 <= self.threshold <= 1, "--threshold", self.threshold, "give 0 to 1")
        least = self.min_duration
        _check(least is None or 0 <= least < math.inf, "--min-duration", least, "give seconds, 0 or more")
        _check(self.top is None or self.top >= 1, "--top", self.top, "give a whole number, 1 or more")
        _check(0 <= self.start < math.inf, "--start", self.start, "give seconds, 0 or more")
        _check(self.end is None or self.start < self.end < math.inf, "--end", self.end, "give a time after --start")
        _check(self.device in ("auto", "cpu", "cuda"), "--device", self.device, "give auto, cpu or cuda")
        _check(self.runtime in get_args(Runtime), "--runtime", self.runtime, f"give {', '.join(get_args(Runtime))}")
        _check(self.decoder in ("auto", "decord", "pyav"), "--decoder", self.decoder, "give auto, decord or pyav")
        _check(0 < self.timeout < math.inf, "--timeout", self.timeout, "give seconds above 0")
        device = self.decode_device
        _check(device in ("auto", "cpu", "gpu"), "--decode-device", device, "give auto, cpu or gpu")
        if self.require_gpu_decode and device == "cpu":
            raise UsageError("--require-gpu-decode", "contradicts --decode-device cpu", "leave one of the two out")


def _check(holds: bool, option: str, value: object, remedy: str) -> None:
    if not holds:
        raise UsageError(option, f"{value} is not possible", remedy)


class Listener(Protocol):
    """Told while a video is labelled."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """So many of the video's seconds are labelled."""

    def alive(self) -> None:
        """The video is being read, and there is nothing new to tell: probing a day of video takes minutes."""

    def warn(self, text: str) -> None:
        """Something is odd about the video or this machine, and the work goes on; one line."""
