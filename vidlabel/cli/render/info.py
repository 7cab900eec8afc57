"""Lines of `vidlabel info` about a model or a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vidlabel.heads.config import MemberSpec
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import VideoInfo
from vidlabel.prediction.video_inputs import video_problem
from vidlabel.stream_spec import ClipSampling, EncoderInfo, PicturePreprocessing
from vidlabel.video.metadata import SubtitleTrack, VideoMetadata

MOST_LABELS = 12


def model_lines(spec: ModelSpec) -> list[str]:
    """A model: its labels, heads, inputs and metrics."""
    thresholds = f"{min(spec.thresholds):g} to {max(spec.thresholds):g}"
    return [
        f"{spec.name}: {spec.description}",
        f"  labels      {_labels(spec)}",
        f"  task        {spec.task}",
        *(f"  head        {line}" for line in _member_lines(spec)),
        *_input_lines(spec),
        f"  thresholds  {thresholds}",
        *_validation_lines(spec),
        f"  licence     {spec.licence}",
        f"  created     {spec.created}" + (f" by {spec.command}" if spec.command else ""),
    ]


def _labels(spec: ModelSpec) -> str:
    names = spec.shown_labels
    more = len(names) - MOST_LABELS
    listed = ", ".join(names[:MOST_LABELS]) + (f", and {more} more" if more > 0 else "")
    return f"{len(names)}: {listed}" + ("" if spec.background is None else "; and background")


def _input_lines(spec: ModelSpec) -> list[str]:
    """The features that the model takes, and why videos cannot be labelled, if so."""
    problem = video_problem(spec)
    learnt_on = "feature files" if spec.is_external else f"frames from {spec.decoder}"
    return [
        *_stream_lines(spec),
        *([] if problem is None or spec.is_external else [f"  videos      cannot be labelled here: {problem}"]),
        f"  rate        {spec.rate:g} samples/s, trained on {learnt_on}",
    ]


def _stream_lines(spec: ModelSpec) -> list[str]:
    """The encoder and pictures of the streams; those that share both share the lines."""
    if spec.is_external:
        return [f"  features    external, {spec.feature_size} values per sample; the model labels feature files only"]
    shared: dict[tuple[EncoderInfo | None, PicturePreprocessing | None, ClipSampling | None], list[str]] = {}
    for stream in spec.streams:
        pictures = None if stream.pictures is None else replace(stream.pictures, lag_s=None)
        shared.setdefault((stream.encoder, pictures, stream.clip), []).append(stream.name)
    lines = []
    for (encoder, pictures, clip), names in shared.items():
        made_by = "unknown" if encoder is None else f"{encoder.title} ({_digests(encoder)})"
        lines.append(f"  encoder     {made_by}, streams {', '.join(names)}")
        if pictures is not None:
            lines.append(f"  pictures    {_picture_words(pictures)}")
        if clip is not None:
            lines.append(f"  clips       {clip.frames} frames at {clip.rate:g} per second around each sample")
    return lines


def _picture_words(seen: PicturePreprocessing) -> str:
    place, _, mirrored = seen.view.partition("-")
    what = {"whole": "all", "centre": "the square in the middle"}.get(place, f"the square at the {place}")
    size = f"{seen.short_side} pixels ({seen.resize_filter})"
    return f"{what} of {size}, {seen.scaling_words}" + (", mirrored" if mirrored else "")


def _digests(encoder: EncoderInfo) -> str:
    """Digest of the published weights, and of fine-tuned ones."""
    published = encoder.sha256[:8]
    return published if encoder.tuned is None else f"{published}, {encoder.tuned.sha256[:8]}"


def _validation_lines(spec: ModelSpec) -> list[str]:
    """The validation metrics in the model file, if any."""
    validation = spec.metrics.get("validation")
    if not isinstance(validation, Mapping):
        return []
    figures = [
        f"{name.replace('_', ' ')} {value}" for name, value in validation.items() if isinstance(value, str | float)
    ]
    alone = validation.get("streams")
    if isinstance(alone, Mapping):
        figures.append("alone: " + ", ".join(f"{name} {share}" for name, share in alone.items()))
    return [f"  validation  {', '.join(figures)}"]


def _member_lines(spec: ModelSpec) -> list[str]:
    """One line for each kind of head, with their number."""
    forms = Counter(_member_form(spec, member) for member in spec.members)
    return [f"{count} x {form}" if count > 1 else form for form, count in forms.items()]


def _member_form(spec: ModelSpec, member: MemberSpec) -> str:
    head = member.head
    gated = ", gated" if head.gated_sizes is not None else ""
    seen = f"; {' + '.join(spec.streams_of(member))}, weight {member.weight:.2g}" if len(spec.streams) > 1 else ""
    way = "bidirectional" if head.bidirectional else "forward"
    role = "; recognises background" if member.role == "background" else ""
    size = f"{head.kind}{gated}, {head.hidden_size} hidden, {head.layers} layers, {way}"
    return f"{size}; temperature {member.temperature:.3g}{seen}{role}"


def video_lines(facts: VideoInfo, found: VideoMetadata, warnings: Sequence[str]) -> list[str]:
    """A video, and what is wrong with it as a whole."""
    return [
        f"{facts.path}",
        f"  duration    {facts.duration:.3f} s, {found.frames} frames, {facts.fps:.5g} per second",
        f"  picture     {facts.width}x{facts.height}, turned by {facts.rotation} degrees",
        f"  codec       {facts.codec} in {found.container}",
        f"  start time  {facts.start_time:.3f} s on the container's clock",
        f"  size        {facts.size_bytes} bytes",
        *(f"  subtitles   {_track_words(track)}" for track in found.subtitles),
        *(f"  warning     {warning}" for warning in warnings),
    ]


def _track_words(track: SubtitleTrack) -> str:
    language = f", {track.language}" if track.language else ""
    kind = "" if track.is_text else ", pictures of text"
    return f"stream {track.index}, {track.codec}{language}{kind}" + (", forced" if track.is_forced else "")
