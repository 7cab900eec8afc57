"""`vidlabel info`: describe a model, a video, or the feature cache."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidlabel.cli.console import print_output
from vidlabel.cli.options import AsJson, CacheDir, Debug
from vidlabel.errors import UsageError

if TYPE_CHECKING:
    from vidlabel.heads.config import MemberSpec
    from vidlabel.heads.spec import ModelSpec
    from vidlabel.labels.result import VideoInfo
    from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing

MOST_LABELS = 12


def info(
    target: Annotated[
        str | None, typer.Argument(metavar="MODEL|VIDEO", help="Name of a shipped model, a model file, or a video.")
    ] = None,
    cache: Annotated[bool, typer.Option("--cache", help="Show where the feature cache is, and its size.")] = False,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Describe a model, a video, or the feature cache."""
    if cache or target is None:
        if target is not None or not cache:
            raise UsageError("info", "needs a model, a video, or --cache", "give one of them")
        _print_cache(cache_dir, as_json=as_json)
        return
    _print_target(target, as_json=as_json)


def _print_cache(cache_dir: str | None, *, as_json: bool) -> None:
    from vidlabel.features.cache_folder import cache_folder, cache_summary

    folder = cache_folder(Path(cache_dir) if cache_dir is not None else None)
    if folder is None:
        raise UsageError("--cache", "the user has no home folder to keep features in", "name one with --cache-dir")
    found = cache_summary(folder)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "folder": str(found.folder)}, indent=2))
        return
    print_output(f"{found.folder}")
    print_output(f"  features    {found.entries} files, {found.size_bytes / 1e6:.1f} MB; deleting them is safe")


def _print_target(target: str, *, as_json: bool) -> None:
    from vidlabel.heads.bundled_models import find_model, shipped_models
    from vidlabel.heads.model_file import read_spec
    from vidlabel.paths import exists
    from vidlabel.video.samples import isolated_probe

    path = Path(target)
    if path.suffix == ".safetensors" or (not exists(path) and target in shipped_models()):
        spec = read_spec(find_model(target))
        typer.echo(spec.to_json() if as_json else "\n".join(_model_lines(spec)))
        return
    opened = isolated_probe(path)
    found = opened.facts
    facts = found.info(target)
    if as_json:
        fields = {**asdict(facts), "container": found.container, "frames": found.frames, "warnings": opened.warnings}
        typer.echo(json.dumps(fields, indent=2))
    else:
        lines = _video_lines(facts, found.container, found.frames)
        typer.echo("\n".join([*lines, *(f"  warning     {warning}" for warning in opened.warnings)]))


def _model_lines(spec: ModelSpec) -> list[str]:
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
    from vidlabel.prediction.video_inputs import video_problem

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
    shared: dict[tuple[EncoderInfo | None, PicturePreprocessing | None], list[str]] = {}
    for stream in spec.streams:
        pictures = None if stream.pictures is None else replace(stream.pictures, lag_s=None)
        shared.setdefault((stream.encoder, pictures), []).append(stream.name)
    lines = []
    for (encoder, pictures), names in shared.items():
        made_by = "unknown" if encoder is None else f"{encoder.title} ({_digests(encoder)})"
        lines.append(f"  encoder     {made_by}, streams {', '.join(names)}")
        if pictures is not None:
            lines.append(f"  pictures    {_picture_words(pictures)}")
    return lines


def _picture_words(seen: PicturePreprocessing) -> str:
    place, _, mirrored = seen.view.partition("-")
    what = {"whole": "all", "centre": "the square in the middle"}.get(place, f"the square at the {place}")
    size = f"{seen.short_side} pixels ({seen.resize_filter})"
    return f"{what} of {size}, (value - {seen.mean:g}) / {seen.scale:g}" + (", mirrored" if mirrored else "")


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
    return [f"  validation  {', '.join(figures)}"]


def _member_lines(spec: ModelSpec) -> list[str]:
    """One line for each kind of head, with their number."""
    forms = Counter(_member_form(member) for member in spec.members)
    return [f"{count} x {form}" if count > 1 else form for form, count in forms.items()]


def _member_form(member: MemberSpec) -> str:
    head = member.head
    way = "bidirectional" if head.bidirectional else "forward"
    role = "; recognises background" if member.role == "background" else ""
    size = f"{head.kind}, {head.hidden_size} hidden, {head.layers} layers, {way}"
    return f"{size}; temperature {member.temperature:.3g}{role}"


def _video_lines(facts: VideoInfo, container: str, frames: int) -> list[str]:
    return [
        f"{facts.path}",
        f"  duration    {facts.duration:.3f} s, {frames} frames, {facts.fps:.5g} per second",
        f"  picture     {facts.width}x{facts.height}, turned by {facts.rotation} degrees",
        f"  codec       {facts.codec} in {container}",
        f"  start time  {facts.start_time:.3f} s on the container's clock",
        f"  size        {facts.size_bytes} bytes",
    ]
