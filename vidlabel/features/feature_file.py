"""Files of features, for use elsewhere and from elsewhere: `.npz` and `.safetensors`.

Both hold the arrays `features` (T, D) and `times` (T,), seconds, which tell the rate. `times` may be missing where a
rate is given; an `.npz` with a single array needs no name for it. What vidlabel writes also holds JSON that says how
they were made: the array `metadata` (one text) of an `.npz`, the metadata `vidlabel` in the header of a safetensors
file.
T samples in time, at least one; D numbers in a feature, any.
"""

from __future__ import annotations

import io
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vidlabel.checks import MAX_SIZE
from vidlabel.errors import InputError
from vidlabel.features.provenance import FeatureSettings, Provenance
from vidlabel.stream_spec import StreamSpec, stream_columns
from vidlabel.tensor_files import METADATA_KEY, read_metadata, read_names

FeatureFormat = Literal["npz", "safetensors"]

FEATURE_SUFFIXES = frozenset({".npz", ".safetensors"})
"""Files with these endings in a table of labels hold features."""

MOST_SAMPLES_PER_S = 1000.0
"""Times that lie closer together are in another unit than seconds."""

_USUAL_STEP = 0.35
"""Of the median: steps between samples that differ from it by less are not lost samples, but rounded or uneven times. A
step of 1/30 s rounded to milliseconds is 33 or 34 ms: their mean is right, their median 1 % off."""
_STEPS_OF_HOLE = 3.0
"""Samples that lie further apart leave a hole between them."""

_REMEDY = "write it with `vidlabel features`, or with the arrays `features` (T, D) and `times` (T,)"

Arrays = dict[str, npt.NDArray[Any]]

_ZIP_START = b"PK"
_MOST_UNPACKED = 32
"""Times the size of an archive; random numbers hardly get smaller in one, those of a still picture do."""
_ALWAYS_UNPACKED = 256 << 20
"""Bytes; as much as 14 hours of features at one sample a second."""

