"""From one video to its labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.errors import UsageError, VideoError, VidlabelError
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.features.feature_file import is_feature_name
from vidlabel.features.pipeline import FeaturePipeline
from vidlabel.features.streams.registry import check_has_streams, reading_request
from vidlabel.heads.model import load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.labels.result import Result, RunInfo, Scores, Segment, VideoInfo
from vidlabel.labels.segmentation import MultiLabelBuilder, SegmentBuilder, SingleLabelBuilder, keep_top
from vidlabel.prediction.feature_inputs import features_info, features_report, read_for_model
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.prediction.video_inputs import feature_config, video_problem, video_streams, view_of
from vidlabel.process import available_cores
from vidlabel.profiling import OFF, Phase, Stopwatch
from vidlabel.version import installed_version
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import DecodeDevice, Decoder, ReadReport, SampleRequest
from vidlabel.video.samples import IsolatedSamples, open_isolated_samples

if TYPE_CHECKING:
    import numpy.typing as npt


LEAST_PIECE = 8
"""Samples at least that are encoded and scored together: it changes memory and overlap, never a result."""

ON_GPU = "on GPU"
"""How the names of decoders end that run on a GPU."""


_DEFAULTS = PredictOptions()


def predict(
    path: str | PathLike[str],
    model: str | PathLike[str] = _DEFAULTS.model,
    *,
    rate: float | None = _DEFAULTS.rate,
    threshold: float | None = _DEFAULTS.threshold,
    min_duration: float | None = _DEFAULTS.min_duration,
    top: int | None = _DEFAULTS.top,
    scores: bool = _DEFAULTS.scores,
    device: Device = _DEFAULTS.device,
    runtime: Runtime = _DEFAULTS.runtime,
    decode_device: DecodeDevice = _DEFAULTS.decode_device,
    require_gpu_decode: bool = _DEFAULTS.require_gpu_decode,
    decoder: Decoder = _DEFAULTS.decoder,
    audio_stream: int | None = _DEFAULTS.audio_stream,
    keyframes: bool = _DEFAULTS.keyframes,
    start: float = _DEFAULTS.start,
    end: float | None = _DEFAULTS.end,
    subtitles: str | PathLike[str] | None = None,
    timeout: float = _DEFAULTS.timeout,
) -> Result:
    """Label what happens when in a video.

    Args:
        path: the video, or a feature file for a model that was trained on such files.
        model: name of a shipped model, or path of a model file.
        rate: samples per second; None: the model's.
        threshold: minimum score, 0 to 1, at which a label holds; None: the model's, per label.
        min_duration: minimum duration of a segment in seconds; None: the model's, per label.
        top: number of labels to keep, those with the longest total time; None: all.
        scores: also return the scores of every sample.
        device: where the networks run; `auto`: a GPU if torch can use one.
        runtime: library that runs the encoder.
        decode_device: where the video is decoded.
        require_gpu_decode: fail unless the GPU decodes the video.
        decoder: `auto`: the fastest that decodes the file exactly.
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        keyframes: decode key frames only, which is faster and gives coarser times.
        start: time in seconds at which labelling begins.
        end: time in seconds at which it ends; None: the end of the video.
        subtitles: file of subtitles for the text stream; None: one beside the video, else those inside it.
        timeout: seconds without a new frame after which reading fails.

    Returns:
        The labels with their times in seconds from the first presented frame.

    Raises:
        UsageError: an argument is invalid, or the device is not available.
        VideoError: the file cannot be read as a video.
        ModelFileError: the model cannot be used.

    Example:
        >>> result = vidlabel.predict("clip.mp4", rate=4)
        >>> result.status, result.video.duration
        ('ok', 4.0)
    """
    options = PredictOptions(
        model=fspath(model),
        rate=rate,
        threshold=threshold,
        min_duration=min_duration,
        top=top,
        scores=scores,
        device=device,
        runtime=runtime,
        decode_device=decode_device,
        require_gpu_decode=require_gpu_decode,
        decoder=decoder,
        audio_stream=audio_stream,
        keyframes=keyframes,
        start=start,
        end=end,
        subtitles=None if subtitles is None else fspath(subtitles),
        timeout=timeout,
    )
    with DecodePool() as pool:
        return Labeller(options, pool).label(fspath(path), PythonListener())


class PythonListener:
    """Ignores progress; issues warnings as `UserWarning`."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """Nothing."""

    def alive(self) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Issue a `UserWarning`."""
        warnings.warn(text, UserWarning, stacklevel=4)


