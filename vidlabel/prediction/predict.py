"""`vidlabel.predict`: the labels of one video."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from os import PathLike, fspath

from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.labels.result import Result
from vidlabel.prediction.chosen_models import describe_labels
from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import DecodeDevice, Decoder

_DEFAULTS = PredictOptions()


def predict(
    path: str | PathLike[str],
    model: str | PathLike[str] | Sequence[str | PathLike[str]] = _DEFAULTS.models,
    *,
    labels: Sequence[str] = _DEFAULTS.labels,
    rate: float | None = _DEFAULTS.rate,
    threshold: float | None = _DEFAULTS.threshold,
    min_duration: float | None = _DEFAULTS.min_duration,
    top: int | None = _DEFAULTS.top,
    scores: bool = _DEFAULTS.scores,
    device: Device = _DEFAULTS.device,
    runtime: Runtime = _DEFAULTS.runtime,
    encoder: str | PathLike[str] | None = None,
    decode_device: DecodeDevice = _DEFAULTS.decode_device,
    require_gpu_decode: bool = _DEFAULTS.require_gpu_decode,
    decoder: Decoder = _DEFAULTS.decoder,
    audio_stream: int | None = _DEFAULTS.audio_stream,
    keyframes: bool = _DEFAULTS.keyframes,
    start: float = _DEFAULTS.start,
    end: float | None = _DEFAULTS.end,
    subtitles: str | PathLike[str] | None = None,
    speech: str | PathLike[str] | None = None,
    timeout: float = _DEFAULTS.timeout,
) -> Result:
    """Label what happens when in a video.

    Args:
        path: the video, or a feature file for a model that was trained on such files.
        model: name of a shipped model, or path of a model file; several of them share one reading of the video.
        labels: labels in words that no model was trained on, such as `a dog barks`; they take the place of the default
            models.
        rate: samples per second; None: each model's.
        threshold: minimum score, 0 to 1, at which a label holds; None: the model's, per label.
        min_duration: minimum duration of a segment in seconds; None: the model's, per label.
        top: number of labels to keep of each model, those with the longest total time; None: all.
        scores: also return the scores of every sample.
        device: where the networks run; `auto`: a GPU if torch can use one.
        runtime: library that runs the encoder.
        encoder: file of the encoder that a model was trained with; None: it lies beside the model file.
        decode_device: where the video is decoded.
        require_gpu_decode: fail unless the GPU decodes the video.
        decoder: `auto`: the fastest that decodes the file exactly.
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        keyframes: decode key frames only, which is faster and gives coarser times.
        start: time in seconds at which labelling begins.
        end: time in seconds at which it ends; None: the end of the video.
        subtitles: file of subtitles for the text stream; None: one beside the video, else those inside it.
        speech: `tiny.en`, or folder of a Whisper model, that turns speech into text where there are no subtitles; None:
            speech is not read.
        timeout: seconds without a new frame after which reading fails.

    Returns:
        The labels with their times in seconds from the first presented frame.

    Raises:
        UsageError: an argument is invalid, two models have one name, nothing that is known resembles a label, or the
            device is not available.
        VideoError: the file cannot be read as a video.
        ModelFileError: the model cannot be used.

    Example:
        >>> result = vidlabel.predict("clip.mp4", rate=4)
        >>> result.status, result.video.duration
        ('ok', 4.0)
    """
    options = PredictOptions(
        models=_model_names(model, labels),
        labels=tuple(labels),
        rate=rate,
        threshold=threshold,
        min_duration=min_duration,
        top=top,
        scores=scores,
        device=device,
        runtime=runtime,
        encoder=None if encoder is None else fspath(encoder),
        decode_device=decode_device,
        require_gpu_decode=require_gpu_decode,
        decoder=decoder,
        audio_stream=audio_stream,
        keyframes=keyframes,
        start=start,
        end=end,
        subtitles=None if subtitles is None else fspath(subtitles),
        speech=None if speech is None else fspath(speech),
        timeout=timeout,
    )
    listener = PythonListener()
    for warning in describe_labels(options)[1]:
        listener.warn(warning)
    with DecodePool() as pool:
        return Labeller(options, pool).label(fspath(path), listener)


def _model_names(model: str | PathLike[str] | Sequence[str | PathLike[str]], labels: Sequence[str]) -> tuple[str, ...]:
    if labels and model is _DEFAULTS.models:  # nobody named them
        return ()
    return (fspath(model),) if isinstance(model, str | PathLike) else tuple(fspath(one) for one in model)


class PythonListener:
    """Ignores progress; issues warnings as `UserWarning`."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """Nothing."""

    def alive(self) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Issue a `UserWarning`."""
        warnings.warn(text, UserWarning, stacklevel=4)
