"""What a result depends on, as one short hash: equal fingerprints mean that the work need not be done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import resolve_runtime
from vidlabel.features.streams.registry import beside_video
from vidlabel.paths import stat_video
from vidlabel.prediction.options import PredictOptions

WITHOUT_EFFECT = frozenset({"encoder", "models", "require_gpu_decode", "speech", "subtitles", "timeout"})
"""Options that do not change a result. Hashes stand for the names of models, the file of subtitles, and the model of
speech; that of an encoder's file stands in the model that was trained with it."""


def fingerprint(
    shown: str, model_sha256s: tuple[str, ...], options: PredictOptions, streams: Iterable[str] = ()
) -> str:
    """Hash of one video (path as given, size, modification time), the models, and the options that change the result.

    Args:
        shown: path of the video as given.
        model_sha256s: of each model file.
        options: as given.
        streams: of the models; what they read beside the video counts.

    Returns:
        32 hexadecimal digits.

    Raises:
        VideoError: the file is not there, or cannot be looked at.
        InputError: a file that was named with it cannot be read.
        UsageError: the runtime that was asked for is not there.
    """
    status = stat_video(shown)
    asked = {name: getattr(options, name) for name in sorted(options.__slots__) if name not in WITHOUT_EFFECT}
    asked["runtime"] = resolve_runtime(options.runtime, options.device)  # Its features differ in the last digits.
    if options.audio_stream is None:  # Where none is named, nothing depends on it.
        del asked["audio_stream"]
    if not options.labels:
        del asked["labels"]
    facts = [shown, status.st_size, status.st_mtime_ns, *model_sha256s, asked]
    config = FeatureConfig(subtitles=options.subtitles, speech=options.speech, audio_stream=options.audio_stream)
    beside = beside_video(Path(shown), config, streams)
    if beside:
        facts.append(beside)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("ascii")).hexdigest()[:32]