class Labeller:
    """Labels videos one after the other, with one model that is loaded once.

    Args:
        options: for all of the videos.
        pool: the processes that decode them; whoever made it closes it.
        threads: cores for this video: pictures that are encoded at the same time on the CPU, and decoded where one core
            is too slow for the encoder; None: all cores.
        stopwatch: takes the time of the phases.

    Raises:
        UsageError: a device or runtime that is not there.
        ModelFileError: the model cannot be used.
        InstallationError: the encoder's weights or its runtime are missing or damaged.
    """

    def __init__(
        self, options: PredictOptions, pool: DecodePool, threads: int | None = None, stopwatch: Stopwatch = OFF
    ) -> None:
        self._options = options
        self._pool = pool
        self._stopwatch = stopwatch
        self._model = load_model(options.model)
        self._spec = self._model.spec
        self._threads = threads or available_cores()
        self._video_problem = video_problem(self._spec)
        self._pipeline = self._load_pipeline() if self._video_problem is None else None
        if options.subtitles is not None and "text" not in self._spec.stream_names:
            raise UsageError("--subtitles", f"{self._spec.name} reads no text", "leave it out")

    def _load_pipeline(self) -> FeaturePipeline:
        options = self._options
        usual = FeatureConfig(
            decoder=options.decoder,
            runtime=options.runtime,
            audio_stream=options.audio_stream,
            subtitles=options.subtitles,
        )
        config = feature_config(self._model, usual)
        if options.rate is not None:
            config = replace(config, rate=options.rate)
        pipeline = FeaturePipeline(config, self._spec.stream_names, options.device, self._threads, self._stopwatch)
        pipeline.load(self._spec.stream_names)
        return pipeline

    def label(self, shown: str, listener: Listener) -> Result:
        """Label one video, or file of features.

        Args:
            shown: its path as given.
            listener: receives progress and warnings.

        Raises:
            VideoError: the file cannot be read as a video.
            InputError: the file cannot be read as features, or not as those of the model.
            UsageError: the model needs an encoder that is not installed.
        """
        known = fingerprint(shown, self._model.sha256, self._options, video_streams(self._spec))
        if is_feature_name(Path(shown)):
            return self._label_features(shown, known, listener)
        if self._pipeline is None:
            raise self._cannot_see(shown)
        return self._label_video(shown, known, self._pipeline, listener)

    def _cannot_see(self, shown: str) -> VidlabelError:
        """Why a video cannot be labelled; no other one can, either, where an encoder is missing."""
        problem, remedy = self._video_problem or "", "give files of the features that it was trained on"
        if self._spec.is_external:
            return VideoError(shown, problem, remedy)
        return UsageError("--model", problem, f"train the model again, or {remedy}")

    def _label_video(self, shown: str, known: str, pipeline: FeaturePipeline, listener: Listener) -> Result:
        request, timeout_s = self._request(pipeline.config), self._options.timeout
        with open_isolated_samples(Path(shown), request, timeout_s, self._pool, listener.alive) as stream:
            self._check_start(shown, stream.probe.duration_s)
            check_has_streams(shown, stream.opened, request)
            labels = self._collect(shown, stream, pipeline, listener)
            for warning in stream.report.warnings:
                listener.warn(f"{shown}: {warning}")
            info, report = stream.probe.info(shown), stream.report
            return self._result(known, info, report, labels, pipeline.device, pipeline.runtime)

    def _label_features(self, shown: str, known: str, listener: Listener) -> Result:
        options, path = self._options, Path(shown)
        found = read_for_model(self._spec, path, options.rate)
        self._check_start(shown, found.duration_s)
        if found.own_rate != found.rate:
            rates = f"{found.own_rate:g} to {found.rate:g} samples a second"
            listener.warn(f"{shown}: is resampled from {rates}")
        wanted = (found.times >= options.start) & (found.times < (options.end or np.inf))
        labels = _Labels(self._builder(), keep_scores=options.scores)
        scorer = make_scorer(self._model, options.rate)
        with self._stopwatch.phase("head"):
            labels.add_times(found.times[wanted])
            labels.add_scores(scorer.push(found.values[wanted]))
            labels.add_scores(scorer.finish())
        self._stopwatch.count(labels.samples)
        listener.progress(found.duration_s, found.duration_s)
        video = features_info(shown, path.stat().st_size, found)
        runtime = found.origin.runtime if found.origin else "none"
        return self._result(known, video, features_report(found), labels, "cpu", runtime)

    def _check_start(self, shown: str, duration_s: float) -> None:
        if self._options.start >= duration_s:
            problem = f"lasts {duration_s:.3f} s, and labelling is to begin at {self._options.start:g} s"
            raise VideoError(shown, problem, "give an earlier --start")

    def _request(self, config: FeatureConfig) -> SampleRequest:
        options = self._options
        return replace(
            reading_request(config, self._spec.stream_names),
            start_s=options.start,
            end_s=options.end,
            decode_device="gpu" if options.require_gpu_decode else options.decode_device,
            keyframes=options.keyframes,
            threads=self._threads,
        )

    def _collect(self, shown: str, stream: IsolatedSamples, pipeline: FeaturePipeline, listener: Listener) -> _Labels:
        scorer = make_scorer(self._model, self._options.rate)
        labels = _Labels(self._builder(), keep_scores=self._options.scores)
        # A piece fills the encoder's batch at least, since a GPU takes the same time for a full one, and all threads.
        blocks = [FeatureBlock(name, view_of(self._spec)) for name in self._spec.stream_names]
        for chunk in pipeline.encode(stream, blocks, max(LEAST_PIECE, self._threads)):
            if self._options.require_gpu_decode and not stream.report.decoder.endswith(ON_GPU):
                raise VideoError(shown, "no GPU decodes this video here", "leave --require-gpu-decode out")
            with self._stopwatch.phase("head"):
                labels.add_times(chunk.times)
                labels.add_scores(scorer.push(chunk.joined()))
            listener.progress(float(chunk.times[-1]), stream.probe.duration_s)
        with self._stopwatch.phase("head"):
            labels.add_scores(scorer.finish())
        self._stopwatch.add("decode", Phase(cpu_s=stream.decode_cpu_s))
        self._stopwatch.count(labels.samples)
        return labels

    def _builder(self) -> SegmentBuilder:
        spec, options = self._spec, self._options
        thresholds, durations = spec.thresholds, spec.minimum_durations_s
        if options.threshold is not None:
            thresholds = (options.threshold,) * len(spec.labels)
        if options.min_duration is not None:
            durations = (options.min_duration,) * len(spec.labels)
        builder = SingleLabelBuilder if spec.task == "single" else MultiLabelBuilder
        return builder(spec.labels, thresholds, durations, background=spec.background)

    def _result(
        self, known: str, video: VideoInfo, report: ReadReport, labels: _Labels, device: str, runtime: str
    ) -> Result:
        end_s = report.duration_s if self._options.end is None else min(report.duration_s, self._options.end)
        segments = labels.segments(end_s, report.holes)
        if self._options.top is not None:
            segments = keep_top(segments, self._options.top)
        damaged = report.decode_errors > 0 or report.decoded_ratio < 1
        spec = self._spec
        return Result(
            status="partial" if damaged else "ok",
            video=video,
            models=(self._model.info,),
            run=RunInfo(
                rate=self._options.rate or spec.rate,
                samples=labels.samples,
                decoder=report.decoder,
                decode_errors=report.decode_errors,
                decoded_ratio=report.decoded_ratio,
                device=device,
                runtime=runtime,
                version=installed_version(),
                fingerprint=known,
            ),
            segments=segments,
            scores=labels.scores(self._model.info.name, spec.labels, self._options.top),
        )


