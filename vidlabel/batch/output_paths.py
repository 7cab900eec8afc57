"""Where the labels of each video are written in an output folder."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from vidlabel.batch.inputs import VideoInput

LONGEST_NAME = 200
"""Bytes of an output's name; file systems allow 255, and a temporary name is longer than the final one."""


def plan_outputs(videos: Sequence[VideoInput], folder: Path, suffix: str) -> list[Path]:
    """One output path a video, below `folder`, all different.

    The tree of the inputs is mirrored, and an output keeps the input's whole name (`a.mp4.json`), so that it depends on
    its own input alone and `a.mp4` never meets `a.mkv`. Inputs of one name from different places get a hash of their
    place besides (`a.mp4~1b2c3d4e.json`).

    Args:
        videos: N inputs.
        folder: the output folder.
        suffix: ending of the format, with its dot.

    Returns:
        N paths.
    """
    count = Counter(_plain_name(video.below) for video in videos)
    return [folder / _output_name(video, suffix, shared=count[_plain_name(video.below)] > 1) for video in videos]


def _plain_name(below: Path) -> str:
    # Two names that differ only in case are one file on the usual file systems of Windows and macOS.
    return os.fspath(below).casefold()


def _output_name(video: VideoInput, suffix: str, *, shared: bool) -> Path:
    name = video.below.name
    encoded = os.fsencode(name)
    too_long = len(encoded) > LONGEST_NAME
    if too_long:
        name = os.fsdecode(encoded[: LONGEST_NAME - 16])
    if shared or too_long:
        place = hashlib.sha256(os.fsencode(Path(video.shown).absolute())).hexdigest()[:8]
        name = f"{name}~{place}"
    return video.below.with_name(name + suffix)
