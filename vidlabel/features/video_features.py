"""All features of videos for training, computed once and kept.

T samples in time, D numbers in a feature of one block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.errors import OutputError
from vidlabel.features.cache import CachedBlock, FeatureCache, as_kept
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.hardware import Device
from vidlabel.features.pipeline import FeaturePipeline, Features
from vidlabel.features.streams.registry import available_streams, beside_video, check_has_streams, reading_request
from vidlabel.features.video_hash import video_hash
from vidlabel.stream_spec import StreamSpec
from vidlabel.video.request import ReadReport
from vidlabel.video.samples import IsolatedSamples, open_isolated_samples


@dataclass(frozen=True, slots=True, eq=False)
class VideoFeatures:
    """The features of one video in several blocks."""

    times: npt.NDArray[np.float64]
    """(T,) seconds from the first presented frame."""
    blocks: tuple[FeatureBlock, ...]
    values: tuple[npt.NDArray[np.float32], ...]
    """(T, D) for each block; (T, 0) where the video does not have the stream."""
    report: ReadReport
    """How reading went."""

    def joined(self, blocks: Sequence[FeatureBlock]) -> npt.NDArray[np.float32]:
        """The features of some streams, (T, D of all together), as a model of these streams sees them."""
        return np.concatenate([self.values[self.blocks.index(block)] for block in blocks], axis=1)

    @property
    def missing(self) -> frozenset[str]:
        """The streams that the video does not have."""
        pairs = zip(self.blocks, self.values, strict=True)
        return frozenset(block.stream for block, values in pairs if values.shape[1] == 0)

    def filled(self, streams: Sequence[StreamSpec], blocks: Sequence[FeatureBlock]) -> npt.NDArray[np.float32]:
        """As `joined`, of the block of each stream, with 0 in place of what the video does not have."""
        missing = self.missing
        parts = [
            np.zeros((len(self.times), stream.size), np.float32) if stream.name in missing else self.joined([block])
            for stream, block in zip(streams, blocks, strict=True)
        ]
        return np.concatenate(parts, axis=1)


def encode_video(
    stream: IsolatedSamples,
    pipeline: FeaturePipeline,
    blocks: Sequence[FeatureBlock],
    on_progress: Callable[[float, float], None],
) -> VideoFeatures:
    """Compute the features of one video.

    Args:
        stream: its samples, as `reading_request` asks for them.
        pipeline: for the streams of the blocks.
        blocks: streams in views.
        on_progress: called with the seconds that are encoded, and those of the video.

    Raises:
        VideoError: it cannot be read as a video, or lacks one of the streams.
        UsageError, InstallationError: an encoder cannot be loaded.
    """
    pieces: list[Features] = []
    for piece in pipeline.encode(stream, blocks):
        pieces.append(piece)
        on_progress(float(piece.times[-1]), stream.probe.duration_s)
    values = tuple(np.concatenate(own) for own in zip(*(piece.blocks for piece in pieces), strict=True))
    return VideoFeatures(np.concatenate([piece.times for piece in pieces]), tuple(blocks), values, stream.report)


class ExtractionListener(Protocol):
    """Receives the progress of extraction."""

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """This much of the video `name` is encoded, in seconds."""

    def warn(self, text: str) -> None:
        """A warning of one line; the work continues."""


class FeatureExtractor:
    """Computes features of videos, or takes them from a cache.

    The encoder is loaded when a video is first found to be missing from the cache. What could be decoded in part only
    is used, and not kept. A cache that cannot be written is warned of once, and read from all the same.

    Args:
        config: how the features are made.
        blocks: streams in the order in which models join them, in one view of the pictures; then the same in others.
        cache: None: nothing is kept.
        device: where the encoder runs.
        threads: pictures that are encoded at the same time on the CPU; None: as many as there are cores.

    Raises:
        UsageError: a device or runtime that is not there.
    """

    def __init__(
        self,
        config: FeatureConfig,
        blocks: tuple[FeatureBlock, ...],
        cache: FeatureCache | None = None,
        device: Device = "auto",
        threads: int | None = None,
    ) -> None:
        self.streams = tuple(dict.fromkeys(block.stream for block in blocks))
        self._pipeline = FeaturePipeline(config, self.streams, device, threads)
        self.config = self._pipeline.config
        self.blocks = blocks
        self._cache = cache
        self._can_keep = True

    def features(self, path: Path, listener: ExtractionListener | None = None, name: str = "") -> VideoFeatures:
        """The features of one video; decoded once at most, for those blocks that the cache lacks.

        Args:
            path: the video.
            listener: receives progress, except of a video that the cache holds.
            name: what the listener calls the video.

        Raises:
            VideoError: it cannot be read as a video.
            UsageError, InstallationError: the encoder cannot be loaded.
        """
        if self._cache is None:
            return self._compute(path, self.blocks, listener, name)
        contents = self._contents(path)
        loaded = {block: self._cache.load(contents[block], self.config, block) for block in self.blocks}
        kept = {block: cached for block, cached in loaded.items() if cached is not None}
        missing = tuple(block for block in self.blocks if block not in kept)
        if missing:
            known = next(iter(kept.values()), None)
            added = self._compute_and_keep(path, contents, missing, listener, name, known)
            if any(not np.array_equal(added[missing[0]].times, cached.times) for cached in kept.values()):
                # A damaged file may be read to another place the second time: blocks must come from one reading.
                kept, missing = {}, self.blocks
                added = self._compute_and_keep(path, contents, missing, listener, name)
            kept |= added
        return _assembled(self.blocks, kept)

    def _contents(self, path: Path) -> dict[FeatureBlock, str]:
        """For each block, the hash of all files that its features are made of."""
        video = video_hash(path)
        beside = {name: beside_video(path, self.config, [name]) for name in self.streams}
        return {block: video + beside[block.stream] for block in self.blocks}

    def _compute_and_keep(
        self,
        path: Path,
        contents: Mapping[FeatureBlock, str],
        blocks: tuple[FeatureBlock, ...],
        listener: ExtractionListener | None,
        name: str,
        known: CachedBlock | None = None,
    ) -> dict[FeatureBlock, CachedBlock]:
        computed = self._compute(path, blocks, listener, name, known)
        added = {}
        for block, values in zip(blocks, computed.values, strict=True):
            added[block] = CachedBlock(computed.times, as_kept(values), computed.report)
            # A reading that broke off may go further another time: on a machine less busy, or with a newer decoder.
            if computed.report.decoded_ratio == 1:
                self._keep(contents[block], block, added[block], listener)
        return added

    def _keep(
        self, content: str, block: FeatureBlock, cached: CachedBlock, listener: ExtractionListener | None
    ) -> None:
        if self._cache is None or not self._can_keep:
            return
        try:
            self._cache.keep(content, self.config, block, cached)
        except OutputError as error:
            self._can_keep = False
            if listener is not None:
                reason = f"{error.subject} {error.problem}"
                listener.warn(f"features cannot be cached: {reason}; name a folder with --cache-dir")

    def _compute(
        self,
        path: Path,
        blocks: tuple[FeatureBlock, ...],
        listener: ExtractionListener | None,
        name: str,
        known: CachedBlock | None = None,
    ) -> VideoFeatures:
        """The blocks of the streams that the video has; others are empty, if something of it is there or `known`."""

        def on_progress(encoded_s: float, duration_s: float) -> None:
            """Pass the progress on."""
            if listener is not None:
                listener.progress(encoded_s, duration_s, name)

        from vidlabel.features.speech import with_speech  # at the start: a longer chain of imports

        request = reading_request(self.config, [block.stream for block in blocks])
        folder = cache_folder() if self._cache is None else self._cache.folder
        request = with_speech(path, request, self.config.speech, folder, lambda: on_progress(0.0, 0.0))
        with open_isolated_samples(path, request) as stream:
            available = available_streams(self.streams, stream.opened, request)
            chosen = [block for block in blocks if block.stream in available]
            if chosen:
                return _with_empty(encode_video(stream, self._pipeline, chosen, on_progress), blocks)
            if known is None:
                check_has_streams(path, stream.opened, request)
                raise AssertionError("a video has frames")
            return _with_empty(VideoFeatures(known.times, (), (), known.report), blocks)


def _with_empty(found: VideoFeatures, blocks: tuple[FeatureBlock, ...]) -> VideoFeatures:
    """The same with all blocks that were asked for."""
    own = dict(zip(found.blocks, found.values, strict=True))
    empty = np.zeros((len(found.times), 0), np.float32)
    return VideoFeatures(found.times, blocks, tuple(own.get(block, empty) for block in blocks), found.report)


def _assembled(blocks: tuple[FeatureBlock, ...], kept: Mapping[FeatureBlock, CachedBlock]) -> VideoFeatures:
    first = kept[blocks[0]]
    return VideoFeatures(first.times, blocks, tuple(kept[block].values for block in blocks), first.report)
