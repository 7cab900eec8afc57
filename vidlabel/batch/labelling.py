"""From one video to its labels."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vidlabel.batch.fingerprint import fingerprint
from vidlabel.batch.listener import PythonListener
from vidlabel.batch.options import PredictOptions
from vidlabel.cores import available_cores
from vidlabel.errors import VideoError
from vidlabel.features.encoder import load_encoder
from vidlabel.features.extraction import extract
from vidlabel.heads.model import load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.labels.result import Result, RunInfo, Scores, Segment
from vidlabel.labels.segmentation import MultiLabelBuilder, SegmentBuilder, SingleLabelBuilder, keep_top
from vidlabel.model_encoder import tuned_weights_in
from vidlabel.stopwatch import OFF, Phase, Stopwatch
from vidlabel.version import installed_version
from vidlabel.video.decode_pool import DecodePool
from vidlabel.video.isolated import IsolatedSamples, open_isolated_samples
from vidlabel.video.sample import SampleRequest

if TYPE_CHECKING:
    import numpy.typing as npt

    from vidlabel.batch.listener import Listener


LEAST_PIECE = 8
"""Samples at least that are encoded and scored together: it changes memory and overlap, never a result."""

ON_GPU = "on GPU"
"""How the names of decoders end that run on a GPU."""


def predict(path: str | PathLike[str], model: str | PathLike[str] = "objects", **options: Any) -> Result:  # noqa: ANN401
    """Tell what happens when in a video.

    Args:
        path: the video.
        model: name of a shipped model, or path of a model file.
        **options: the fields of `PredictOptions`: rate, threshold, min_duration, top, scores, device, runtime,
            decode_device, require_gpu_decode, decoder, keyframes, start, end, timeout.

    Returns:
        The labels with their times in seconds from the first presented frame.

    Raises:
        UsageError: an option that cannot be meant, or a device that is not there.
        VideoError: the file cannot be read as a video.
        ModelFileError: the model cannot be used.
    """
    asked = PredictOptions(model=fspath(model), **options)
    with DecodePool() as pool:
        return Labeller(asked, pool).label(fspath(path), PythonListener())


class Labeller:
    """Labels videos one after the other, with one model that is loaded once.

    Args:
        options: for all of the videos.
        pool: the processes that decode them; whoever made it closes it.
        threads: cores for this video: so many pictures are encoded at the same time on the CPU, and so many are decoded
            where one core is too slow for the encoder; None: as many as there are.
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
        tuned = tuned_weights_in(self._model)
        self._encoder = load_encoder(self._spec.encoder.name, options.device, self._threads, options.runtime, tuned)

    def label(self, shown: str, listener: Listener) -> Result:
        """Label one video.

        Args:
            shown: its path as given.
            listener: told how it goes.

        Raises:
            VideoError: the file cannot be read as a video.
        """
        known = fingerprint(shown, self._model.sha256, self._options)
        request, timeout_s = self._request(), self._options.timeout
        with open_isolated_samples(Path(shown), request, timeout_s, self._pool, listener.alive) as stream:
            self._check_start(shown, stream)
            labels = self._collect(shown, stream, listener)
            for warning in stream.report.warnings:
                listener.warn(f"{shown}: {warning}")
            return self._result(shown, known, stream, labels)

    def _check_start(self, shown: str, stream: IsolatedSamples) -> None:
        if self._options.start >= stream.probe.duration_s:
            problem = f"lasts {stream.probe.duration_s:.3f} s, and labelling is to begin at {self._options.start:g} s"
            raise VideoError(shown, problem, "give an earlier --start")

    def _request(self) -> SampleRequest:
        options = self._options
        return SampleRequest(
            rate=options.rate or self._spec.rate,
            short_side=self._spec.preprocessing.short_side,
            start_s=options.start,
            end_s=options.end,
            decoder=options.decoder,
            decode_device="gpu" if options.require_gpu_decode else options.decode_device,
            keyframes=options.keyframes,
            lag_s=self._spec.lag_s,
            threads=self._threads,
        )

    def _collect(self, shown: str, stream: IsolatedSamples, listener: Listener) -> _Labels:
        scorer = make_scorer(self._model, self._options.rate)
        labels = _Labels(self._builder(), keep_scores=self._options.scores)
        # A piece fills the encoder's batch at least, since a GPU takes the same time for a full one, and all threads.
        spec, size = self._spec, max(LEAST_PIECE, self._threads, self._encoder.batch_size)
        features = extract(stream, self._encoder, spec.streams, spec.preprocessing.crop, size, self._stopwatch)
        for chunk in features:
            if self._options.require_gpu_decode and not stream.report.decoder.endswith(ON_GPU):
                raise VideoError(shown, "no GPU decodes this video here", "leave --require-gpu-decode out")
            with self._stopwatch.phase("head"):
                labels.add_times(chunk.times)
                labels.add_scores(scorer.push(chunk.values))
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

    def _result(self, shown: str, known: str, stream: IsolatedSamples, labels: _Labels) -> Result:
        report = stream.report
        end_s = report.duration_s if self._options.end is None else min(report.duration_s, self._options.end)
        segments = labels.segments(end_s, report.holes)
        if self._options.top is not None:
            segments = keep_top(segments, self._options.top)
        damaged = report.decode_errors > 0 or report.decoded_ratio < 1
        spec = self._spec
        return Result(
            status="partial" if damaged else "ok",
            video=stream.probe.info(shown),
            model=self._model.info,
            run=RunInfo(
                rate=self._options.rate or spec.rate,
                samples=labels.samples,
                decoder=report.decoder,
                decode_errors=report.decode_errors,
                decoded_ratio=report.decoded_ratio,
                device=self._encoder.device,
                runtime=self._encoder.runtime,
                version=installed_version(),
                fingerprint=known,
            ),
            segments=segments,
            scores=labels.scores(spec.labels, self._options.top),
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

    def scores(self, labels: tuple[str, ...], top: int | None) -> Scores | None:
        """All scores, or those of the `top` labels with the highest mean; None if they were not asked for."""
        if self._kept is None:
            return None
        times = np.concatenate([times for times, _ in self._kept] or [np.empty(0)])
        values = np.concatenate([scores for _, scores in self._kept] or [np.empty((0, len(labels)), np.float32)])
        columns = np.arange(len(labels))
        if top is not None and len(values):
            columns = np.sort(np.argsort(-values.mean(axis=0), kind="stable")[:top])
        return Scores(times, tuple(labels[column] for column in columns), values[:, columns])
