"""Computes the features of videos and writes them to files: the job."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.batch.job import DoTask, JobReport, Product, Task, damage_reason
from vidlabel.errors import InputError
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import ExtractOptions, FeatureBlock, FeatureConfig, hardware_of
from vidlabel.features.encoders.hardware import UsedRuntime
from vidlabel.features.feature_file import feature_format, read_feature_file, write_features
from vidlabel.features.provenance import FeatureSettings, Provenance
from vidlabel.features.streams.registry import (
    beside_video,
    check_has_streams,
    describe_streams,
    missing_evidence,
    reading_request,
    runtime_of,
)
from vidlabel.json_text import plain_json
from vidlabel.paths import stat_video
from vidlabel.prediction.encoder_choice import with_encoder
from vidlabel.prediction.options import Listener
from vidlabel.profiling import Stopwatch
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.samples import TIMEOUT_S, open_isolated_samples

if TYPE_CHECKING:
    from vidlabel.features.video_features import VideoFeatures


@dataclass(frozen=True, slots=True)
class ExtractJob:
    """Compute the features of a video; made by `extract_job`."""

    options: ExtractOptions
    settings: FeatureSettings
    """What the files say about the options, and about the encoder that these lead to."""
    runtime: UsedRuntime

    @property
    def conditions(self) -> str:
        """No option decides whether there are features."""
        return ""

    @property
    def timeout_s(self) -> float:
        """Seconds without a sign of life until reading a video counts as hung."""
        return TIMEOUT_S

    def fingerprint(self, shown: str) -> str:
        """Hash of the video, wherever it lies, and of how its features are made.

        Raises:
            VideoError: the video is not there, or cannot be looked at.
        """
        status = stat_video(shown)
        return _fingerprint(status.st_size, status.st_mtime_ns, self.settings, self.runtime, self.beside(Path(shown)))

    def beside(self, path: Path) -> str:
        """Digest of what the streams read beside a video."""
        return beside_video(path, self.options.config, self.options.streams)

    def recognise(self, output: Path, fingerprint: str) -> JobReport | None:
        """How reading went for a feature file with this fingerprint."""
        try:
            found = read_feature_file(output)
        except InputError:
            return None
        origin = found.origin
        if origin is None:
            return None
        settings = origin.requested_settings
        known = _fingerprint(origin.size_bytes, origin.modified_ns, settings, origin.runtime, origin.beside)
        return _report(origin, len(found.values)) if known == fingerprint else None

    @contextlib.contextmanager
    def open(self, listener: Listener, stopwatch: Stopwatch, threads: int | None) -> Iterator[DoTask]:
        """Load the encoder and start a decoding process, which loads its libraries meanwhile."""
        with DecodePool() as pool:
            pool.start()
            # Imported here: labelling loads this module, too, to know the messages of its workers.
            from vidlabel.features.pipeline import FeaturePipeline
            from vidlabel.features.speech import with_speech
            from vidlabel.features.video_features import encode_video

            config = _config_of(self.options)
            used = _job(self.options, config)  # A model file may have changed since the run began.
            streams = self.options.streams
            pipeline = FeaturePipeline(config, streams, self.options.device, threads, stopwatch)
            pipeline.load(streams)
            request = reading_request(config, streams)

            def extract(task: Task) -> Product:
                """Compute the features of one video."""
                status = stat_video(task.shown)
                path = Path(task.shown)
                beside = used.beside(path)
                own = with_speech(path, request, config.speech, cache_folder(), listener.alive)
                with open_isolated_samples(path, own, TIMEOUT_S, pool, listener.alive) as stream:
                    missing = missing_evidence(streams, stream.opened, own)
                    if len(missing) == len(streams):
                        check_has_streams(task.shown, stream.opened, own)
                    for name, lacks in missing.items():
                        listener.warn(f"{task.shown}: has no {lacks}; its features are without the stream {name}")
                    blocks = [FeatureBlock(name, self.options.view) for name in streams if name not in missing]
                    found = encode_video(stream, pipeline, blocks, listener.progress)
                for warning in found.report.warnings:
                    listener.warn(f"{task.shown}: {warning}")
                return _product(used, task, status, found, beside)

            yield extract


def extract_job(options: ExtractOptions) -> ExtractJob:
    """The job of computing features with the encoder, the device and the runtime that the options lead to.

    Raises:
        ModelFileError: the encoder is named by a file that cannot be used as a model.
        InstallationError: the encoder's weights are not installed.
        UsageError: the model takes features that cannot be computed here, or there is no such runtime.
        DeviceError: there is no GPU.
    """
    return _job(options, _config_of(options))


def _config_of(options: ExtractOptions) -> FeatureConfig:
    return with_encoder(options.config, options.encoder, options.short_side, options.streams)


def _job(options: ExtractOptions, config: FeatureConfig) -> ExtractJob:
    _, runtime = hardware_of(config, options.device)
    streams = describe_streams(config, options.streams, options.view)
    settings = FeatureSettings(
        rate=config.rate,
        streams=tuple(stream.without_weights() for stream in streams),
        decoder=config.decoder,
        audio_stream=config.audio_stream,
    )
    return ExtractJob(options, settings, runtime_of(options.streams, runtime))


def _product(job: ExtractJob, task: Task, status: os.stat_result, found: VideoFeatures, beside: str) -> Product:
    report, settings = found.report, job.settings
    held = [block.stream for block in found.blocks]
    streams = tuple(stream for stream in settings.streams if stream.name in held)
    origin = Provenance(
        video=task.shown,
        size_bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
        duration_s=report.duration_s,
        settings=replace(settings, streams=streams),
        runtime=job.runtime,
        decoder=report.decoder,
        decode_errors=report.decode_errors,
        decoded_ratio=report.decoded_ratio,
        beside=beside,
        requested=() if streams == settings.streams else settings.streams,
    )
    values = found.joined(found.blocks)
    return Product(
        _fingerprint(status.st_size, status.st_mtime_ns, settings, job.runtime, beside),
        _report(origin, len(values)),
        lambda file: write_features(file, feature_format(task.output), found.times, values, origin),
    )


def _report(origin: Provenance, samples: int) -> JobReport:
    reason = damage_reason(origin.video, origin.decode_errors, origin.decoded_ratio)
    return JobReport(reason != "", reason, origin.duration_s, samples, origin.decode_errors)


def _fingerprint(size_bytes: int, modified_ns: int, settings: FeatureSettings, runtime: str, beside: str) -> str:
    facts = [size_bytes, modified_ns, plain_json(settings), runtime, *([beside] if beside else [])]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("ascii")).hexdigest()[:32]
