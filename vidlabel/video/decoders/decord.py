"""Reading with decord: only files on which it is right, and only forwards."""

from __future__ import annotations

import os
import sys
from bisect import bisect_right
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vidlabel.errors import DecodeError, DeviceError, InstallationError
from vidlabel.video.damage.stderr_log import DECORD_SIGNS, StderrLog
from vidlabel.video.decoders.base import DecodeStats, Picture
from vidlabel.video.probe import Probe
from vidlabel.video.request import Heartbeat, SampleRequest, no_heartbeat
from vidlabel.video.sampling import choose_samples, grid_of

_LONGEST_SKIP = 32
"""Frames. A skip is one native call, which must not take long: whoever watches would take it for a hang. No slower
than one skip from key frame to key frame."""


class DecordReader:
    """Walks through a file with decord.

    decord is never asked to seek, which gives wrong frames on open groups, B-frames in AVI and WMV. Walking is as fast:
    frames that are not asked for are skipped without being converted.

    Args:
        probe: of a file that `decord_refusal` has nothing against.
        request: what is asked for.
        on_gpu: decode on the first GPU; needs a decord that was built for it.

    Raises:
        DecodeError: decord does not open it, or sees other frames than the packet table.
        DeviceError: this decord cannot decode on a GPU.
        InstallationError: decord is missing or installed twice.
    """

    name = "decord"

    def __init__(self, probe: Probe, request: SampleRequest, on_gpu: bool = False) -> None:
        self.stats = DecodeStats()
        self._path = probe.path
        self._decord = load_decord()
        times = probe.frame_times()
        if times is None:
            raise DecodeError(probe.path, "decord cannot time its frames", "use the decoder pyav")
        self._times = times
        self._grid = grid_of(request, probe.time_base)
        self._size = probe.sample_size(request.short_side)
        self._errors: tuple[type[Exception], ...] = (
            self._decord.DECORDError,
            self._decord.DECORDLimitReachedError,
            RuntimeError,
            AssertionError,
        )
        self._beat: Heartbeat = no_heartbeat
        self._stderr_log = StderrLog(DECORD_SIGNS)
        self._video: Any = self._open(on_gpu)
        self._position = 0
        # In file order, as decord itself counts key frames: on open groups that is not the order of showing.
        self._keys: list[int] = np.flatnonzero(probe.packets.key).tolist()
        self._check_frames()

    def pictures(self, heartbeat: Heartbeat = no_heartbeat) -> Iterator[Picture]:
        """Decode; see `FrameReader.pictures`."""
        self._beat = heartbeat
        grid, times = self._grid, self._times
        samples = choose_samples(times.data, grid)
        chosen, masks = samples.indices, samples.rate_masks.tolist()
        if grid.lag is None:
            for index, mask in zip(chosen.tolist(), masks, strict=True):
                yield Picture(int(times[index]), self._fetch(index), rate_mask=mask)
            return
        earlier = np.searchsorted(times, times[chosen] - grid.lag, side="right") - 1
        held: dict[int, npt.NDArray[np.uint8]] = {}
        emitted = 0
        for number in np.union1d(chosen, earlier[earlier >= 0]).tolist():
            held[number] = self._fetch(number)
            if number != chosen[emitted]:
                continue
            before = int(earlier[emitted])
            yield Picture(int(times[number]), held[number], held[before] if before >= 0 else None, masks[emitted])
            emitted += 1
            oldest = int(earlier[emitted]) if emitted < len(earlier) else number
            for done in [index for index in held if index < oldest]:
                del held[done]

    def close(self) -> None:
        """Close the file. decord crashes an interpreter that ends with a reader alive."""
        self._video = None

    def _open(self, on_gpu: bool) -> Any:  # noqa: ANN401 - decord has no types
        decord = self._decord
        decord.logging.set_level(decord.logging.INFO if self._stderr_log.is_readable else decord.logging.QUIET)
        width, height = self._size
        try:
            return decord.VideoReader(
                os.path.abspath(self._path),  # noqa: PTH100 - as text, and it must not look like an address
                ctx=decord.gpu(0) if on_gpu else decord.cpu(0),
                width=width,  # without a size decord decodes ahead without bound
                height=height,
                num_threads=1,
                fault_tol=0.5 / len(self._times),  # the first silently repeated frame is an error; 0 turns it off
            )
        except self._errors as error:
            if on_gpu:
                raise DeviceError("decode device", "this decord has no GPU decoding", "decode on the CPU") from error
            raise self._failure("does not open it", error) from error

    def _check_frames(self) -> None:
        """Make sure that decord numbers the frames as the packet table does."""
        try:
            frames, keys = len(self._video), self._video.get_key_indices()
        except self._errors as error:
            raise self._failure("does not open it", error) from error
        if frames != len(self._times) or list(keys) != self._keys:
            self.close()
            raise DecodeError(self._path, "decord counts other frames than the file has", "use the decoder pyav")

    def _fetch(self, index: int) -> npt.NDArray[np.uint8]:
        """Walk to a frame and convert it.

        A skip that reaches the number of a key frame makes decord seek, and seeking gives wrong frames on open groups.
        Each skip therefore ends before it, and one frame is taken to step onto it.
        """
        width, height = self._size
        try:
            while self._position < index:
                self._step_towards(index)
            picture: npt.NDArray[np.uint8] = self._video.next().asnumpy()
        except StopIteration as error:
            raise self._failure("ends early", error) from error
        except self._errors as error:
            # Where it stops differs from run to run: it decodes ahead.
            raise self._failure("stops", error) from error
        self._position += 1
        self._listen()
        self.stats.frames += 1
        if picture.shape != (height, width, 3):
            raise DecodeError(self._path, f"decord gives pictures of shape {picture.shape}", "use the decoder pyav")
        return picture

    def _listen(self) -> None:
        if self._stderr_log.has_new_errors():  # PyAV counts it.
            raise DecodeError(self._path, "decord conceals damage", "use the decoder pyav")

    def _step_towards(self, index: int) -> None:
        self._beat()
        following = bisect_right(self._keys, self._position)
        stop = min(index, self._position + _LONGEST_SKIP)
        if following < len(self._keys):
            stop = min(stop, self._keys[following] - 1)
        if stop <= self._position:
            self._video.next()
            self._position += 1
        else:
            self._video.skip_frames(stop - self._position)
            self._position = stop

    def _failure(self, what: str, error: Exception) -> DecodeError:
        lines = str(error).strip().splitlines()
        reason = lines[0].rpartition("] ")[2].rpartition(": ")[2][:80] if lines else type(error).__name__
        return DecodeError(self._path, f"decord {what} ({reason})", "use the decoder pyav")


def load_decord() -> Any:  # noqa: ANN401 - decord has no types
    """Import decord, which has no types.

    Raises:
        InstallationError: it is missing, or two packages that both bring `decord` overwrite each other's files.
    """
    if all(_is_installed(name) for name in ("decord", "decord2")):
        raise InstallationError(
            "decord and decord2",
            "are both installed and overwrite each other's files",
            "run: pip uninstall decord decord2, then: pip install decord2",
        )
    os.environ.setdefault("PATH", os.defpath)  # decord adds its folder to PATH, and fails where there is none.
    try:
        return import_module("decord")
    except (ImportError, OSError, RuntimeError) as error:
        raise InstallationError("decord", f"cannot be loaded ({error})", "run: pip install decord2") from error


def _is_installed(name: str) -> bool:
    # Not asked of `importlib.metadata`: with its e-mail parser that takes 12 ms, in each decoding process.
    return any(next(Path(folder).glob(f"{name}-*.dist-info"), None) for folder in sys.path)
