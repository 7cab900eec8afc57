"""Options of a prediction, and the listener that follows its progress."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, get_args

from vidlabel.errors import UsageError
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.bundled_models import DEFAULT_MODELS
from vidlabel.json_fields import Number
from vidlabel.video.request import MOST_RATES, DecodeDevice, Decoder
from vidlabel.vocabulary.labels import check_labels


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """Options of `predict`, of the same names in the command line and in Python."""

    models: tuple[str, ...] = DEFAULT_MODELS
    """Each the name of a shipped model, or the path of a model file; they share one reading of a video. There
    may be none where there are labels."""
    labels: tuple[str, ...] = ()
    """Labels in words, for which no model was trained: see `vidlabel.vocabulary`."""
    rate: Number | None = None
    """Samples per second; None: each model's."""
    threshold: Number | None = None
    """Minimum score, 0 to 1, at which a label holds; None: the model's, per label."""
    min_duration: Number | None = None
    """Minimum duration of a segment in seconds; None: the model's, per label."""
    top: int | None = None
    """Number of labels to keep of each model, those with the longest total time; None: all."""
    scores: bool = False
    """Also return the scores of every sample."""
    device: Device = "auto"
    """Where the networks run."""
    runtime: Runtime = "auto"
    """Library that runs the encoder; `auto`: OpenVINO on the CPU where it is installed, else torch."""
    encoder: str | None = None
    """File of the encoder that a model was trained with; None: it lies beside the model file."""
    decode_device: DecodeDevice = "auto"
    require_gpu_decode: bool = False
    """Fail a video that the GPU cannot decode."""
    decoder: Decoder = "auto"
    audio_stream: int | None = None
    """Number of the audio stream that is heard, from 0; None: the one that players choose."""
    keyframes: bool = False
    """Decode key frames only: several times faster on H.264 and HEVC, with times as coarse as their distance."""
    start: Number = 0.0
    """Seconds from the first presented frame at which labelling begins."""
    end: Number | None = None
    """Seconds at which it ends; None: with the video."""
    subtitles: str | None = None
    """File of subtitles for the text stream; None: one beside each video, else those inside it."""
    speech: str | None = None
    """Whisper model, `tiny.en` or a folder, that reads the speech of videos without subtitles; None: it is not read."""
    timeout: Number = 60.0
    """Seconds without a new frame after which a video fails."""

    def __post_init__(self) -> None:
        if not 1 <= self.model_count <= MOST_RATES:
            raise UsageError("--model", f"{self.model_count} models are not possible", f"give 1 to {MOST_RATES}")
        check_labels(self.labels)
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
        number = self.audio_stream
        _check(number is None or number >= 0, "--audio-stream", number, "give a whole number, 0 or more")
        _check(0 < self.timeout < math.inf, "--timeout", self.timeout, "give seconds above 0")
        device = self.decode_device
        _check(device in ("auto", "cpu", "gpu"), "--decode-device", device, "give auto, cpu or gpu")
        if self.require_gpu_decode and device == "cpu":
            raise UsageError("--require-gpu-decode", "contradicts --decode-device cpu", "leave one of the two out")

    @property
    def model_count(self) -> int:
        """How many models label: labels in words are one."""
        return len(self.models) + (1 if self.labels else 0)


def _check(holds: bool, option: str, value: object, remedy: str) -> None:
    if not holds:
        raise UsageError(option, f"{value} is not possible", remedy)


class Listener(Protocol):
    """Receives the progress of labelling a video."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """How much of the video is labelled, in seconds."""

    def alive(self) -> None:
        """Heartbeat while a video is read: probing a day of video takes minutes."""

    def warn(self, text: str) -> None:
        """A warning of one line about the video or this machine; the work continues."""
