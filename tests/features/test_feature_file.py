"""Files of features: written for others, read from anywhere."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from features.origins import FRAMES, MOTION, ORIGIN, SETTINGS, write_feature_file
from vidlabel.errors import InputError
from vidlabel.features.feature_file import FeatureFormat, read_feature_file
from vidlabel.features.provenance import Provenance

SETTINGS_OF_FRAMES = replace(SETTINGS, streams=(replace(FRAMES, size=10),))
TIMES = np.array([0.0, 0.25, 0.55, 1.0])
VALUES = np.random.default_rng(2).normal(size=(4, 10)).astype(np.float32)


def problem_of(path: Path, rate: float | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_feature_file(path, rate)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "; write it with `vidlabel features`" in message
    return caught.value.problem


@pytest.mark.parametrize("format_name", ["npz", "safetensors"])
@pytest.mark.parametrize(
    "origin", [ORIGIN, replace(ORIGIN, settings=replace(SETTINGS, streams=(replace(FRAMES, size=10),)))]
)
def test_what_is_written_is_read_back_exactly(tmp_path: Path, format_name: FeatureFormat, origin: Provenance) -> None:
    path = tmp_path / f"a.{format_name}"
    write_feature_file(path, format_name, TIMES, VALUES, origin)
    first = path.read_bytes()
    found = read_feature_file(path)
    assert found.times.tolist() == TIMES.tolist()
    assert found.values.tolist() == VALUES.tolist()
    assert found.values.dtype == np.float32
    assert (found.origin, found.rate, found.duration_s) == (origin, 4.0, 1.7)
    write_feature_file(path, format_name, TIMES, VALUES, origin)
    assert path.read_bytes() == first


def test_others_read_what_is_written(tmp_path: Path) -> None:
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES, ORIGIN)
    write_feature_file(tmp_path / "a.safetensors", "safetensors", TIMES, VALUES, ORIGIN)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {"times", "features", "metadata"}
        assert archive["features"].tolist() == VALUES.tolist()
        said = json.loads(str(archive["metadata"]))
    assert said["schema"] == "vidlabel.features/1"
    assert (said["video"], [one["name"] for one in said["settings"]["streams"]]) == ("a b.mp4", ["frames", "motion"])
    tensors = load_file(tmp_path / "a.safetensors")
    assert tensors["times"].tolist() == TIMES.tolist()


def test_files_from_elsewhere(tmp_path: Path) -> None:
    np.savez(tmp_path / "times.npz", features=VALUES.astype(np.float64), times=TIMES)
    np.savez_compressed(tmp_path / "alone.npz", VALUES)
    save_file({"features": VALUES.astype(np.float16)}, tmp_path / "half.safetensors")
    np.savez(tmp_path / "whole.npz", features=np.arange(6).reshape(3, 2))
    timed = read_feature_file(tmp_path / "times.npz")
    assert timed.rate == pytest.approx(1 / 0.275)
    assert timed.duration_s == pytest.approx(1.275)
    assert timed.origin is None
    alone = read_feature_file(tmp_path / "alone.npz", rate=2.0)
    assert (alone.times.tolist(), alone.rate, alone.duration_s) == ([0.0, 0.5, 1.0, 1.5], 2.0, 2.0)
    assert read_feature_file(tmp_path / "half.safetensors", 1.0).kind.width == 10
    assert read_feature_file(tmp_path / "whole.npz", 1.0).values.tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("rate", [0.5, 2.0, 10.0, 29.97, 30.0, 120.0])
def test_times_tell_the_rate_whatever_was_lost_or_rounded(tmp_path: Path, rate: float) -> None:
    times = (np.arange(400) / rate).round(3)
    kept = np.sort(np.random.default_rng(3).permutation(400)[:380])
    np.savez(tmp_path / "a.npz", features=np.zeros((380, 2)), times=times[kept])
    found = read_feature_file(tmp_path / "a.npz", rate=8.0)
    assert found.rate == pytest.approx(rate, rel=2e-3)
    assert found.duration_s == pytest.approx(times[kept[-1]] + 1 / rate, abs=1e-4)
    assert found.times.tolist() == times[kept].tolist()


def test_holes_are_longer_than_a_few_lost_samples(tmp_path: Path) -> None:
    times = np.array([0.0, 0.5, 1.0, 2.5, 3.0, 5.0, 5.5])
    np.savez(tmp_path / "a.npz", features=np.zeros((7, 2)), times=times)
    assert read_feature_file(tmp_path / "a.npz").holes == ((3.5, 5.0),)


def test_one_sample_with_a_time_has_a_length(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=VALUES[:1], times=np.zeros(1))
    assert read_feature_file(tmp_path / "a.npz").duration_s > 0


NAN = VALUES.copy()
NAN[2, 3] = np.nan
HUGE = VALUES.astype(np.float64)
HUGE[0, 0] = 1e200
WRONG = {
    "nan": ({"features": NAN}, "NaN or infinite at one place, sample 2, number 3"),
    "nans": ({"features": np.full((2, 2), np.nan)}, "NaN or infinite at 4 places, first sample 0, number 0"),
    "huge": ({"features": HUGE}, "NaN or infinite"),
    "flat": ({"features": VALUES[0]}, r"shape (10,), not (samples, numbers)"),
    "deep": ({"features": VALUES[None]}, "shape (1, 4, 10)"),
    "no samples": ({"features": VALUES[:0]}, "there is nothing in it"),
    "no numbers": ({"features": VALUES[:, :0]}, "there is nothing in it"),
    "complex": ({"features": VALUES.astype(np.complex64)}, "of type complex64, not numbers"),
    "text": ({"features": np.array([["a"]])}, "not numbers"),
    "truth": ({"features": VALUES > 0}, "of type bool"),
    "no name": ({"x": VALUES, "times": TIMES}, "holds no array `features`, but times, x"),
    "nothing": ({}, "holds no array"),
    "few times": ({"features": VALUES, "times": TIMES[:3]}, "times of shape (3,)"),
    "equal times": ({"features": VALUES, "times": TIMES * 0}, "do not ascend: 0 s after 0 s"),
    "back in time": ({"features": VALUES, "times": TIMES[::-1]}, "do not ascend: 0.55 s after 1 s"),
    "nan time": ({"features": VALUES, "times": TIMES * np.nan}, "negative, NaN or infinite"),
    "negative time": ({"features": VALUES, "times": TIMES - 1}, "negative, NaN or infinite"),
    "milliseconds": (
        {"features": VALUES, "times": TIMES / 1000},
        "3636.36 samples a second by its times, which must be",
    ),
    "no times": ({"features": VALUES}, "holds no times: give the samples per second with --rate"),
    "metadata": ({"features": VALUES, "metadata": np.array("no JSON")}, "metadata that is no JSON"),
    "schema": ({"features": VALUES, "metadata": np.array('{"schema": "other/1"}')}, "metadata."),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_arrays_are_named(tmp_path: Path, kind: str) -> None:
    arrays, problem = WRONG[kind]
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    assert problem in problem_of(path)


def test_pickled_objects_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, features=np.array([{"a": 1}], dtype=object))
    assert "pickled objects" in problem_of(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("features.npy", pickle.dumps([[1.0]]))
    assert "holds no array" in problem_of(path)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"PK", b"PK\3\4 no zip", b"\x93NUMPY", b"{}", b"\xff" * 64])
def test_other_files_are_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert problem_of(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_feature_file(tmp_path / "none.npz")


def test_an_array_that_claims_terabytes_is_refused(tmp_path: Path) -> None:
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 10)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("features.npy", member.getvalue())
    assert problem_of(tmp_path / "a.npz")


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("features.npy", bytes(1000))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    place = content.index(b"PK\1\2") + 24  # the size in the directory of the archive
    content[place : place + 4] = (0x70000000).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(content)
    assert "claims 1879048192 bytes" in problem_of(tmp_path / "a.npz")


@given(st.data())
def test_damaged_files_are_refused_or_still_make_sense(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    format_name: FeatureFormat = data.draw(st.sampled_from(["npz", "safetensors"]))
    path = tmp_path_factory.mktemp("damaged") / f"a.{format_name}"
    write_feature_file(path, format_name, TIMES, VALUES, ORIGIN)
    content = bytearray(path.read_bytes())
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)
    ):
        content[place] = byte
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = read_feature_file(path)
    except InputError:
        return
    assert found.values.ndim == 2
    assert np.isfinite(found.values).all()
    assert (np.diff(found.times) > 0).all()


def sized(frames: int, motion: int) -> Provenance:
    streams = (replace(FRAMES, size=frames), replace(MOTION, size=motion))
    return replace(ORIGIN, settings=replace(SETTINGS, streams=streams))


def test_streams_of_unlike_sizes_are_told_apart(tmp_path: Path) -> None:
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES, sized(7, 3))
    found = read_feature_file(tmp_path / "a.npz")
    assert [(one.name, one.size) for one in found.kind.streams] == [("frames", 7), ("motion", 3)]
    motion = found.select(("motion",))
    assert motion.values.tolist() == VALUES[:, 7:].tolist()
    assert motion.kind.streams == (replace(MOTION, size=3),)
    turned = found.select(("motion", "frames"))
    assert turned.values.tolist() == np.concatenate([VALUES[:, 7:], VALUES[:, :7]], axis=1).tolist()
    assert turned.kind.streams == (replace(MOTION, size=3), replace(FRAMES, size=7))


def test_sizes_that_do_not_make_up_the_features_are_refused(tmp_path: Path) -> None:
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES, sized(7, 4))
    assert problem_of(tmp_path / "a.npz") == "says that its streams have 7, 4 numbers, and holds features of 10"


def test_features_of_more_numbers_than_any_model_takes_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=np.zeros((1, (1 << 20) + 1), np.int8), times=np.zeros(1))
    assert problem_of(tmp_path / "a.npz") == "has features of 1048577 numbers, more than 1048576"