# What zipfile, its decompressors and NumPy's reading of headers raise for bytes that make no sense; a member that is
# encrypted, or packed in an unknown way, is a RuntimeError.
_DAMAGED_ZIP = (
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    SyntaxError,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureFile:
    """A file of features, checked."""

    times: npt.NDArray[np.float64]
    """(T,) seconds, ascending."""
    values: npt.NDArray[np.float32]
    """(T, D), finite."""
    rate: float
    """Samples per second."""
    own_rate: float
    """Samples per second of the file itself."""
    duration_s: float
    """To the end of the last sample."""
    origin: Provenance | None
    """None for a file from elsewhere."""
    holes: tuple[tuple[float, float], ...]
    """(start, end) in seconds of stretches without samples, in order."""

    @property
    def kind(self) -> FeatureKind:
        """What files that are used with it must have, too."""
        settings = self.origin.settings if self.origin else None
        return FeatureKind(self.values.shape[1], self.rate, settings)

    def held(self, names: Sequence[str]) -> tuple[str, ...]:
        """The streams among some that the file holds; all of them, if it does not say how its features were made."""
        if self.origin is None:
            return tuple(names)
        own = {stream.name for stream in self.origin.settings.streams}
        return tuple(name for name in names if name in own)

    def select(self, names: Sequence[str]) -> FeatureFile:
        """The features of some of its streams, in the order given, for a file that says how they were made."""
        if self.origin is None or tuple(names) == tuple(stream.name for stream in self.origin.settings.streams):
            return self
        settings = self.origin.settings
        columns, streams = stream_columns(settings.streams), {stream.name: stream for stream in settings.streams}
        values = np.concatenate([self.values[:, columns[name]] for name in names], axis=1)
        settings = replace(settings, streams=tuple(streams[name] for name in names))
        return replace(self, values=values, origin=replace(self.origin, settings=settings))


@dataclass(frozen=True, slots=True)
class FeatureKind:
    """What files of features must have in common to be used together."""

    width: int
    """D."""
    rate: float
    """Samples per second."""
    settings: FeatureSettings | None
    """None for files from elsewhere."""

    @property
    def streams(self) -> tuple[StreamSpec, ...]:
        """In the order in which their features are joined; one for files from elsewhere."""
        if self.settings is not None:
            return self.settings.streams
        return (StreamSpec(name="features", size=self.width, encoder=None),)


def is_feature_name(path: Path) -> bool:
    """Whether a file is taken for features, by its ending."""
    return path.suffix.lower() in FEATURE_SUFFIXES


def feature_format(path: Path) -> FeatureFormat:
    """The format that the name of a file of features asks for."""
    return "npz" if path.suffix.lower() == ".npz" else "safetensors"


def holds_features(path: Path) -> bool:
    """Whether a file found in a folder is taken for features: by its ending, and models are not."""
    if path.suffix.lower() != ".safetensors":
        return is_feature_name(path)
    try:
        with path.open("rb") as file:
            return "features" in read_names(file)
    except (OSError, ValueError):
        return False


def read_feature_file(path: Path, rate: float | None = None) -> FeatureFile:
    """Read a file of features; safe for a file from anywhere.

    Args:
        path: an `.npz` or `.safetensors` file.
        rate: samples per second, for a file without times, or with a single one; ignored for others.

    Raises:
        InputError: it cannot be read, is damaged, or holds something else: pickled objects, wrong shapes, numbers that
            are not finite, times that do not ascend or are no seconds; or there are neither times nor a rate.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    try:
        arrays, metadata = _read_npz(content) if feature_format(path) == "npz" else _read_safetensors(content)
        origin = Provenance.from_json(metadata) if metadata else None
        values = _checked_values(arrays["features"])
        if origin is not None:
            _check_width(origin.settings.streams, values.shape[1])
        times = _checked_times(arrays.get("times"), len(values), origin.settings.rate if origin else rate)
        found_rate = origin.settings.rate if origin else _rate(times, rate)
    except ValueError as error:
        raise InputError(path, str(error), _REMEDY) from error
    end_s = origin.duration_s if origin else float(times[-1]) + 1 / found_rate
    holes = _holes(times, found_rate)
    return FeatureFile(times, values, found_rate, found_rate, max(end_s, float(times[-1])), origin, holes)


def write_features(
    file: BinaryIO,
    format_: FeatureFormat,
    times: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    origin: Provenance,
) -> None:
    """Write features into an open file; the same content gives the same bytes.

    Args:
        file: empty.
        format_: what kind of file.
        times: (T,) seconds.
        values: (T, D).
        origin: how they were made.
    """
    metadata = origin.to_json()
    arrays: Arrays = {"times": times, "features": np.ascontiguousarray(values)}
    if format_ == "npz":
        # `np.savez` dates the members of its zip archive 1980-01-01, so that the bytes depend on the content alone.
        np.savez(file, metadata=np.array(metadata), times=times, features=arrays["features"])
    else:
        file.write(save(arrays, {METADATA_KEY: metadata}))


def _read_npz(content: bytes) -> tuple[Arrays, str]:
    if not content.startswith(_ZIP_START):
        raise ValueError("is no npz archive")
    try:
        _check_unpacked_size(content)
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
    except MemoryError as error:
        raise ValueError("claims to hold more than fits into memory") from error
    except _DAMAGED_ZIP as error:
        raise ValueError("is no npz archive, or damaged") from error
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise ValueError("holds pickled objects, which may run code when they are loaded") from error
        raise
    # What is no array comes as bytes.
    arrays: Arrays = {name: array for name, array in members.items() if isinstance(array, np.ndarray)}
    metadata = arrays.pop("metadata", None)
    if "features" not in arrays and len(arrays) == 1:
        arrays = {"features": next(iter(arrays.values()))}
    return _with_features(arrays), str(metadata) if metadata is not None and metadata.dtype.kind == "U" else ""


def _check_unpacked_size(content: bytes) -> None:
    """A megabyte of a zip archive can hold a gigabyte of zeros."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > _MOST_UNPACKED * len(content) + _ALWAYS_UNPACKED:
        raise ValueError(f"claims {unpacked} bytes in an archive of {len(content)}")


def _read_safetensors(content: bytes) -> tuple[Arrays, str]:
    try:
        arrays = load(content)
    except (SafetensorError, KeyError, TypeError) as error:  # a type of numbers that numpy lacks is a KeyError
        raise ValueError("is no safetensors file, damaged, or of numbers that NumPy does not know") from error
    return _with_features(arrays), read_metadata(content)


def _check_width(streams: Sequence[StreamSpec], width: int) -> None:
    if sum(stream.size for stream in streams) != width:
        sizes = ", ".join(str(stream.size) for stream in streams)
        raise ValueError(f"says that its streams have {sizes} numbers, and holds features of {width}")


def _with_features(arrays: Arrays) -> Arrays:
    if "features" not in arrays:
        names = ", ".join(sorted(arrays)[:5])
        raise ValueError(f"holds no array `features`, but {names}" if names else "holds no array")
    return arrays


def _checked_values(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if values.dtype.kind not in "fiu":
        raise ValueError(f"has features of type {values.dtype}, not numbers")
    if values.ndim != 2:
        raise ValueError(f"has features of shape {values.shape}, not (samples, numbers)")
    if 0 in values.shape:
        raise ValueError(f"has features of shape {values.shape}: there is nothing in it")
    if values.shape[1] > MAX_SIZE:
        raise ValueError(f"has features of {values.shape[1]} numbers, more than {MAX_SIZE}")
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        row, column = wrong[0]
        places = f"{len(wrong)} places, first" if len(wrong) > 1 else "one place,"
        raise ValueError(f"has features that are NaN or infinite at {places} sample {row}, number {column}")
    return numbers


def _checked_times(times: npt.NDArray[Any] | None, samples: int, rate: float | None) -> npt.NDArray[np.float64]:
    if times is None:
        if rate is None:
            raise ValueError("holds no times: give the samples per second with --rate")
        return np.arange(samples) / rate
    if times.dtype.kind not in "fiu" or times.shape != (samples,):
        raise ValueError(f"has times of shape {times.shape} and type {times.dtype} for {samples} samples")
    seconds = times.astype(np.float64)
    if not np.isfinite(seconds).all() or seconds[0] < 0:
        raise ValueError("has times that are negative, NaN or infinite")
    backwards = np.flatnonzero(np.diff(seconds) <= 0)
    if len(backwards):
        place = int(backwards[0]) + 1
        raise ValueError(f"has times that do not ascend: {seconds[place]:g} s after {seconds[place - 1]:g} s")
    return seconds


def _rate(times: npt.NDArray[np.float64], rate: float | None) -> float:
    """Samples per second, whatever samples were lost."""
    if len(times) == 1:
        return 1.0 if rate is None else rate  # Nothing tells how long a single sample stands for.
    steps = np.diff(times)
    middle = np.median(steps)
    usual = steps[np.abs(steps - middle) <= _USUAL_STEP * middle]
    found = float(f"{1 / usual.mean():.9g}")  # 30, not 30.000000000000107
    if found > MOST_SAMPLES_PER_S:
        raise ValueError(f"has {found:g} samples a second by its times, which must be seconds")
    return found


def _holes(times: npt.NDArray[np.float64], rate: float) -> tuple[tuple[float, float], ...]:
    places = np.flatnonzero(np.diff(times) > _STEPS_OF_HOLE / rate * (1 + 1e-9))
    return tuple((float(times[place]) + 1 / rate, float(times[place + 1])) for place in places)