class _Labels:
    """What is known of a video so far: times wait here for their scores, which may come later.

    Args:
        builder: turns scores into segments.
        keep_scores: whether the scores themselves are asked for; they need memory for each sample.
    """

    def __init__(self, builder: SegmentBuilder, *, keep_scores: bool) -> None:
        self._builder = builder
        self._kept: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]] | None = [] if keep_scores else None
        self._waiting: npt.NDArray[np.float64] = np.empty(0)
        self.samples = 0

    def add_times(self, times: npt.NDArray[np.float64]) -> None:
        """(T,) seconds of samples whose scores will come."""
        self._waiting = np.concatenate([self._waiting, times])

    def add_scores(self, scores: npt.NDArray[np.float32]) -> None:
        """(T, C) scores of the earliest samples that have none yet."""
        times, self._waiting = np.split(self._waiting, [len(scores)])
        self.samples += len(scores)
        self._builder.push(times, scores)
        if self._kept is not None and len(scores):
            self._kept.append((times, scores))

    def segments(self, end_s: float, holes: Sequence[tuple[float, float]]) -> tuple[Segment, ...]:
        """The segments outside the holes, once all scores are there."""
        return self._builder.finish(end_s, holes)

    def scores(self, model: str, labels: tuple[str, ...], top: int | None) -> tuple[Scores, ...]:
        """All scores, or those of the `top` labels with the highest mean; none if they were not asked for."""
        if self._kept is None:
            return ()
        times = np.concatenate([times for times, _ in self._kept] or [np.empty(0)])
        values = np.concatenate([scores for _, scores in self._kept] or [np.empty((0, len(labels)), np.float32)])
        columns = np.arange(len(labels))
        if top is not None and len(values):
            columns = np.sort(np.argsort(-values.mean(axis=0), kind="stable")[:top])
        return (Scores(model, times, tuple(labels[column] for column in columns), values[:, columns]),)
