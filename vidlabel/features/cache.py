"""Features that were computed before, kept in files: one for each video, stream and view.

An entry is found by the content of the video (see `video_hash`), so that a copied, moved or renamed video is known, and
by everything that its features depend on, which its stream says: of pictures encoder weights (published, or tuned for a
model), rate, size, stream, view, lag of the motion stream, decoder, and the encoder's runtime (the last digits differ,
and the same options shall give the same bytes).
Numbers are kept as float16. They lie between 0 and 6; measured on ut-interaction, rounding moves the 64 leading
whitened components by 0.0013 standard deviations at most, and cross-validated accuracy not at all. Entries appear
whole or not at all, under names made of what they hold, so that any number of processes may share a folder: two that
compute the same write the same. Every entry carries a hash of its numbers; a damaged one counts as missing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vidlabel.errors import OutputError
from vidlabel.features.cache_folder import entry_path
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.streams.registry import find_stream
from vidlabel.files import atomic_write
from vidlabel.json_fields import MismatchError, exact_dataclass_from_json
from vidlabel.tensor_files import METADATA_KEY, read_metadata, tensor_digest
from vidlabel.video.request import ReadReport

REVISION = 1
"""Part of every key. To be raised whenever sampling, preprocessing or encoding gives other numbers than before."""

Tensors = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class CachedBlock:
    """One stream of one video in one view."""

    times: npt.NDArray[np.float64]
    """(T,) seconds from the first presented frame."""
    values: npt.NDArray[np.float32]
    """(T, D)."""
    report: ReadReport
    """How reading went when they were computed."""


class FeatureCache:
    """The features in a cache folder.

    Args:
        folder: made when something is first kept; None: there is none, so that nothing can be kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path | None:
        """Where it lies; None: nowhere."""
        return self._folder

    def load(self, content: str, config: FeatureConfig, block: FeatureBlock) -> CachedBlock | None:
        """Take a block of a video's features.

        Args:
            content: `video_hash` of the video.
            config: how the features are made.
            block: which of them.

        Returns:
            The block; None if it is not there, or damaged.
        """
        if self._folder is None:
            return None
        key = _key(content, config, block)
        try:
            return _parse(entry_path(self._folder, key).read_bytes(), key)
        except (OSError, SafetensorError, ValueError, KeyError):
            return None  # Whatever is wrong with an entry, computing it again puts it right.

    def keep(self, content: str, config: FeatureConfig, block: FeatureBlock, cached: CachedBlock) -> None:
        """Keep a block of a video's features.

        Raises:
            OutputError: it cannot be written.
        """
        if self._folder is None:
            raise OutputError("feature cache", "has no place, since the user has no home folder")
        key = _key(content, config, block)
        tensors: Tensors = {"times": cached.times, "values": cached.values.astype(np.float16)}
        facts = {"key": key, "sha256": tensor_digest(tensors), "report": asdict(cached.report)}
        with atomic_write(entry_path(self._folder, key)) as file:
            file.write(save(tensors, {METADATA_KEY: json.dumps(facts)}))


def as_kept(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Features as they come back from the cache, so that the first run of a training computes what the second does."""
    return values.astype(np.float16).astype(np.float32)


def _key(content: str, config: FeatureConfig, block: FeatureBlock) -> str:
    facts = [REVISION, content, *find_stream(block.stream).cache_key(config, block.view)]
    return hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class _EntryFields:
    """The metadata of an entry."""

    key: str
    sha256: str
    report: ReadReport


def _parse(content: bytes, key: str) -> CachedBlock:
    facts = exact_dataclass_from_json(_EntryFields, json.loads(read_metadata(content)), "")
    tensors = load(content)
    times, values = tensors["times"], tensors["values"]
    if facts.key != key or facts.sha256 != tensor_digest({"times": times, "values": values}):
        raise MismatchError("", "is damaged")
    return CachedBlock(times, values.astype(np.float32), facts.report)
