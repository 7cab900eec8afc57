"""The streams that can be computed from videos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from vidlabel.errors import UsageError, VideoError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.hardware import UsedRuntime
from vidlabel.features.encoders.video_networks.table import VIDEO_NETWORKS
from vidlabel.features.streams.audio import AudioStream
from vidlabel.features.streams.base import FeatureStream
from vidlabel.features.streams.clips import ClipStream
from vidlabel.features.streams.frames import FramesStream
from vidlabel.features.streams.image_text import ImageTextStream
from vidlabel.features.streams.motion import MotionStream
from vidlabel.features.streams.pictures import PictureStream
from vidlabel.features.streams.pose import PoseStream
from vidlabel.features.streams.text import TextStream
from vidlabel.stream_spec import StreamSpec, View
from vidlabel.video.isolation.messages import Probed
from vidlabel.video.request import ClipFrames, SampleRequest

_STREAMS: tuple[FeatureStream, ...] = (
    FramesStream(),
    MotionStream(),
    PoseStream(),
    AudioStream(),
    TextStream(),
)
_CLIP_STREAMS: tuple[FeatureStream, ...] = tuple(ClipStream(network) for network in VIDEO_NETWORKS.values())
_BY_NAME: Mapping[str, FeatureStream] = {
    stream.name: stream for stream in (*_STREAMS, *_CLIP_STREAMS, ImageTextStream())
}

DEFAULT_STREAMS = (FramesStream.name, MotionStream.name)
"""The streams of the picture encoder, which every video has."""
TRAINING_STREAMS = (*DEFAULT_STREAMS, PoseStream.name, AudioStream.name)
"""That training chooses among where nobody names any. Not `text`: subtitles beside a video may be its very labels."""

VIDEO_STREAMS: tuple[str, ...] = tuple(stream.name for stream in _STREAMS)
"""The names of those that can be asked for; labels in words alone take `image-text`."""
CLIP_STREAMS: tuple[str, ...] = tuple(stream.name for stream in _CLIP_STREAMS)
"""The names of those that can be asked for once their video network was pulled."""


def is_known(name: str) -> bool:
    """Whether a stream can be computed from videos."""
    return name in _BY_NAME


def find_stream(name: str) -> FeatureStream:
    """Look a stream up.

    Raises:
        UsageError: it cannot be computed from videos.
    """
    if name not in _BY_NAME:
        raise UsageError(f"stream {name}", "this version cannot compute it", "use a model without it")
    return _BY_NAME[name]


def describe_streams(config: FeatureConfig, names: Iterable[str], view: View) -> tuple[StreamSpec, ...]:
    """How the features of some streams are made.

    Raises:
        UsageError: a stream that cannot be computed from videos.
    """
    return tuple(find_stream(name).describe(config, view) for name in names)


def lag_of(config: FeatureConfig, streams: Iterable[str]) -> float | None:
    """How much earlier the frame is that some of the streams compare with, seconds; None: none of them does."""
    return config.lag_s if any(find_stream(name).needs_earlier_frame for name in streams) else None


def clip_of(streams: Iterable[str]) -> ClipFrames | None:
    """The frames that some of the streams take around each sample; None: none of them does.

    Raises:
        UsageError: two take unlike ones.
    """
    takes = {name: clip for name in streams if (clip := find_stream(name).clip) is not None}
    if len(set(takes.values())) > 1:
        remedy = "give one of them, or train a model of each"
        raise UsageError(f"streams {' and '.join(takes)}", "take clips of unlike frames", remedy)
    return next(iter(takes.values()), None)


def runtime_of(streams: Iterable[str], runtime: UsedRuntime) -> UsedRuntime:
    """The library that makes some streams: torch where all are of video networks, else that of the other encoders."""
    return "torch" if all(name in VIDEO_NETWORKS for name in streams) else runtime


def short_side_of(streams: Iterable[str]) -> int | None:
    """Pixels of the shorter side of pictures for video networks; None: others decide, or there are none."""
    names = tuple(streams)
    sides = [VIDEO_NETWORKS[name].short_side for name in names if name in VIDEO_NETWORKS]
    if not sides:  # Other streams may be of files of features alone.
        return None
    has_picture_encoder = any(find_stream(name).encoder_kind == PictureStream.encoder_kind for name in names)
    return None if has_picture_encoder else max(sides)


def reading_request(config: FeatureConfig, streams: Iterable[str]) -> SampleRequest:
    """What one reading pass is to give for all of the streams together.

    Raises:
        UsageError: a stream that cannot be computed from videos.
    """
    names = tuple(streams)
    return SampleRequest(
        rate=config.rate,
        short_side=config.short_side,
        decoder=config.decoder,
        lag_s=lag_of(config, names),
        sound=any(find_stream(name).needs_sound for name in names),
        audio_stream=config.audio_stream,
        text=any(find_stream(name).needs_text for name in names),
        subtitles=config.subtitles,
        clip=clip_of(names),
    )


def beside_video(path: Path, config: FeatureConfig, streams: Iterable[str]) -> str:
    """Digests of all that some streams read beside the video; empty: nothing.

    Raises:
        InputError: a file that was named cannot be read.
    """
    return "".join(find_stream(name).beside_video(path, config) for name in streams)


def available_streams(names: Iterable[str], opened: Probed, request: SampleRequest) -> tuple[str, ...]:
    """The streams among some that a video has.

    Args:
        names: of streams.
        opened: the video.
        request: for all of these streams.
    """
    asked = tuple(dict.fromkeys(names))
    missing = missing_evidence(asked, opened, request)
    return tuple(name for name in asked if name not in missing)


def missing_evidence(names: Iterable[str], opened: Probed, request: SampleRequest) -> dict[str, str]:
    """What a video lacks of some streams: `sound`, `audio stream 1` or `subtitles` by the name of each that it lacks.

    Args:
        names: of streams.
        opened: the video.
        request: for all of these streams.
    """
    facts = opened.facts
    missing = {}
    for name in names:
        stream = find_stream(name)
        if stream.needs_sound and not facts.gives_sound(request):
            missing[name] = "sound" if not facts.audio_streams else f"audio stream {request.audio_stream}"
        elif stream.needs_text and opened.text_source is None:
            missing[name] = "subtitles"
    return missing


def check_has_streams(path: str | Path, opened: Probed, request: SampleRequest) -> None:
    """Refuse a video that lacks a stream that is asked for.

    Raises:
        VideoError: it has no sound, no such audio stream, or no subtitles.
    """
    asked = [s.name for s in _STREAMS if (s.needs_sound and request.sound) or (s.needs_text and request.text)]
    for name, lacks in missing_evidence(asked, opened, request).items():
        speech = "" if lacks != "subtitles" else "read its speech with --speech tiny.en, "
        remedy = f"leave it out, {speech}or use a model or --streams without {name}"
        raise VideoError(path, f"has no {lacks}, which the stream {name} is made of", remedy)


def parse_streams(text: str) -> tuple[str, ...]:
    """The streams of an option such as `frames,motion`.

    Raises:
        UsageError: one that is not known, or one named twice.
    """
    chosen = tuple(name.strip() for name in text.split(","))
    check_video_streams(chosen)
    return chosen


def check_video_streams(names: Sequence[str]) -> None:
    """Refuse an option `--streams` that cannot be computed from videos.

    Raises:
        UsageError: one that is not known, or one named twice.
    """
    if not set(names) <= {*VIDEO_STREAMS, *CLIP_STREAMS} or len(set(names)) != len(names):
        known = f"{', '.join(VIDEO_STREAMS)}, or of the video networks {', '.join(CLIP_STREAMS)}"
        remedy = f"give one or more of {known}, separated by commas"
        raise UsageError("--streams", f"{','.join(names)!r} is not understood", remedy)
    clip_of(names)
