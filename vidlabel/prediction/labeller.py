"""From one video to its labels, with models that are loaded once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.errors import InputError, UsageError, VideoError, VidlabelError
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import FeatureConfig
from vidlabel.features.feature_file import is_feature_name
from vidlabel.features.speech import with_speech
from vidlabel.features.streams.registry import available_streams, check_has_streams
from vidlabel.heads.bundled_models import DEFAULT_MODELS
from vidlabel.labels.result import Result, RunInfo, VideoInfo
from vidlabel.prediction.chosen_models import chosen_names, load_chosen_models
from vidlabel.prediction.feature_inputs import features_info, features_report, read_for_model
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.model_labels import FeatureSink, ModelLabels, ModelOutput, joined_segments
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.prediction.reading_passes import PassPlanner, ReadingPass
from vidlabel.prediction.video_inputs import encoder_files, video_problem, video_streams
from vidlabel.process import available_cores
from vidlabel.profiling import OFF, Phase, Stopwatch
from vidlabel.version import VERSION
from vidlabel.video.isolation.messages import Probed
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.request import ReadReport, SampleRequest
from vidlabel.video.samples import open_isolated_samples, read_ahead
from vidlabel.vocabulary.model import VocabularyModel

if TYPE_CHECKING:
    from vidlabel.features.pipeline import Features
    from vidlabel.heads.spec import ModelSpec


MOST_NAMED = 5
"""Labels that one warning names."""
ON_GPU = "on GPU"
"""How the names of decoders end that run on a GPU."""


class Labeller:
    """Labels videos one after the other, with models that are loaded once.

    Args:
        options: for all of the videos.
        pool: the processes that decode them; whoever made it closes it.
        threads: cores for this video: pictures that are encoded at the same time on the CPU, and decoded where one core
            is too slow for the encoder; None: all cores.
        stopwatch: takes the time of the phases.
        features: takes the features that the models label by; None: they are forgotten.
        first: the video that is labelled first, where it is known: it is decoded while the encoders are loaded.

    Raises:
        UsageError: a device or runtime that is not there, or two models of one name.
        ModelFileError: a model cannot be used.
        InstallationError: the encoder's weights or its runtime are missing or damaged.
    """

    def __init__(
        self,
        options: PredictOptions,
        pool: DecodePool,
        threads: int | None = None,
        stopwatch: Stopwatch = OFF,
        features: FeatureSink | None = None,
        first: str | None = None,
    ) -> None:
        self._options = options
        self._features = features
        self._pool = pool
        self._stopwatch = stopwatch
        self._models = load_chosen_models(options)
        self._is_usual_choice = options.models == DEFAULT_MODELS and not options.labels
        self._threads = threads or available_cores()
        specs = [model.spec for model in self._models]
        self._blind = next((spec for spec in specs if video_problem(spec) is not None), None)
        """The first model that labels no videos."""
        for option, value in (("--subtitles", options.subtitles), ("--speech", options.speech)):
            if value is not None and not any("text" in spec.stream_names for spec in specs):
                names = ", ".join(spec.name for spec in specs)
                raise UsageError(option, f"no text is read by {names}", "leave it out")
        if options.encoder is not None and not encoder_files(specs):
            names = ", ".join(spec.name for spec in specs)
            raise UsageError("--encoder", f"no file of an encoder is needed by {names}", "leave it out")
        self._streams = video_streams(specs)
        self._passes = self._plan_passes(first) if self._blind is None else ()

    def _plan_passes(self, first: str | None) -> tuple[ReadingPass, ...]:
        options = self._options
        usual = FeatureConfig(
            decoder=options.decoder,
            runtime=options.runtime,
            audio_stream=options.audio_stream,
            subtitles=options.subtitles,
            speech=options.speech,
            image_text=chosen_names(options).image_text,
        )
        encoder = None if options.encoder is None else Path(options.encoder)
        planner = PassPlanner(usual, options.device, self._threads, encoder)
        plans = planner.plan(self._models, options.rate)
        # Speech is recognised before a video is opened, and files of features are not decoded.
        if first is not None and options.speech is None and not is_feature_name(Path(first)):
            read_ahead(Path(first), self._window(plans[0].request), options.timeout, self._pool)
        return tuple(planner.load(plan) for plan in plans)

    def label(self, shown: str, listener: Listener) -> Result:
        """Label one video, or file of features.

        Args:
            shown: its path as given.
            listener: receives progress and warnings.

        Raises:
            VideoError: the file cannot be read as a video.
            InputError: the file cannot be read as features, or not as those of a model.
            UsageError: a model needs an encoder that is not installed.
        """
        known = fingerprint(shown, tuple(model.sha256 for model in self._models), self._options, self._streams)
        if is_feature_name(Path(shown)):
            return self._label_features(shown, known, listener)
        if self._blind is not None:
            raise _cannot_see(shown, self._blind)
        return self._label_video(shown, known, listener)

    def _label_video(self, shown: str, known: str, listener: Listener) -> Result:
        found = [self._read(shown, number, listener) for number in range(len(self._passes))]
        readings = [reading for reading in found if isinstance(reading, _Reading)]
        problems = [problem for problem in found if isinstance(problem, VideoError)]
        if not readings:
            raise problems[0]
        if not self._is_usual_choice:
            for problem in problems:
                listener.warn(str(problem))
        for warning in dict.fromkeys(warning for reading in readings for warning in reading.report.warnings):
            listener.warn(f"{shown}: {warning}")
        return self._result(known, readings)

    def _read(self, shown: str, number: int, listener: Listener) -> _Reading | VideoError:
        """Read a video for the models of one pass that can do with its streams; where none can, what it lacks."""
        own, count, timeout_s = self._passes[number], len(self._passes), self._options.timeout
        request, samples = self._window(own.request), 0
        request = with_speech(Path(shown), request, self._options.speech, cache_folder(), listener.alive)
        with open_isolated_samples(Path(shown), request, timeout_s, self._pool, listener.alive) as stream:
            duration_s = stream.probe.duration_s
            self._check_start(shown, duration_s)
            available = self._available(own, stream.opened, request)
            usable = [place for place in own.models if self._models[place].spec.can_score(available)]
            if not usable:
                return _lack(shown, self._models[own.models[0]].spec, available, stream.opened, request)
            self._say_what_is_left_out(shown, set(own.models) - set(usable), available, listener)
            self._say_what_is_not_found(shown, usable, available, listener)
            labels = [ModelLabels(self._models[place], self._options, available, self._features) for place in usable]
            for pieces in own.having(available, usable).encode(stream, self._stopwatch):
                if self._options.require_gpu_decode and not stream.report.decoder.endswith(ON_GPU):
                    raise VideoError(shown, "no GPU decodes this video here", "leave --require-gpu-decode out")
                with self._stopwatch.phase("head"):
                    times = _push(labels, pieces)
                samples += len(times)
                listener.progress((number * duration_s + max(times)) / count, duration_s)
            with self._stopwatch.phase("head"):
                outputs = self._outputs(usable, labels, stream.report)
            self._stopwatch.add("decode", Phase(cpu_s=stream.decode_cpu_s))
            self._stopwatch.count(samples)
            return _Reading(stream.probe.info(shown), stream.report, samples, outputs, own.device, own.runtime)

    def _available(self, own: ReadingPass, opened: Probed, request: SampleRequest) -> tuple[str, ...]:
        """The streams that a video has, of those of a pass."""
        specs = [self._models[place].spec for place in own.models]
        return available_streams(dict.fromkeys(name for spec in specs for name in spec.stream_names), opened, request)

    def _say_what_is_left_out(
        self, shown: str, places: Collection[int], available: Sequence[str], listener: Listener
    ) -> None:
        """Name the models that a video is too little for; nobody asked for those of the usual choice."""
        if self._is_usual_choice:
            return
        for place in sorted(places):
            spec = self._models[place].spec
            listener.warn(f"{shown}: has {spec.lack(available)}; it is left out")

    def _say_what_is_not_found(
        self, shown: str, places: Sequence[int], available: Sequence[str], listener: Listener
    ) -> None:
        """Name the labels in words that need a stream which the video lacks."""
        for place in places:
            model = self._models[place]
            lost = model.lost_labels(available) if isinstance(model, VocabularyModel) else ()
            if lost:
                missing = " and no ".join(name for name in model.spec.stream_names if name not in available)
                named = ", ".join(lost[:MOST_NAMED]) + (
                    f" and {len(lost) - MOST_NAMED} more" if lost[MOST_NAMED:] else ""
                )
                listener.warn(f"{shown}: has no {missing}, without which {named} cannot be found")

    def _label_features(self, shown: str, known: str, listener: Listener) -> Result:
        readings, problems = [], []
        for place in range(len(self._models)):
            try:
                readings.append(self._take_features(shown, place, listener))
            except InputError as error:
                if not self._is_usual_choice:
                    raise
                problems.append(error)
        if not readings:
            raise problems[0]
        listener.progress(readings[0].video.duration, readings[0].video.duration)
        return self._result(known, readings)

    def _take_features(self, shown: str, place: int, listener: Listener) -> _Reading:
        """Read a file of features for one model."""
        options, path, model = self._options, Path(shown), self._models[place]
        found = read_for_model(model.spec, path, options.rate)
        self._check_start(shown, found.duration_s)
        if found.own_rate != found.rate:
            rates = f"{found.own_rate:g} to {found.rate:g} samples a second"
            listener.warn(f"{shown}: is resampled from {rates}")
        wanted = (found.times >= options.start) & (found.times < (options.end or np.inf))
        labels = ModelLabels(model, options, found.held(model.spec.stream_names), self._features)
        report = features_report(found)
        with self._stopwatch.phase("head"):
            labels.push(found.times[wanted], found.values[wanted])
            outputs = self._outputs([place], [labels], report)
        samples = int(wanted.sum())
        self._stopwatch.count(samples)
        video = features_info(shown, path.stat().st_size, found)
        return _Reading(video, report, samples, outputs, "cpu", found.origin.runtime if found.origin else "none")

    def _check_start(self, shown: str, duration_s: float) -> None:
        if self._options.start >= duration_s:
            problem = f"lasts {duration_s:.3f} s, and labelling is to begin at {self._options.start:g} s"
            raise VideoError(shown, problem, "give an earlier --start")

    def _window(self, request: SampleRequest) -> SampleRequest:
        """Ask for what the options say of every video."""
        options = self._options
        return replace(
            request,
            start_s=options.start,
            end_s=options.end,
            decode_device="gpu" if options.require_gpu_decode else options.decode_device,
            keyframes=options.keyframes,
            threads=self._threads,
        )

    def _outputs(
        self, places: Sequence[int], labels: Sequence[ModelLabels], report: ReadReport
    ) -> dict[int, ModelOutput]:
        """What models found, when they have all samples."""
        end_s = report.duration_s if self._options.end is None else min(report.duration_s, self._options.end)
        return {place: own.finish(end_s, report.holes) for place, own in zip(places, labels, strict=True)}

    def _result(self, known: str, readings: Sequence[_Reading]) -> Result:
        """Put together what all models found that were not left out, in their order."""
        found = {place: output for reading in readings for place, output in reading.outputs.items()}
        models = [self._models[place] for place in sorted(found)]
        outputs = [found[place] for place in sorted(found)]
        reports = [reading.report for reading in readings]
        decode_errors = max(report.decode_errors for report in reports)
        decoded_ratio = min(report.decoded_ratio for report in reports)
        return Result(
            status="partial" if decode_errors > 0 or decoded_ratio < 1 else "ok",
            video=readings[0].video,
            models=tuple(model.info for model in models),
            run=RunInfo(
                rate=self._options.rate or max(model.spec.rate for model in models),
                samples=sum(reading.samples for reading in readings),
                decoder="; ".join(dict.fromkeys(report.decoder for report in reports)),
                decode_errors=decode_errors,
                decoded_ratio=decoded_ratio,
                device=readings[0].device,
                runtime=readings[0].runtime,
                version=VERSION,
                fingerprint=known,
            ),
            segments=joined_segments([model.spec.name for model in models], outputs),
            scores=tuple(output.scores for output in outputs if output.scores is not None),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """What one reading of a video gave."""

    video: VideoInfo
    report: ReadReport
    samples: int
    outputs: dict[int, ModelOutput]
    """Of each model that it served, by the place of the model."""
    device: str
    runtime: str


def _lack(shown: str, spec: ModelSpec, available: Sequence[str], opened: Probed, request: SampleRequest) -> VideoError:
    """What a video lacks that a model cannot do without."""
    try:
        check_has_streams(shown, opened, request)
    except VideoError as error:
        return error
    return VideoError(shown, f"has {spec.lack(available)}", "use a model of streams that it has")


def _push(labels: Sequence[ModelLabels], pieces: Sequence[Features | None]) -> set[float]:
    """Give each model its features of the next piece.

    Returns:
        Seconds of the samples of all models together.
    """
    given = [(own, piece) for own, piece in zip(labels, pieces, strict=True) if piece is not None]
    for own, piece in given:
        own.push(piece.times, piece.joined())
    return {time_s for _, piece in given for time_s in piece.times.tolist()}


def _cannot_see(shown: str, spec: ModelSpec) -> VidlabelError:
    """Why a video cannot be labelled; no other one can, either, where an encoder is missing."""
    problem, remedy = video_problem(spec) or "", "give files of the features that it was trained on"
    if spec.is_external:
        return VideoError(shown, problem, remedy)
    return UsageError("--model", problem, f"train the model again, or {remedy}")
