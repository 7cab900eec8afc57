"""The request to read a video, and what reading it gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from vidlabel.errors import UsageError
from vidlabel.json_fields import FilledText, Range

if TYPE_CHECKING:  # the command line imports this file for its options: numpy costs it 0.1 s
    import numpy as np
    import numpy.typing as npt

Decoder = Literal["auto", "decord", "pyav"]
DecodeDevice = Literal["auto", "cpu", "gpu"]
Heartbeat = Callable[[], None]
"""Called per packet or frame, so that a watchdog can detect a hang."""

SHORT_SIDES = (2, 4096)
"""Smallest and largest short side of a sample, pixels."""
MOST_RATES = 32
"""In one reading pass."""
MOST_CLIP_FRAMES = 128
"""They are kept in memory around each sample."""
LONGEST_LAG_S = 1.0
"""Undecoded pictures are kept for this long at most, which bounds the memory of a motion stream."""

SOUND_RATE = 16000
"""Samples of sound a second."""
SOUND_WINDOW = 15600
"""Samples of sound around each sample of a video: 0.975 s, what the sound encoder takes."""


def exact(value: float) -> Fraction:
    """The number that a user wrote: 0.1 is 1/10, not the nearest binary fraction."""
    return Fraction(str(value))


def no_heartbeat() -> None:
    """No watchdog: do nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One frame taken from a video for labelling."""

    time_s: float
    """Seconds from the first presented frame."""
    rgb: npt.NDArray[np.uint8]
    """(H, W, 3), upright, with square pixels."""
    earlier_rgb: npt.NDArray[np.uint8] | None = None
    """(H, W, 3), the last frame at or before `time_s - lag_s`, where a lag was asked for and such a frame exists."""
    sound: npt.NDArray[np.float32] | None = None
    """(15600,) mono at 16 kHz, full scale at -1 and 1: the 0.975 s around `time_s`, zeros where the file has none;
    where sound was asked for and the video has that audio stream."""
    text: str | None = None
    """The subtitles shown at `time_s`, where text was asked for; empty between lines, None where the video has none."""
    rate_mask: int = 1
    """Bit k: whether the sample is one of rate k of the request."""
    clip_rgb: tuple[npt.NDArray[np.uint8], ...] | None = None
    """L frames around `time_s`, (H, W, 3) each, where a clip was asked for."""


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """Frames around each sample, which is in the middle of them: see `vidlabel.video.clips`.

    Raises:
        UsageError: a value is out of range.
    """

    count: int
    """L."""
    rate: float
    """Of them in a second."""

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_CLIP_FRAMES:
            problem = f"{self.count} frames make no clip"
            raise UsageError("clip", problem, f"give a whole number from 1 to {MOST_CLIP_FRAMES}")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise UsageError("clip", f"{self.rate} frames per second cannot be taken", "give a number above 0")


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """How a video is to be sampled.

    Target times are k / rate seconds from the first presented frame; the sample of a target is the first frame at or
    after it, and no frame is used twice. Several rates give all samples that each would give alone, in one pass; a
    frame that is a sample of several is given once. A window (`start_s`, `end_s`) gives those samples of the whole
    video that lie in it, so that windows side by side give what the whole gives.

    Raises:
        UsageError: a value is out of range.
    """

    rate: float = 2.0
    """Samples per second; finite and above 0."""
    short_side: int = 224
    """Pixels of the shorter side of the samples; the other side follows, even, aspect kept."""
    start_s: float = 0.0
    """Samples lie at or after this time."""
    end_s: float | None = None
    """Samples lie before this time; None: the end of the video."""
    decoder: Decoder = "auto"
    decode_device: DecodeDevice = "auto"
    """`auto` is the CPU: no package that can be installed decodes on a GPU everywhere, and pixels stay the same."""
    keyframes: bool = False
    """Decode key frames only: cheap, and as coarse as the distance between them."""
    lag_s: float | None = None
    """Also give the frame this much earlier (the motion stream)."""
    sound: bool = False
    """Also give the sound around each sample (the audio stream)."""
    audio_stream: int | None = None
    """Number of the audio stream among those of the file, from 0; None: the default one, else the first."""
    text: bool = False
    """Also give the subtitles that are shown."""
    subtitles: str | None = None
    """File of subtitles; None: one beside the video (`clip.srt`), else those inside it."""
    transcript: str | None = None
    """File of the speech as lines of text, for a video without subtitles; None: it is not read."""
    threads: int = 1
    """Of the decoder, at most; they change no picture. Damaged files are decoded by one, which is known to be right."""
    more_rates: tuple[float, ...] = ()
    """Further rates in the same pass."""
    clip: ClipFrames | None = None
    """Also give the frames around each sample (streams of clips)."""

    def __post_init__(self) -> None:
        _check_times(self)
        low, high = SHORT_SIDES
        if not low <= self.short_side <= high or self.short_side != int(self.short_side):
            raise UsageError(
                "short side", f"{self.short_side} is out of range", f"give a whole number from {low} to {high}"
            )
        for name, value, known in (
            ("decoder", self.decoder, get_args(Decoder)),
            ("decode device", self.decode_device, get_args(DecodeDevice)),
        ):
            if value not in known:
                raise UsageError(name, f"{value!r} is unknown", f"choose one of {', '.join(known)}")

    @property
    def rates(self) -> tuple[float, ...]:
        """All of them; the number of a rate is its place here."""
        return (self.rate, *self.more_rates)

    @property
    def most_samples(self) -> float:
        """Samples per second of all rates together, at most: a rate of which another is a multiple adds none."""
        ascending = sorted({exact(rate) for rate in self.rates})
        needed = [
            rate
            for place, rate in enumerate(ascending)
            if all((faster / rate).denominator > 1 for faster in ascending[place + 1 :])
        ]
        return float(sum(needed))


def _check_times(request: SampleRequest) -> None:
    for rate in request.rates:
        if not (math.isfinite(rate) and rate > 0):
            raise UsageError("rate", f"{rate} samples per second cannot be taken", "give a number above 0")
    if len(request.rates) > MOST_RATES:
        raise UsageError("rates", f"{len(request.rates)} are too many", f"give {MOST_RATES} at most")
    if not (math.isfinite(request.start_s) and request.start_s >= 0):
        raise UsageError("start", f"{request.start_s} is no time in a video", "give seconds, 0 or more")
    if request.end_s is not None and not (math.isfinite(request.end_s) and request.end_s > request.start_s):
        raise UsageError("end", f"{request.end_s} s is not after the start {request.start_s} s", "give a later end")
    if request.threads < 1:
        raise UsageError("threads", f"{request.threads} threads cannot decode", "give 1 or more")
    if request.audio_stream is not None and request.audio_stream < 0:
        raise UsageError("audio stream", f"{request.audio_stream} is no number of a stream", "give 0 or more")
    if request.clip is not None and request.keyframes:
        raise UsageError("key frames", "make no clips, which a model of these streams takes", "leave --keyframes out")
    if request.lag_s is not None and not 0 < request.lag_s <= LONGEST_LAG_S:
        raise UsageError("lag", f"{request.lag_s} s is out of range", f"give seconds above 0, up to {LONGEST_LAG_S}")


@dataclass(frozen=True, slots=True)
class ReadReport:
    """How reading went; whole once the last sample has been taken."""

    decoder: str
    """Which library decoded, and why: `decord`, `pyav: edit list`."""
    decode_errors: Annotated[int, Range(0)] = 0
    """Packets or frames that the codec rejected."""
    decoded_ratio: Annotated[float, Range(0, 1)] = 1.0
    """Share of the asked time that could be decoded, 0 to 1."""
    duration_s: Annotated[float, Range(0)] = 0.0
    """From the first presented frame to the end of the last."""
    warnings: tuple[FilledText, ...] = ()
    """One line each, for the user."""
    holes: tuple[tuple[Annotated[float, Range(0)], Annotated[float, Range(0)]], ...] = ()
    """Start and end, in seconds, of stretches longer than two frames that could not be decoded."""


def decoded_ratio(lost: int, first: int, end: int) -> float:
    """Share of the asked time, from tick `first` to tick `end`, that was decoded when `lost` ticks of it were not."""
    return max(0.0, 1 - lost / (end - first)) if end > first else 1.0
