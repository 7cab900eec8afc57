"""`vidlabel info`: describe a model, a video, or the feature cache."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vidlabel.cli.console import print_output
from vidlabel.cli.options import AsJson, CacheDir, Debug
from vidlabel.errors import UsageError


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
    from vidlabel.cli.render.info import model_lines, video_lines
    from vidlabel.features.encoders.video_networks.table import is_video_network
    from vidlabel.heads.bundled_models import find_model, shipped_models
    from vidlabel.heads.model_file import read_spec
    from vidlabel.paths import exists
    from vidlabel.prediction.kinetics import kinetics_spec
    from vidlabel.video.samples import isolated_probe

    path = Path(target)
    spec = None
    if path.suffix == ".safetensors" or (not exists(path) and target in shipped_models()):
        spec = read_spec(find_model(target))
    elif is_video_network(target) and not exists(path):
        spec = kinetics_spec(target)
    if spec is not None:
        typer.echo(spec.to_json() if as_json else "\n".join(model_lines(spec)))
        return
    opened = isolated_probe(path)
    found = opened.facts
    facts = found.info(target)
    if as_json:
        fields = {
            **asdict(facts),
            "container": found.container,
            "frames": found.frames,
            "subtitles": [asdict(track) for track in found.subtitles],
            "warnings": opened.warnings,
        }
        typer.echo(json.dumps(fields, indent=2))
    else:
        typer.echo("\n".join(video_lines(facts, found, opened.warnings)))
