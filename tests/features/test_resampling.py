"""Files of features at another rate than their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.origins import FRAMES, ORIGIN, SETTINGS, write_feature_file
from vidlabel.features.resampling import read_features, same_rate


def line(times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Features that say at which time they are: 2 t and 1 - t."""
    return np.stack([2 * times, 1 - times], axis=1)


@pytest.mark.parametrize(("own", "asked"), [(10.0, 4.0), (4.0, 10.0), (30.0, 8.0), (0.5, 0.2), (10.0, 5.0)])
def test_new_samples_lie_between_their_neighbours(tmp_path: Path, own: float, asked: float) -> None:
    times = 1 + np.arange(41) / own
    np.savez(tmp_path / "a.npz", features=line(times), times=times)
    found = read_features(tmp_path / "a.npz", asked)
    span_s = 40 / own
    assert found.times == pytest.approx(1 + np.arange(int(span_s * asked + 1e-9) + 1) / asked)
    assert found.values == pytest.approx(line(found.times), rel=1e-5)
    assert (found.rate, found.own_rate) == (asked, own)
    assert found.duration_s == pytest.approx(times[-1] + 1 / own)


def test_a_rate_of_its_own_changes_nothing(tmp_path: Path) -> None:
    times = np.array([0.0, 0.11, 0.2, 0.3, 0.6])
    np.savez(tmp_path / "a.npz", features=line(times), times=times)
    for rate in (None, 10.0, 9.95):
        assert read_features(tmp_path / "a.npz", rate).times.tolist() == times.tolist()
    assert not same_rate(10.0, 9.8)


def test_no_samples_are_made_up_in_holes(tmp_path: Path) -> None:
    times = np.array([0.0, 0.1, 0.2, 2.0, 2.1, 2.2])
    np.savez(tmp_path / "a.npz", features=line(times), times=times)
    found = read_features(tmp_path / "a.npz", 5.0)
    assert found.times == pytest.approx([0.0, 0.2, 2.0, 2.2])
    assert found.values == pytest.approx(line(found.times), abs=1e-5)
    assert np.array(found.holes) == pytest.approx(np.array([[0.3, 2.0]]))


def test_one_sample_stays_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=np.ones((1, 3)), times=np.array([0.5]))
    assert read_features(tmp_path / "a.npz", 4.0).times.tolist() == [0.5]


def test_what_it_says_of_itself_follows(tmp_path: Path) -> None:
    times = np.arange(8) / 4
    settings = replace(SETTINGS, streams=(replace(FRAMES, size=2),))
    origin = replace(ORIGIN, settings=settings, duration_s=2.0)
    write_feature_file(tmp_path / "a.npz", "npz", times, line(times).astype(np.float32), origin)
    found = read_features(tmp_path / "a.npz", 2.0)
    assert found.origin is not None
    assert (found.rate, found.origin.settings.rate, found.kind.rate) == (2.0, 2.0, 2.0)
    assert found.times.tolist() == [0.0, 0.5, 1.0, 1.5]
